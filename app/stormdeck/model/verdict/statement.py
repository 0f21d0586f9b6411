"""One statement about the path: what is the matter, what that rests on, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from stormdeck.model.finding import HopKind
from stormdeck.model.symbols import Health

Clock = Callable[[float], str]
"""Turns unix seconds into the time of day that the user's clock shows."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. Two that show the same are equal, however old they are."""

    light: Health
    headline: str
    detail: str = ""
    """For the panel: what follows, and which key to press."""
    hop: HopKind | None = None
    """``None``: no hop is to blame, or nothing tells which."""
    code: str | None = None
    """The rule that knows the fix."""
    brief: str = ""
    """The headline in two lines of at most 36 columns, for a pane of 40; empty: it is short enough."""
    cause: str = ""
    """What it comes from, in a few words; empty where the headline says it."""
    evidence: str = ""
    """What it rests on: what was asked, counted or read."""
    step: str = ""
    """What to do without the panel: an action in words, or a command to type."""
    rank: Health | None = None
    """How grave it is for turns, where its light says something else: an error that breaks no turn, a turn that was
    lost. ``None``: as its light says."""
    past: bool = False
    """It tells of a storm that is over."""
    age: float | None = field(default=None, compare=False)
    """Seconds since it began or was last seen; ``None``: not known, or it holds now."""

    @property
    def gravity(self) -> Health:
        """Return what it is ranked by."""
        return self.rank or self.light


LOOKING = Statement(Health.UNKNOWN, "Looking for vLLM and a proxy on this machine")
"""Before anything is known."""


def command_for(code: str, *, fixed: bool) -> str:
    """Return the command to type for a finding."""
    return "stormdeck check --fix" if fixed else f"stormdeck explain {code}"


def brief(first: str, second: str = "", width: int = 36) -> str:
    """Return two lines that fit into a narrow pane; what is longer ends in an ellipsis."""
    return "\n".join(
        line if len(line) <= width else line[: width - 1].rstrip() + "…" for line in (first, second) if line
    )
