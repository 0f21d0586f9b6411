"""What a rule says about a setting."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.settings.scope import Scope
from stormdeck.model.symbols import Health


class HopKind(StrEnum):
    """The four places where it can break, in path order."""

    CLIENT = "client"
    PROXY = "proxy"
    SERVER = "vLLM"
    GPU = "GPU"


class Severity(StrEnum):
    """How bad it is, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def light(self) -> Health:
        """Return the light that stands before a finding."""
        return {"error": Health.ERROR, "warning": Health.WARNING, "info": Health.UNKNOWN}[self.value]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one value. ``value`` is what JSON holds there; ``None`` removes the key."""

    path: str
    value: object


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that removes a finding. ``model/rules/fixing.py`` tries it before it is offered."""

    description: str
    edits: tuple[Edit, ...]
    safe: bool = False
    """It was tried, and changes neither who pays, nor where prompts go, nor what a hosted host receives."""
    scope: Scope | None = None
    """The scope that it was tried in; ``None``: it was not tried yet."""


@dataclass(frozen=True, slots=True)
class Paste:
    """Text for the user to paste into a file that stormdeck never writes: LiteLLM's YAML."""

    description: str
    text: str
    """Whole lines, without the line end after the last; empty: the lines are to be taken out."""
    first: int
    """The line that the text replaces, or that it follows, counted from 1; 0: it comes before the first line."""
    last: int
    """The last line that it replaces; below ``first``: none is replaced, the text comes after ``first``."""


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
    file: str | None = None
    """The file that it is in, or that the setting belongs in; ``None`` where it is in none, as a command line."""
    line: int | None = None
    """Of the key in that file, counted from 1, like the column; ``None`` where the key is not in it."""
    column: int | None = None
    hop: HopKind = HopKind.CLIENT
    paste: Paste | None = None
    """What to paste by hand; ``fix`` is what stormdeck can do itself."""
