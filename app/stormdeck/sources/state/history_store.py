"""Store figures of the last hours in SQLite, so that graphs and what is usual survive a restart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.history.figures import DIGITS, FIGURES, Sample
from stormdeck.model.history.ring import KEPT_S
from stormdeck.model.text import clean
from stormdeck.sources.state.sqlite_file import PATIENCE_S, SqliteFile

if TYPE_CHECKING:
    from sqlite3 import Connection

MOST_ROWS = 20_000
"""Rows of all servers and models; one server has 2,160."""
_SCHEMA = 1
_LOST = "History is not kept"
_LONGEST_ROW = 2000
_FUTURE_S = 60
"""Rows later than this are from a clock that was wrong."""
_CREATE = """
CREATE TABLE figures (
    length INTEGER NOT NULL, at INTEGER NOT NULL, server TEXT NOT NULL, model TEXT NOT NULL, known TEXT NOT NULL,
    PRIMARY KEY (length, at, server, model)
) WITHOUT ROWID
"""
_LOAD = """
SELECT length, at, server, model, known FROM figures
WHERE at BETWEEN ? AND ? AND length(known) <= ? AND length(server) <= 300 AND length(model) <= 300
ORDER BY at DESC LIMIT ?
"""
_PUT = "INSERT OR REPLACE INTO figures VALUES (?, ?, ?, ?, ?)"
_DROP_OLD = "DELETE FROM figures WHERE length = ? AND at NOT BETWEEN ? AND ?"
_DROP_MANY = """
DELETE FROM figures WHERE (length, at, server, model) IN
(SELECT length, at, server, model FROM figures ORDER BY at DESC LIMIT -1 OFFSET ?)
"""


class HistoryStore:
    """Samples in a SQLite file. Several panels may share it, and any thread may call.

    Panels that watch the same server write the same rows. No call raises: ``problem`` describes what failed. Without
    ``writes`` the file is only read.
    """

    def __init__(self, path: Path, patience_s: float = PATIENCE_S, *, writes: bool = True) -> None:
        self.path = path
        self._file = SqliteFile(path, _create, schema=_SCHEMA, patience_s=patience_s, writes=writes)
        self.problem = ""
        """Why the last call that used the file failed, or that a damaged file was replaced."""

    @property
    def writes(self) -> bool:
        """Return whether samples are stored."""
        return self._file.writes

    def load(self, now: float) -> list[tuple[int, Sample]]:
        """Return the stored samples by their length, the newest first; none where they cannot be read."""
        import sqlite3

        if not self._file.exists:
            return []
        try:
            with self._file.open() as base:
                self.problem = self._file.damage
                since = int(now) - max(KEPT_S.values())
                rows = base.execute(_LOAD, (since, int(now), _LONGEST_ROW, MOST_ROWS)).fetchall()
        except (sqlite3.Error, OSError) as error:
            self.problem = self._file.words(_LOST, error)
            return []
        return [one for row in rows if (one := _sample(row)) is not None]

    def save(self, samples: Iterable[tuple[int, Sample]], now: float) -> bool:
        """Store samples by their length, and drop old ones, in one transaction; return whether that worked."""
        import sqlite3

        rows = [_row(length, sample) for length, sample in samples]
        if not self._file.writes or not rows:
            return True
        try:
            self._file.create()
            with self._file.open() as base:
                self.problem = self._file.damage
                base.execute("BEGIN IMMEDIATE")
                base.executemany(_PUT, rows)
                for length, kept_s in KEPT_S.items():
                    base.execute(_DROP_OLD, (length, int(now) - kept_s, int(now) + _FUTURE_S))
                base.execute(_DROP_MANY, (MOST_ROWS,))
                base.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self.problem = self._file.words(_LOST, error)
            return False
        return True


def _create(base: Connection) -> None:
    base.execute(_CREATE)


def _row(length: int, sample: Sample) -> tuple[int, int, str, str, str]:
    known = {
        figure.key: round(value, DIGITS)
        for figure, value in zip(FIGURES, sample.values, strict=True)
        if value is not None and isfinite(value)
    }
    return length, sample.at, clean(sample.server), clean(sample.model), json.dumps(known, separators=(",", ":"))


def _sample(row: Sequence[object]) -> tuple[int, Sample] | None:
    """Return a row's sample; ``None`` for one that no stormdeck wrote."""
    length, at, server, model, text = row
    if not isinstance(length, int) or length not in KEPT_S or not isinstance(at, int) or at % length:
        return None
    try:
        known = json.loads(str(text))
    except (ValueError, RecursionError):
        return None
    if not isinstance(known, dict):
        return None
    values = tuple(_number(known.get(figure.key)) for figure in FIGURES)
    return length, Sample(at, values, clean(str(server)), clean(str(model)))


def _number(value: object) -> float | None:
    """Return a stored figure, ``None`` unless it is a number that can be one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e15 else None
