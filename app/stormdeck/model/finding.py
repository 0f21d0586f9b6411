"""Findings of the rules, and the edits that fix them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.settings.scope import Scope
from stormdeck.model.symbols import Health


class HopKind(StrEnum):
    """The hops of a request, in order."""

    CLIENT = "client"
    PROXY = "proxy"
    SERVER = "vLLM"
    GPU = "GPU"


class Severity(StrEnum):
    """Severities, worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def health(self) -> Health:
        """Return the health sign shown before a finding."""
        return {"error": Health.ERROR, "warning": Health.WARNING, "info": Health.UNKNOWN}[self.value]


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of one value. ``value`` is the new JSON value; ``None`` removes the key."""

    path: str
    value: object


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that remove a finding; ``model/rules/fixing.py`` tests them before they are offered."""

    description: str
    edits: tuple[Edit, ...]
    safe: bool = False
    """It was tested, and changes neither who pays, nor where prompts go, nor what a hosted host receives."""
    scope: Scope | None = None
    """The scope that it was tested in; ``None``: not tested yet."""


@dataclass(frozen=True, slots=True)
class Paste:
    """Text for the user to paste into LiteLLM's YAML, which stormdeck never writes."""

    description: str
    text: str
    """Whole lines, without the last line end; empty: the lines are to be deleted."""
    first: int
    """The first line that it replaces, or the line that it follows, counted from 1; 0: before the first line."""
    last: int
    """The last line that it replaces; less than ``first``: none, the text is inserted after ``first``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem, or a thing worth knowing, with the line to change."""

    code: str
    """The code of the rule, which never changes: ``URL101``."""
    severity: Severity
    title: str
    """A few words, shown beside a field: ``ends in /v1``."""
    message: str
    """One or two sentences: what happens and what the user sees."""
    path: str
    """The key path that it is about: ``env.ANTHROPIC_BASE_URL``."""
    evidence: str = "measured"
    """``measured``, ``source``, ``docs`` or ``report``."""
    applies: str | None = None
    """The client versions, such as ``>=2.1.41``; ``None``: all measured versions."""
    fix: Fix | None = None
    file: str | None = None
    """The file of the setting, or the one that it belongs in; ``None`` if it is not in a file."""
    line: int | None = None
    """The line of the key, counted from 1, like the column; ``None`` if the key is not in the file."""
    column: int | None = None
    hop: HopKind = HopKind.CLIENT
    paste: Paste | None = None
    """What to paste by hand; ``fix`` is what stormdeck can write itself."""
