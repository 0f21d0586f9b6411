"""The panel's clock: the only place in the UI that reads the time."""

from __future__ import annotations

import time
from datetime import datetime

DAY_S = 86_400.0


class Clock:
    """The current time, and times of day in the user's time zone. Tests replace it."""

    def now(self) -> float:
        """Return the current Unix time in seconds."""
        return time.time()

    def local(self, at: float) -> datetime:
        """Return a time in the user's time zone."""
        return datetime.fromtimestamp(at).astimezone()

    def minute(self, at: float) -> str:
        """Return a time as ``14:02``."""
        return f"{self.local(at):%H:%M}"

    def moment(self, at: float) -> str:
        """Return a time of the last day as ``14:02:07``, an older one by its day, ``28 Nov``."""
        return self.second(at) if abs(self.now() - at) < DAY_S else f"{self.local(at):%d %b}"

    def second(self, at: float) -> str:
        """Return a time as ``14:02:07``."""
        return f"{self.local(at):%H:%M:%S}"
