"""Define the demo's script: which fault begins when, and how long it lasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle


class Fault(StrEnum):
    """A fault of the simulated vLLM. The value is the text of the control file."""

    NONE = "none"
    ENGINE_DEAD = "engine-dead"
    """Every request is answered 500."""
    RENAMED = "renamed"
    """The model is served under a lower-case name: 404, then the proxy's cooldown."""
    SLOW = "slow"
    """Everything takes several times longer, but nothing fails."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One part of the script."""

    seconds: float
    fault: Fault
    what: str

    @property
    def calm(self) -> bool:
        """Return whether it has no fault."""
        return self.fault is Fault.NONE


SCRIPT = (
    Scene(11.0, Fault.NONE, "calm: turns pass"),
    Scene(8.0, Fault.ENGINE_DEAD, "the engine dies; the fifth attempt finds a new one"),
    Scene(22.0, Fault.NONE, "calm: the storm is over and stays listed"),
    Scene(7.0, Fault.RENAMED, "the served name changes its case: one 404, then the proxy's 429s"),
    Scene(22.0, Fault.NONE, "calm"),
    Scene(23.0, Fault.ENGINE_DEAD, "the engine stays dead until the client gives up after six attempts"),
    Scene(22.0, Fault.NONE, "calm"),
    Scene(15.0, Fault.SLOW, "the engine is slow: first tokens take seconds, nothing fails"),
    Scene(12.0, Fault.NONE, "calm"),
)
"""Repeated endlessly. A fault begins between two turns, and a turn begins together with it."""


def scenes(script: tuple[Scene, ...] = SCRIPT) -> Iterator[Scene]:
    """Yield the scenes endlessly."""
    return cycle(script)
