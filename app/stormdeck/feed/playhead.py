"""Where in a recording the playing is: its own clock, which can be held."""

from __future__ import annotations

from collections.abc import Callable


class Playhead:
    """Goes from a first moment to a last one, ``speed`` times as fast as ``clock``; stands at the end."""

    def __init__(self, started: float, ended: float, speed: float, clock: Callable[[], float]) -> None:
        self._ended = ended
        self._speed = speed
        self._clock = clock
        self._at = started
        self._since = clock()
        self.held = False

    def now(self) -> float:
        """Return the moment that is played, in unix seconds of the recording."""
        passed = 0.0 if self.held else (self._clock() - self._since) * self._speed
        return min(self._at + passed, self._ended)

    def hold(self, held: bool) -> None:
        """Stand still, or go on."""
        self.jump(self.now())
        self.held = held

    def jump(self, moment: float) -> None:
        """Go to a moment."""
        self._at, self._since = moment, self._clock()
