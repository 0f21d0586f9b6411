"""Remember which logs the user agreed to follow although a program has to be run for them."""

from __future__ import annotations

import json
from pathlib import Path

from stormdeck.model.logs.spec import LogSpec, parse_log
from stormdeck.model.text import clean
from stormdeck.sources.io.atomic_write import atomic_write
from stormdeck.sources.io.bounded_read import read_bounded

MOST_BYTES = 64 * 1024


class AgreedLogs:
    """Names of logs in a small JSON file. No call raises."""

    def __init__(self, path: Path, *, writes: bool) -> None:
        self._path = path
        self._writes = writes

    def load(self) -> frozenset[LogSpec]:
        """Return the logs; none where the file cannot be read."""
        try:
            names = json.loads(read_bounded(self._path, MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return frozenset()
        found = set()
        for name in names if isinstance(names, list) else ():
            try:
                found.add(parse_log(name) if isinstance(name, str) else Path())
            except ValueError:
                continue
        return frozenset(log for log in found if not isinstance(log, Path))

    def add(self, log: LogSpec) -> str:
        """Add a log; return why it is not kept for the next start, empty when it is."""
        if not self._writes:
            return "The panel is read only: it is followed until you quit."
        names = sorted({str(one) for one in self.load()} | {str(log)})
        try:
            atomic_write(self._path, f"{json.dumps(names, indent=2)}\n".encode())
        except OSError as error:
            return clean(f"It is followed until you quit; {self._path} cannot be written: {error.strerror}.")
        return ""
