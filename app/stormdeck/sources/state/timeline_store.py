"""Store the timeline in SQLite, so that it survives a restart and two panels write one event once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.numbers import is_number
from stormdeck.model.timeline.event import Event, as_stored, from_stored
from stormdeck.model.timeline.timeline import MOST, updated
from stormdeck.sources.state.sqlite_file import PATIENCE_S, SqliteFile

if TYPE_CHECKING:
    from sqlite3 import Connection

_SCHEMA = 1
_LOST = "The timeline is not kept"
_CREATE = (
    "CREATE TABLE events (id INTEGER PRIMARY KEY, at REAL NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE known (scope TEXT NOT NULL, seen REAL NOT NULL, key_values TEXT NOT NULL, PRIMARY KEY (scope))",
    "CREATE TABLE watched (panel TEXT PRIMARY KEY, started REAL NOT NULL, seen REAL NOT NULL)",
)
_PRUNE_SCOPES = "DELETE FROM known WHERE scope NOT IN (SELECT scope FROM known ORDER BY seen DESC LIMIT ?)"
_PRUNE_PANELS = "DELETE FROM watched WHERE panel NOT IN (SELECT panel FROM watched ORDER BY seen DESC LIMIT ?)"
_MOST_VALUES = 1000
_MOST_SCOPES = 20
"""Scopes and panels that are kept, the newest."""
_LONGEST = 1_000_000
"""Characters of a stored text; longer ones are another program's."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored."""

    events: tuple[Event, ...] = ()
    """Oldest first."""
    known: Mapping[str, str] = field(default_factory=dict)
    """The values that the last run with the same scope remembered."""
    watched_until: float | None = None
    """When a panel was last known to watch, in unix seconds; ``None``: never."""


class TimelineStore:
    """The newest events in a SQLite file. Several panels may share it, and any thread may call.

    Nothing stays open between calls, and no call raises: ``problem`` describes what failed. Without ``writes`` the file
    is only read, never created, written or repaired.
    """

    def __init__(
        self, path: Path, scope: str = "", *, most: int = MOST, patience_s: float = PATIENCE_S, writes: bool = True
    ) -> None:
        """``scope`` names what a panel looks at: its values are compared with those of a run with the same scope."""
        self.path = path
        self._scope = scope
        self._file = SqliteFile(path, _create, schema=_SCHEMA, patience_s=patience_s, writes=writes)
        self._most = most
        self.problem = ""
        """Why the last call that used the file failed."""

    @property
    def writes(self) -> bool:
        """Return whether anything is stored."""
        return self._file.writes

    def load(self) -> Kept:
        """Return what is stored; nothing where there is no file or it cannot be read."""
        import sqlite3

        self.problem = ""
        if not self._file.exists:
            return Kept()
        try:
            with self._open() as base:
                seen = base.execute("SELECT max(seen) FROM watched").fetchone()[0]
                known = base.execute("SELECT key_values FROM known WHERE scope = ?", (self._scope,)).fetchone()
                return Kept(
                    tuple(event for _, event in _events(base)),
                    _values(known[0]) if known is not None else {},
                    float(seen) if is_number(seen) else None,
                )
        except (sqlite3.Error, OSError) as error:
            self.problem = self._file.words(_LOST, error)
            return Kept()

    def save(
        self, events: Sequence[Event], known: Mapping[str, str], panel: str, started: float, now: float
    ) -> tuple[Event, ...] | None:
        """Store events and values, and that a panel watches; return all events as they are stored then, oldest first.

        ``None`` if they could not be stored.
        """
        import sqlite3

        if not self._file.writes:
            return None
        self.problem = ""
        try:
            self._file.create()
            with self._open() as base:
                base.execute("BEGIN IMMEDIATE")
                kept = _put(base, events, now, self._most)
                values = json.dumps(dict(list(known.items())[-_MOST_VALUES:]))
                base.execute("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", (self._scope, now, values))
                base.execute("INSERT OR REPLACE INTO watched VALUES (?, ?, ?)", (panel, started, now))
                base.execute(_PRUNE_SCOPES, (_MOST_SCOPES,))
                base.execute(_PRUNE_PANELS, (_MOST_SCOPES,))
                base.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self.problem = self._file.words(_LOST, error)
            return None
        return kept

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        """Open the file; report that a damaged one was replaced."""
        with self._file.open() as base:
            self.problem = self._file.damage
            yield base


def _create(base: Connection) -> None:
    for statement in _CREATE:
        base.execute(statement)


def _put(base: Connection, events: Sequence[Event], now: float, most: int) -> tuple[Event, ...]:
    """Merge events into the table, which then has the newest; return them all."""
    rows = _events(base)
    before = tuple(event for _, event in rows)
    after = updated(before, events, now, most)
    stored = {_body(event): number for number, event in rows}
    wanted = {_body(event): event.at for event in after}
    kept = {number for body, number in stored.items() if body in wanted}
    gone = [(number,) for (number,) in base.execute("SELECT id FROM events") if number not in kept]
    base.executemany("DELETE FROM events WHERE id = ?", gone)
    new = [(at, body) for body, at in wanted.items() if body not in stored]
    base.executemany("INSERT INTO events (at, body) VALUES (?, ?)", new)
    return after


def _values(text: object) -> dict[str, str]:
    """Return the values that a text holds; none if another program wrote it."""
    values = _object(text)
    return {key: value for key, value in values.items() if isinstance(value, str)}


def _events(base: Connection) -> list[tuple[int, Event]]:
    """Return the rows with their ids, oldest first; invalid rows of other programs are skipped."""
    rows = base.execute("SELECT id, body FROM events ORDER BY at, id").fetchall()
    return [(number, event) for number, body in rows if (event := from_stored(_object(body))) is not None]


def _object(text: object) -> dict[str, object]:
    """Return a JSON object; an empty one for anything else."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        return {}
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def _body(event: Event) -> str:
    return json.dumps(as_stored(event))
