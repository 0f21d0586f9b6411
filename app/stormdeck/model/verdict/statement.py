"""Define a statement about the request path: what is wrong, the evidence, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from stormdeck.model.finding import HopKind
from stormdeck.model.symbols import Health

Clock = Callable[[float], str]
"""Formats unix seconds as the user's local time of day."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What is wrong, the evidence and what to do. Statements with the same text are equal, whatever their age."""

    health: Health
    headline: str
    """One sentence; about a setting, its name comes first: ``ANTHROPIC_BASE_URL: ends in /v1``."""
    detail: str = ""
    """For the panel: the consequence, and which key to press."""
    hop: HopKind | None = None
    """The hop to blame; ``None`` if there is none or it is unknown."""
    code: str | None = None
    """The rule that knows the fix."""
    brief: str = ""
    """The headline in two lines of at most 36 columns, for a pane of 40; empty if the headline is short enough."""
    cause: str = ""
    """The cause in a few words; empty where the headline contains it."""
    evidence: str = ""
    """What was asked, counted or read."""
    step: str = ""
    """What to do without the panel: an action in words, or a command to type."""
    rank: Health | None = None
    """Severity for ranking, if not ``health``: for an error that breaks no turn, or a warning about a lost turn."""
    setting: str = ""
    """The name that the headline begins with; empty where it is about something else."""
    past: bool = False
    """Whether it is about a storm that is over."""
    age: float | None = field(default=None, compare=False)
    """Seconds since it began or was last seen; ``None`` if unknown, or if it is true now."""

    @property
    def gravity(self) -> Health:
        """Return the severity that it is ranked by."""
        return self.rank or self.health


LOOKING = Statement(Health.UNKNOWN, "Looking for vLLM and a proxy on this machine")
"""The statement before anything is known."""


def command_for(code: str, *, fixed: bool) -> str:
    """Return the command to type for a finding."""
    return "stormdeck check --fix" if fixed else f"stormdeck explain {code}"


def brief(first: str, second: str = "", width: int = 36) -> str:
    """Return two lines for a narrow pane, each cut with an ellipsis if it is longer than ``width``."""
    return "\n".join(
        line if len(line) <= width else line[: width - 1].rstrip() + "…" for line in (first, second) if line
    )
