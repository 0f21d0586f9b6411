"""Store past storms in SQLite, so that they survive a restart: Claude Code keeps no record of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.sources.state.sqlite_file import PATIENCE_S, SqliteFile
from stormdeck.sources.state.storm_table import CREATE, newest_storms, storable, store

if TYPE_CHECKING:
    from sqlite3 import Connection

MOST = 500
SESSION = re.compile(r"[0-9A-Za-z-]{1,64}")
"""The form of a session id that may be part of a path."""
_SCHEMA = 1
_LOST = "Storms are not remembered"


class StormStore:
    """The newest storms in a SQLite file. Several panels may share it, and any thread may call.

    Nothing stays open between calls, and no call raises: ``problem`` describes what failed. The file is created with
    the first storm. Without ``writes`` it is only read, never created, written or repaired.
    """

    def __init__(
        self,
        path: Path,
        most: int = MOST,
        patience_s: float = PATIENCE_S,
        *,
        writes: bool = True,
        transcripts: Path | None = None,
    ) -> None:
        """``transcripts`` show which storms of 0.1.0 were in fact subagents."""
        self.path = path
        self._file = SqliteFile(path, _create, schema=_SCHEMA, patience_s=patience_s, writes=writes)
        self._transcripts = transcripts
        self._most = most
        self._written: tuple[Storm, ...] = ()
        self.problem: str | None = None
        """Why the last call that used the file failed."""

    def load(self, limit: int = MOST) -> tuple[Storm, ...]:
        """Return the stored storms, newest first; none where there is no file or it cannot be read."""
        import sqlite3

        if not self._file.exists:
            return ()
        self.problem = None
        try:
            with self._open() as base:
                return newest_storms(base, limit, self._has_subagents)
        except (sqlite3.Error, OSError) as error:
            self.problem = self._file.words(_LOST, error)
            return ()

    def save(self, storms: Sequence[Storm]) -> str | None:
        """Store the storms that have ended, or update them; return why that failed.

        Costs nothing while they are the same as in the call before. Storms without times are skipped.
        """
        import sqlite3

        over = tuple(storable(storm) for storm in storms if storm.timed and storm.outcome is not Outcome.LIVE)
        if not self._file.writes or not over or over == self._written:
            return None
        self.problem = None
        try:
            # For its user only: a reason may quote a server's answer.
            self._file.create()
            with self._open() as base:
                base.execute("BEGIN IMMEDIATE")
                store(base, over, self._most, self._has_subagents)
                base.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self.problem = self._file.words(_LOST, error)
        else:
            self._written = over
        return self.problem

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        """Open the file; report that a damaged one was replaced."""
        with self._file.open() as base:
            if self._file.damage:
                self._written, self.problem = (), self._file.damage
            yield base

    def _has_subagents(self, session: str) -> bool:
        """Return whether a session had subagents: their transcripts are in a folder named after it."""
        if self._transcripts is None or not SESSION.fullmatch(session):
            return False
        return any(self._transcripts.glob(f"*/{session}/subagents"))


def _create(base: Connection) -> None:
    base.execute(CREATE)
