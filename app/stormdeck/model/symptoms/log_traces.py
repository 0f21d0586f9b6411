"""Find the newest error records at the ends of the logs that a known error explains."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stormdeck.model.logs.reasons import reason
from stormdeck.model.logs.records import RecordReader
from stormdeck.model.symptoms.server_errors import ServerError, server_error_in

_ID = re.compile(r"litellm_call_id=([0-9a-fA-F-]{8,40})|\b((?:chatcmpl|msg|req)[-_][\w-]{6,60})")
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
        kind = error.codes[0]
        found.pop(kind, None)
        found[kind] = Trace(log, len(lines) - number, record.clock, text, error, which)
    return list(reversed(found.values()))[:_MOST]
