"""Open a small SQLite file of stormdeck's own: private, bounded, shared by several panels, repaired when damaged."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.text import clean
from stormdeck.sources.io.bounded_read import open_regular
from stormdeck.sources.io.folders import make_private

if TYPE_CHECKING:
    from sqlite3 import Connection, Error

LARGEST = 256 * 1024 * 1024
"""Bytes; more than any of these files needs."""
PATIENCE_S = 2.0
"""How long to wait for another panel that writes."""
_DAMAGED = {11, 26}
"""SQLITE_CORRUPT and SQLITE_NOTADB."""
_BESIDE = ("-journal", "-wal", "-shm")


class SqliteFile:
    """A SQLite file that several panels share. Nothing stays open between calls, and any thread may call.

    Without ``writes`` it is only read, never created, written or repaired.
    """

    def __init__(
        self, path: Path, create: Callable[[Connection], None], *, schema: int, patience_s: float, writes: bool
    ) -> None:
        """``create`` adds the tables to an empty file, whose ``user_version`` then becomes ``schema``."""
        self.path = path
        self.writes = writes
        self.damage = ""
        """What was done with a damaged file by the last ``open``; empty if the file was whole."""
        self._create_tables = create
        self._schema = schema
        self._patience_s = patience_s

    @property
    def exists(self) -> bool:
        """Return whether there is something at the path, even a dangling link."""
        return os.path.lexists(self.path)

    def create(self) -> None:
        """Create the file, for its user only, unless it exists."""
        make_private(self.path.parent)
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """Open the file; a damaged one is renamed and replaced by a new one. Raises SQLite's errors and ``OSError``."""
        import sqlite3

        self.damage = ""
        try:
            base = self._connected()
        except sqlite3.DatabaseError as error:
            if not self.writes or not _is_damage(error):
                raise
            aside = self._put_aside()
            self.create()
            base = self._connected()
            self.damage = f"{clean(str(self.path))} was damaged and is now {aside}; a new file was started"
        with closing(base):
            yield base

    def words(self, what: str, error: Error | OSError) -> str:
        """Return why the file cannot be used, after ``what`` that means."""
        why = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        return clean(f"{what}: {self.path}: {why[:1].lower()}{why[1:]}")

    def _connected(self) -> Connection:
        """Open the file, check its integrity, and create the tables in an empty one."""
        import sqlite3

        # SQLite reads without bounds, so it never gets a pipe, a device or an endless file.
        handle = open_regular(self.path)
        try:
            if os.fstat(handle).st_size > LARGEST:
                raise OSError(errno.EFBIG, "it is too large")
        finally:
            os.close(handle)
        place = self.path if self.writes else f"{self.path.absolute().as_uri()}?mode=ro"
        base = sqlite3.connect(place, timeout=self._patience_s, isolation_level=None, uri=not self.writes)
        try:
            schema = base.execute("PRAGMA user_version").fetchone()[0]
            if schema > self._schema:
                raise OSError(0, "a newer stormdeck wrote it")
            if schema < self._schema and self.writes:
                self._give_tables(base)
            for (verdict,) in base.execute("PRAGMA quick_check(1)"):
                if verdict != "ok":
                    raise _damage(str(verdict))
        except BaseException:
            base.close()
            raise
        return base

    def _give_tables(self, base: Connection) -> None:
        """Create the tables, unless another panel has just done so."""
        base.execute("BEGIN IMMEDIATE")
        if base.execute("PRAGMA user_version").fetchone()[0] < self._schema:
            self._create_tables(base)
            base.execute(f"PRAGMA user_version = {self._schema}")
        base.execute("COMMIT")

    def _put_aside(self) -> str:
        aside = self.path.with_name(f"{self.path.name}.damaged")
        self.path.replace(aside)
        for ending in _BESIDE:
            # They belong to the damaged file and would be applied to the new one.
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        return clean(aside.name)


def _is_damage(error: Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED


def _damage(verdict: str) -> Error:
    import sqlite3

    error = sqlite3.DatabaseError(verdict)
    error.sqlite_errorcode = min(_DAMAGED)
    return error
