"""Read and write the table of storms.

0.1.0 uses the table ``storms`` too, so its columns stay. Newer columns, whose storm it was and which hop failed, are in
the table ``whose``, which 0.1.0 ignores. ``application_id`` marks a file whose rows were corrected: 0.1.0 took a
session's subagents for retries, stored ``reset`` where it knew no cause, and stored some storms twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from stormdeck.model.finding import HopKind
from stormdeck.model.numbers import is_number
from stormdeck.model.retries.chain import UNKNOWN
from stormdeck.model.retries.counted_turn import COUNTED
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.storms.identity import is_possible, may_be_same, merged, same_storms, without_duplicates
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.text import clean

if TYPE_CHECKING:
    from sqlite3 import Connection

CREATE = """
CREATE TABLE storms (
    id INTEGER PRIMARY KEY,
    started REAL NOT NULL, last REAL NOT NULL, attempts INTEGER NOT NULL, allowed INTEGER NOT NULL,
    cause TEXT NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL, evidence TEXT NOT NULL,
    log TEXT NOT NULL, session TEXT, confidence TEXT NOT NULL
)
"""
_CREATE_WHOSE = """
CREATE TABLE IF NOT EXISTS whose (
    id INTEGER PRIMARY KEY, session TEXT NOT NULL,
    folder TEXT NOT NULL, agent TEXT NOT NULL, hop TEXT NOT NULL, served TEXT NOT NULL
)
"""
_HAS_WHOSE = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'whose'"
_PLAIN = "SELECT *, '', '', '', '' FROM storms"
_WITH_WHOSE = """
SELECT storms.*, coalesce(folder, ''), coalesce(agent, ''), coalesce(hop, ''), coalesce(served, '')
FROM storms LEFT JOIN whose ON whose.id = storms.id AND whose.session = coalesce(storms.session, '')
"""
_PUT = """
INSERT OR REPLACE INTO storms VALUES (
    :id, :started, :last, :attempts, :limit, :cause, :reason, :outcome, :evidence, :log, :session, :basis
)
"""
_PUT_WHOSE = "INSERT OR REPLACE INTO whose VALUES (:id, :session, :folder, :agent, :hop, :served)"
_PRUNE = "DELETE FROM storms WHERE id NOT IN (SELECT id FROM storms ORDER BY started DESC LIMIT ?)"
_PRUNE_WHOSE = "DELETE FROM whose WHERE id NOT IN (SELECT id FROM storms)"
_CHECKED = 0x53440002
"""The ``application_id`` of a file whose rows were corrected."""
HasSubagents = Callable[[str], bool]
"""Returns whether a session had subagents."""
_OUTCOMES = {outcome.value for outcome in Outcome if outcome is not Outcome.LIVE}


def newest_storms(base: Connection, limit: int, has_subagents: HasSubagents) -> tuple[Storm, ...]:
    """Return the newest stored storms, newest first; of 0.1.0's rows only those that can be true."""
    storms = [storm for _, storm in _rows(base)]
    credible = storms if _is_checked(base) else _credible(storms, has_subagents)
    return tuple(sorted(credible, key=lambda storm: -storm.started)[:limit])


def store(base: Connection, storms: Sequence[Storm], most: int, has_subagents: HasSubagents) -> None:
    """Add each storm, or update its row; keep the newest ``most``.

    Another panel may have stored the same storm with slightly other times, or only a part of it.
    """
    base.execute(_CREATE_WHOSE)
    if not _is_checked(base):
        _go_through(base, has_subagents)
    known = _rows(base)
    pairs = same_storms([storm for _, storm in known], storms)
    for storm, at in zip(storms, pairs, strict=True):
        number, whole = (None, storm) if at is None else (known[at][0], merged(known[at][1], storm))
        _put(base, number, whole)
        left = [row for index, row in enumerate(known) if index not in pairs]
        for part, _ in [(row, old) for row, old in left if _is_part(old, whole)]:
            base.execute("DELETE FROM storms WHERE id = ?", (part,))
    base.execute(_PRUNE, (most,))
    base.execute(_PRUNE_WHOSE)


