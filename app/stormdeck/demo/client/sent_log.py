"""What the simulated client sent, written down by itself: the truth that a panel's counts can be held against."""

from __future__ import annotations

import json
import time
from pathlib import Path


class Ledger:
    """Adds a JSON line for each answered request: ``t`` in unix seconds, ``kind``, ``status`` and ``attempt``."""

    def __init__(self, path: Path | None) -> None:
        """Write to a file; without one nothing is written."""
        self._path = path

    def note(self, kind: str, status: int, attempt: int = 1) -> None:
        """Write down one request. ``kind`` is ``main``, ``title`` or ``count_tokens``; ``attempt`` 1 is no retry."""
        if self._path is None:
            return
        line = json.dumps({"t": round(time.time(), 3), "kind": kind, "status": status, "attempt": attempt})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
