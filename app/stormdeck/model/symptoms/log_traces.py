"""What the logs hold of a message: the newest error record that says the same."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stormdeck.model.logs.reasons import reason
from stormdeck.model.logs.records import RecordReader
from stormdeck.model.symptoms.server_errors import Words, words_in

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
    """As the record tells it; empty where it has none."""
    text: str
    """In a few harmless words."""
    words: Words
    id: str = ""
    """The request's id, where the record has one."""

    def __str__(self) -> str:
        when = f" {self.clock}" if self.clock else ""
        which = f", id {self.id}" if self.id else ""
        return f"{self.log}{when}: {self.text}{which}"


def traces(logs: Mapping[str, Sequence[str]]) -> tuple[Trace, ...]:
    """Return the error records at the ends of logs whose words are known, newest first in each log, one a kind."""
    return tuple(trace for log, lines in logs.items() for trace in _of(log, lines))


def _of(log: str, lines: Sequence[str]) -> list[Trace]:
    reader = RecordReader()
    found: dict[str, Trace] = {}
    for number, line in enumerate(lines):
        if "ERROR" not in line and "CRITICAL" not in line:
            continue
        record = reader.read(line[:_LONGEST])
        words = words_in(record.message) if record is not None and record.level.is_failure else None
        told = reason(record.message) if record is not None and words is not None else ""
        if record is None or words is None or not told:
            continue
        match = _ID.search(record.message)
        which = next((group for group in match.groups() if group), "") if match else ""
        kind = words.codes[0]
        found.pop(kind, None)
        found[kind] = Trace(log, len(lines) - number, record.clock, told, words, which)
    return list(reversed(found.values()))[:_MOST]
