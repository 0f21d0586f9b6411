"""Record the simulated client's requests, as the ground truth to compare a panel's counts with."""

from __future__ import annotations

import json
import time
from pathlib import Path


class SentLog:
    """Append a JSON line for each answered request: ``t`` in unix seconds, ``kind``, ``status`` and ``attempt``."""

    def __init__(self, path: Path | None) -> None:
        """``path``: the file to append to; without one nothing is recorded."""
        self._path = path

    def note(self, kind: str, status: int, attempt: int = 1) -> None:
        """Record a request. ``kind`` is ``main``, ``title`` or ``count_tokens``; ``attempt`` counts from 1."""
        if self._path is None:
            return
        line = json.dumps({"t": round(time.time(), 3), "kind": kind, "status": status, "attempt": attempt})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
