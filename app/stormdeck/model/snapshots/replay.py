"""Hold the state of a recording that is replayed instead of live sources."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pace(StrEnum):
    """The state of a replay."""

    PLAYING = "playing"
    HELD = "held"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Replay:
    """The recording that is replayed, and its state."""

    name: str
    """Name of the recording's file."""
    span: str
    """When it was recorded, in local time: ``20 Nov 19:25 to 19:31``."""
    speed: float
    """Recorded seconds per second."""
    pace: Pace = Pace.PLAYING
    damage: str = ""
    """Which lines were skipped, in words; empty if the recording is undamaged."""
