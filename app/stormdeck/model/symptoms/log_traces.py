"""Find the newest error records at the ends of the logs that a known error explains."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stormdeck.model.logs.reasons import reason
from stormdeck.model.logs.records import RecordReader
from stormdeck.model.symptoms.server_error import ServerError
from stormdeck.model.symptoms.server_errors import server_error_in

_ID = re.compile(r"litellm_call_id=([0-9a-fA-F-]{8,40})|\b((?:chatcmpl|msg|req)[-_][\w-]{6,60})")
_TIME_OF_DAY = re.compile(r"(?<![\d:.])([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?(?![\d:])")
_AT_THAT_TIME_S = 60
"""A record this close to the time in a text is of that time."""
_MOST = 5
_LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Trace:
    """One error record of a log."""

    log: str
    """The path of the log."""
    line: int
    """Counted from the end of the file: 1 is its last line."""
    clock: str
    """The time as the record has it, or empty."""
    text: str
    """A short text, safe to show."""
    error: ServerError
    id: str = ""
    """The request's id, if the record has one."""

    def __str__(self) -> str:
        when = f" {self.clock}" if self.clock else ""
        which = f", id {self.id}" if self.id else ""
        return f"{self.log}{when}: {self.text}{which}"


def traces(logs: Mapping[str, Sequence[str]]) -> tuple[Trace, ...]:
    """Return the known error records at the ends of logs, per log the newest first and one of each kind."""
    return tuple(trace for log, lines in logs.items() for trace in _of(log, lines))


def last_failures(logs: Mapping[str, Sequence[str]], text: str = "", most: int = 3) -> tuple[str, ...]:
    """Return the newest error records at the ends of logs, known or not, each with its log and time.

    If the text has a time of day, those within a minute of it come first, and others are left out.
    """
    found = [one for log, lines in logs.items() for one in _failures(log, lines)]
    at = _seconds(text)
    if at is not None:
        near = [one for one in found if (when := _seconds(one.clock)) is not None and abs(when - at) <= _AT_THAT_TIME_S]
        found = near or found
    newest = sorted(found, key=lambda one: one.line)
    return tuple(dict.fromkeys(map(str, newest)))[:most]


@dataclass(frozen=True, slots=True)
class _Failure:
    log: str
    line: int
    clock: str
    text: str

    def __str__(self) -> str:
        return f"{self.log}{f' {self.clock}' if self.clock else ''}: {self.text}"


def _failures(log: str, lines: Sequence[str]) -> list[_Failure]:
    reader = RecordReader()
    found = []
    for number, line in enumerate(lines):
        if "ERROR" not in line and "CRITICAL" not in line:
            continue
        record = reader.read(line[:_LONGEST])
        if record is not None and record.level.is_failure and (words := reason(record.message)):
            found.append(_Failure(log, len(lines) - number, record.clock, words))
    return found


def _seconds(text: str) -> int | None:
    """Return the time of day in a text, in seconds since midnight."""
    match = _TIME_OF_DAY.search(text)
    if match is None:
        return None
    hours, minutes, seconds = (int(one) for one in match.groups(default="0"))
    return (hours * 60 + minutes) * 60 + seconds


def _of(log: str, lines: Sequence[str]) -> list[Trace]:
    reader = RecordReader()
    found: dict[str, Trace] = {}
    for number, line in enumerate(lines):
        if "ERROR" not in line and "CRITICAL" not in line:
            continue
        record = reader.read(line[:_LONGEST])
        error = server_error_in(record.message) if record is not None and record.level.is_failure else None
        text = reason(record.message) if record is not None and error is not None else ""
        if record is None or error is None or not text:
            continue
        match = _ID.search(record.message)
        which = next((group for group in match.groups() if group), "") if match else ""
        kind = error.codes[0] if error.codes else error.title
        found.pop(kind, None)
        found[kind] = Trace(log, len(lines) - number, record.clock, text, error, which)
    return list(reversed(found.values()))[:_MOST]