def storable(storm: Storm) -> Storm:
    """Return a storm without control characters and without what applies to a live storm only."""
    session = None if storm.session is None else clean(storm.session)
    return replace(
        storm,
        log=clean(storm.log),
        reason=clean(storm.reason),
        session=session,
        folder=clean(storm.folder),
        agent=clean(storm.agent),
        served=clean(storm.served),
        next_at=None,
        next_by=None,
        gives_up_at=None,
        sent_at=None,
        answered_at=None,
    )


def _is_part(old: Storm, whole: Storm) -> bool:
    """Return whether a row is a part of a storm that is now known as a whole."""
    inside = whole.started <= old.started and old.last <= whole.last and old.attempts <= whole.attempts
    return inside and whole.session is not None and old.session == whole.session and may_be_same(old, whole)


def _is_checked(base: Connection) -> bool:
    return bool(base.execute("PRAGMA application_id").fetchone()[0] == _CHECKED)


def _go_through(base: Connection, has_subagents: HasSubagents) -> None:
    """Rewrite the rows of 0.1.0, without those that cannot be true."""
    storms = _credible([storm for _, storm in _rows(base)], has_subagents)
    base.execute("DELETE FROM storms")
    for storm in storms:
        _put(base, None, storm)
    base.execute(f"PRAGMA application_id = {_CHECKED}")


def _credible(storms: Sequence[Storm], has_subagents: HasSubagents) -> list[Storm]:
    """Return the storms of 0.1.0 that can be true, oldest first."""
    possible = (storm for storm in storms if is_possible(storm) and not _is_of_subagents(storm, has_subagents))
    return without_duplicates(map(_without_guess, possible))


def _is_of_subagents(storm: Storm, has_subagents: HasSubagents) -> bool:
    """Return whether the attempts may be subagents' requests: no status shows a failure."""
    no_status = storm.evidence == "transcript" and not storm.cause.isdigit()
    return no_status and storm.session is not None and has_subagents(storm.session)


def _without_guess(storm: Storm) -> Storm:
    """Return a storm without the ``reset`` that 0.1.0 stored where the transcript had no cause."""
    guessed = storm.cause == "reset" and storm.evidence == "transcript"
    return replace(storm, cause=UNKNOWN) if guessed else storm


def _put(base: Connection, number: int | None, storm: Storm) -> None:
    number = base.execute(_PUT, asdict(storm) | {"id": number}).lastrowid
    whose = {
        "folder": storm.folder,
        "agent": storm.agent,
        "hop": HopKind.SERVER if storm.from_server else "",
        "served": storm.served,
    }
    if any(whose.values()):
        base.execute(_PUT_WHOSE, whose | {"id": number, "session": storm.session or ""})


def _rows(base: Connection) -> list[tuple[int, Storm]]:
    """Return the rows with their ids; invalid rows of other programs are skipped."""
    rows = base.execute(_WITH_WHOSE if base.execute(_HAS_WHOSE).fetchone()[0] else _PLAIN).fetchall()
    return [(row[0], storm) for row in rows if (storm := _storm(row[1:])) is not None]


def _confidence(evidence: str, basis: str) -> Confidence:
    """Return how sure a stored storm is: no storm is stored that may be chance. The column has the words."""
    counted = evidence == "wire" or (evidence == "transcript" and basis in {COUNTED, ""})
    return Confidence.SURE if counted else Confidence.LIKELY


def _storm(row: Sequence[object]) -> Storm | None:
    started, last, attempts, limit, cause, reason, outcome, evidence, log, session, basis = row[:11]
    folder, agent, hop, served = (clean(str(value)) for value in row[11:])
    if not isinstance(started, float) or not isinstance(last, float):
        return None
    if not isinstance(attempts, int) or not isinstance(limit, int) or outcome not in _OUTCOMES:
        return None
    if not all(map(is_number, (started, last, attempts, limit))):
        return None
    return Storm(
        started=started,
        last=last,
        attempts=attempts,
        limit=limit,
        cause=clean(str(cause)),
        reason=clean(str(reason)),
        outcome=Outcome(outcome),
        evidence=str(evidence),
        log=clean(str(log)),
        session=None if session is None else clean(str(session)),
        confidence=_confidence(str(evidence), str(basis)),
        basis=str(basis),
        folder=folder,
        agent=agent,
        from_server=hop == HopKind.SERVER,
        served=served,
    )
