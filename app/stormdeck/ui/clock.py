"""The panel's clock: the one place in the UI that asks for the time."""

from __future__ import annotations

import time
from datetime import datetime


class Clock:
    """The time now, and times of day as the user's clock shows them. Tests put a still one in its place."""

    def now(self) -> float:
        """Return unix seconds."""
        return time.time()

    def local(self, at: float) -> datetime:
        """Return a moment in the user's time zone."""
        return datetime.fromtimestamp(at).astimezone()

    def minute(self, at: float) -> str:
        """Return ``14:02``."""
        return f"{self.local(at):%H:%M}"

    def second(self, at: float) -> str:
        """Return ``14:02:07``."""
        return f"{self.local(at):%H:%M:%S}"
