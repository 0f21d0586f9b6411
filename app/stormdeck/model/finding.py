"""What a rule says about a setting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.light import Light


class Severity(StrEnum):
    """How bad it is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def light(self) -> Light:
        """Return the light that stands before a finding."""
        return {"error": Light.BROKEN, "warning": Light.LOOK, "info": Light.UNKNOWN}[self.value]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one value. ``value`` ``None`` removes the key."""

    path: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Fix:
    """A safe change that removes a finding."""

    description: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing, and the line to change."""

    code: str
    """Stable for ever: ``URL101``."""
    severity: Severity
    title: str
    """A few words that fit beside a field: ``ends in /v1``."""
    message: str
    """One or two sentences: what happens, and what the user sees."""
    path: str
    """The key path that it is about: ``env.ANTHROPIC_BASE_URL``."""
    evidence: str = "measured"
    """``measured``, ``source``, ``docs`` or ``report``."""
    applies: str | None = None
    """The client versions, as ``>=2.1.41``; ``None``: all that were measured."""
    fix: Fix | None = None
