"""Collect what is known of one log line: the parts of its request or record, and the lines of other logs beside it."""

from __future__ import annotations

from stormdeck.model.logs.book import Line, LogBook
from stormdeck.model.logs.reasons import reason
from stormdeck.model.logs.records import classify
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.retries.storms.storm import Storm

BESIDE_S = 2.0
"""Seconds around a line in which the lines of other logs are those of the same moment."""
MOST_BESIDE = 8
LOOK_AROUND = 2000
"""How many lines before and after a line are looked through for those of the same moment."""
CLOSE_S = 1.5
"""Seconds by which the arrival of a line may differ from the times of its storm."""
_KINDS = {
    "main": "a request of Claude Code",
    "count_tokens": "a count of tokens",
    "probe": "a poll or probe",
    "other": "another request",
}


def fields_of(line: Line) -> list[tuple[str, str]]:
    """Return the parts of a line by their names; only those that it has."""
    access = parse_access(line.text)
    if access is not None:
        client = f"{access.host}:{access.port}" if access.port else access.host
        parts = [
            ("request", f"{access.method} {access.path}"),
            ("status", str(access.status)),
            ("kind", _KINDS[access.kind.value]),
            ("attempt", str(line.attempt) if line.attempt else ""),
            ("client", client),
            ("took", f"{access.seconds:.1f} s" if access.seconds is not None else ""),
            ("agent", access.agent),
        ]
        return [(name, text) for name, text in parts if text]
    record = classify(line.text)
    if record is None:
        return []
    why = reason(record.message) if record.level.is_failure else ""
    parts = [
        ("level", record.level.value),
        ("written", record.clock),
        ("logger", record.source),
        ("reason", why if why != record.message.strip() else ""),
    ]
    return [(name, text) for name, text in parts if text]


def storm_of(line: Line, storms: tuple[Storm, ...]) -> Storm | None:
    """Return the storm that a main request belongs to by its log and time; ``None`` if several may have it."""
    if line.arrived is None or not line.attempt:
        return None
    found = [
        storm
        for storm in storms
        if storm.log == line.log and storm.started - CLOSE_S <= line.arrived <= storm.last + CLOSE_S
    ]
    return found[0] if len(found) == 1 else None


def beside(book: LogBook, line: Line) -> list[Line]:
    """Return the requests and records of other logs at the moment of a line, the nearest ones; no polls and probes."""
    if line.arrived is None:
        return []
    found: list[Line] = []
    for number, log, arrived, text in book.lines(line.number - LOOK_AROUND, line.number + LOOK_AROUND):
        if log == line.log or arrived is None or abs(arrived - line.arrived) > BESIDE_S or book.is_probe(number):
            continue
        if parse_access(text) is None and classify(text) is None:
            continue
        other = book.line(number)
        if other is not None:
            found.append(other)
    found.sort(key=lambda one: (abs((one.arrived or 0.0) - (line.arrived or 0.0)), abs(one.number - line.number)))
    return sorted(found[:MOST_BESIDE], key=lambda one: one.number)
