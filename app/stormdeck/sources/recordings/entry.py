"""Read and write the lines of a recording: ``{"t": unix seconds, "line": text}``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.text import clean
from stormdeck.sources.logs.splitter import LONGEST_LINE

LOOKED_AT = 5
"""Lines that are checked to distinguish a recording from a log, since the first may be cut."""
_ROOM = LONGEST_LINE - 1024
"""Most bytes of a recorded line, so that it can be read back completely."""


class Recorded(NamedTuple):
    """One line of a recording."""

    t: float
    """Arrival time, in Unix seconds."""
    line: str
    log: str = ""
    """The log's name; empty in a recording of one log."""


def read_recorded(texts: Sequence[str]) -> list[Recorded | None]:
    """Return the entries of a recording's lines, ``None`` for an invalid line."""
    return [_recorded(one) for one in _decoded(texts)]


def write_recorded(recorded: Recorded) -> str:
    """Return a line of a recording, without its line end; a text too long to be read back is cut and marked."""
    line = recorded.line
    while True:
        fields: dict[str, object] = {"t": round(recorded.t, 3), "line": line}
        text = json.dumps(fields | ({"log": recorded.log} if recorded.log else {}), ensure_ascii=False)
        if len(text.encode("utf-8", "backslashreplace")) <= _ROOM or len(line) < 2:
            return text
        line = line[: len(line) // 2] + "…"


def is_recording(lines: Iterable[str]) -> bool:
    """Return whether a file's first lines are those of a recording; empty lines are ignored."""
    first = list(islice(filter(str.strip, lines), LOOKED_AT))
    return any(recorded is not None for recorded in read_recorded(first))


def _decoded(texts: Sequence[str]) -> list[object]:
    """Return the JSON of each line, ``None`` for an invalid one; valid lines are parsed together, which is faster."""
    try:
        # A JSON string cannot contain a line end, so no line can absorb the next one.
        together = json.loads("[" + ",\n".join(texts) + "]")
        if len(together) == len(texts):
            return list(together)
    except (ValueError, RecursionError):
        pass
    return [_alone(text) for text in texts]


def _alone(text: str) -> object:
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None


def _recorded(fields: object) -> Recorded | None:
    if not isinstance(fields, dict):
        return None
    t, line, log = fields.get("t"), fields.get("line"), fields.get("log", "")
    if not isinstance(line, str) or not isinstance(log, str):
        return None
    if isinstance(t, bool) or not isinstance(t, int | float):
        return None
    try:
        return Recorded(float(t), line, log) if isfinite(t) else None
    except OverflowError:  # an integer too large for a float
        return None


class Recorder:
    """Write a recording, readable for its user only: a log may quote prompts and keys.

    Lines that were in a log before it was followed have no known arrival time and are skipped. With several logs, each
    line names its log.
    """

    def __init__(self, path: Path, *, several: bool) -> None:
        """Create the file; raises ``OSError``, also where it exists already."""
        self._several = several
        self._path = path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file = open(descriptor, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115, PTH123
        self.problem = ""
        """Why writing ended early; what was written until then stays."""

    def take(self, batch: LogBatch) -> None:
        """Write and flush the lines of a batch. Never raises."""
        if batch.history or self.problem:
            return
        log = batch.log if self._several else ""
        try:
            self._file.writelines(write_recorded(Recorded(batch.arrived, line, log)) + "\n" for line in batch.lines)
            self._file.flush()
        except OSError as error:
            self.problem = clean(f"{self._path} cannot be written any more: {error.strerror}; it ends here")

    def close(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        except OSError as error:
            self.problem = self.problem or clean(f"{self._path} cannot be written: {error.strerror}")
