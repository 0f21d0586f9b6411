"""The script of the demo: what goes wrong when, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle


class Fault(StrEnum):
    """What can be wrong with the simulated vLLM. The value is what the control file says."""

    NONE = "none"
    ENGINE_DEAD = "engine-dead"
    """Every request is answered 500."""
    RENAMED = "renamed"
    """The model is served in lower case: 404, and the proxy's cooldown after it."""
    SLOW = "slow"
    """Everything takes several times longer, and nothing fails."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One part of the script."""

    seconds: float
    fault: Fault
    what: str

    @property
    def calm(self) -> bool:
        """Say whether nothing is wrong in it."""
        return self.fault is Fault.NONE


SCRIPT = (
    Scene(11.0, Fault.NONE, "calm: turns come and go"),
    Scene(8.0, Fault.ENGINE_DEAD, "the engine dies; the fifth attempt finds a new one"),
    Scene(22.0, Fault.NONE, "calm: the storm is over and remembered"),
    Scene(7.0, Fault.RENAMED, "the served name changes its case: one 404, then the proxy's 429s"),
    Scene(22.0, Fault.NONE, "calm"),
    Scene(23.0, Fault.ENGINE_DEAD, "the engine dies for longer than the client is patient: six attempts, given up"),
    Scene(22.0, Fault.NONE, "calm"),
    Scene(15.0, Fault.SLOW, "the engine crawls: first tokens take seconds, nothing fails"),
    Scene(12.0, Fault.NONE, "calm"),
)
"""Repeated for ever. A fault begins between two turns, and a turn begins with it."""


def scenes(script: tuple[Scene, ...] = SCRIPT) -> Iterator[Scene]:
    """Yield the scenes one after the other, without end."""
    return cycle(script)
