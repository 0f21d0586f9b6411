"""A recording that is played in the place of live sources."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Pace(StrEnum):
    """How the playing stands."""

    PLAYING = "playing"
    HELD = "held"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Replay:
    """What is played, and how."""

    name: str
    """Of the recording's file."""
    span: str
    """When it was recorded, in the user's time: ``20 Nov 19:25 to 19:31``."""
    speed: float
    """Recorded seconds in one second."""
    pace: Pace = Pace.PLAYING
    damage: str = ""
    """Which lines were left out, in words; empty where the recording is whole."""
