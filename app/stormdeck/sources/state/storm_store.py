"""Store past storms in SQLite, so that they survive a restart: Claude Code keeps no record of them."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.text import clean
from stormdeck.sources.io.bounded_read import open_regular
from stormdeck.sources.io.folders import make_private
from stormdeck.sources.state.storm_table import CREATE, newest_storms, storable, store

if TYPE_CHECKING:
    from sqlite3 import Connection, Error

MOST = 500
SESSION = re.compile(r"[0-9A-Za-z-]{1,64}")
"""The form of a session id that may be part of a path."""
_LARGEST = 256 * 1024 * 1024
"""Bytes; 500 storms take a few hundred kilobytes."""
PATIENCE_S = 2.0
"""How long to wait for another panel that writes."""
_SCHEMA = 1
_DAMAGED = {11, 26}
"""SQLITE_CORRUPT and SQLITE_NOTADB."""
_BESIDE = ("-journal", "-wal", "-shm")


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
        self._transcripts = transcripts
        self._writes = writes
        self._most = most
        self._patience_s = patience_s
        self._written: tuple[Storm, ...] = ()
        self.problem: str | None = None
        """Why the last call that used the file failed."""

    def load(self, limit: int = MOST) -> tuple[Storm, ...]:
        """Return the stored storms, newest first; none where there is no file or it cannot be read."""
        import sqlite3

        if not os.path.lexists(self.path):
            return ()
        self.problem = None
        try:
            with self._open() as base:
                return newest_storms(base, limit, self._has_subagents)
        except (sqlite3.Error, OSError) as error:
            self.problem = self._words(error)
            return ()

    def save(self, storms: Sequence[Storm]) -> str | None:
        """Store the storms that have ended, or update them; return why that failed.

        Costs nothing while they are the same as in the call before. Storms without times are skipped.
        """
        import sqlite3

        over = tuple(storable(storm) for storm in storms if storm.timed and storm.outcome is not Outcome.LIVE)
        if not self._writes or not over or over == self._written:
            return None
        self.problem = None
        try:
            self._create()
            with self._open() as base:
                base.execute("BEGIN IMMEDIATE")
                store(base, over, self._most, self._has_subagents)
                base.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self.problem = self._words(error)
        else:
            self._written = over
        return self.problem

    def _has_subagents(self, session: str) -> bool:
        """Return whether a session had subagents: their transcripts are in a folder named after it."""
        if self._transcripts is None or not SESSION.fullmatch(session):
            return False
        return any(self._transcripts.glob(f"*/{session}/subagents"))

    def _create(self) -> None:
        """Create the file, for its user only: a reason may quote a server's answer."""
        make_private(self.path.parent)
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        """Open the file; a damaged one is renamed and replaced by a new one."""
        import sqlite3

        try:
            base = self._connected()
        except sqlite3.DatabaseError as error:
            if not self._writes or not _is_damage(error):
                raise
            aside = self._put_aside()
            self._create()
            base = self._connected()
            self._written = ()
            self.problem = f"{clean(str(self.path))} was damaged and is now {aside}; a new file was started"
        with closing(base):
            yield base

    def _connected(self) -> Connection:
        """Open the file, check its integrity, and create the table in an empty one."""
        import sqlite3

        # SQLite reads without bounds, so it never gets a pipe, a device or an endless file.
        handle = open_regular(self.path)
        try:
            if os.fstat(handle).st_size > _LARGEST:
                raise OSError(errno.EFBIG, "it is too large")
        finally:
            os.close(handle)
        place = self.path if self._writes else f"{self.path.absolute().as_uri()}?mode=ro"
        base = sqlite3.connect(place, timeout=self._patience_s, isolation_level=None, uri=not self._writes)
        try:
            schema = base.execute("PRAGMA user_version").fetchone()[0]
            if schema > _SCHEMA:
                raise OSError(0, "a newer stormdeck wrote it")
            if schema < _SCHEMA and self._writes:
                _give_table(base)
            for (verdict,) in base.execute("PRAGMA quick_check(1)"):
                if verdict != "ok":
                    raise _damage(str(verdict))
        except BaseException:
            base.close()
            raise
        return base

    def _put_aside(self) -> str:
        aside = self.path.with_name(f"{self.path.name}.damaged")
        self.path.replace(aside)
        for ending in _BESIDE:
            # They belong to the damaged file and would be applied to the new one.
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        return clean(aside.name)

    def _words(self, error: Error | OSError) -> str:
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        return clean(f"Storms are not remembered: {self.path}: {why[:1].lower()}{why[1:]}")


def _is_damage(error: Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _damage(verdict: str) -> Error:
    import sqlite3

    error = sqlite3.DatabaseError(verdict)
    error.sqlite_errorcode = min(_DAMAGED)
    return error


def _give_table(base: Connection) -> None:
    """Create the table, unless another panel has just done so."""
    base.execute("BEGIN IMMEDIATE")
    if base.execute("PRAGMA user_version").fetchone()[0] < _SCHEMA:
        base.execute(CREATE)
        base.execute(f"PRAGMA user_version = {_SCHEMA}")
    base.execute("COMMIT")
