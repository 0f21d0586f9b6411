"""Define a field of the settings form, and validate its text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, auto

from stormdeck.model.json_edit.document import Document, FileError


class Group(StrEnum):
    """The sections of the form, in order."""

    WHERE = "WHERE"
    WHO = "WHO"
    MODEL = "MODEL"
    TRAFFIC = "TRAFFIC"
    TIME = "TIME"
    CONTEXT = "CONTEXT"
    OTHER = "OTHER"


class Kind(StrEnum):
    """The type of a field: how it is edited, and what ``problem`` accepts."""

    URL = auto()
    SECRET = auto()
    MODEL = auto()
    """A tier (``sonnet``) or a model id."""
    TIER_ID = auto()
    """A model id that the server serves."""
    MILLISECONDS = auto()
    COUNT = auto()
    SWITCH = auto()
    JSON = auto()
    HEADERS = auto()
    COMMAND = auto()
    TEXT = auto()


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of the form."""

    path: str
    """``model``, ``env.ANTHROPIC_BASE_URL``."""
    label: str
    """At most 20 cells."""
    kind: Kind
    group: Group
    help: str
    """What it means for the user's own server, in one or two sentences."""
    default: str
    """What applies if it is not set, in words."""
    unit: str = ""
    on: str = "1"
    """For a switch: the text that switches it on."""
    off: str | None = None
    """For a switch: the text that switches it off; ``None`` removes the entry."""
    disables: bool = False
    """For a switch: it switches off what the label names, so that the label's thing is on without it."""
    suggested: tuple[str, ...] = ()
    """Values to choose from; others are possible."""

    @property
    def name(self) -> str:
        """Return the key without ``env.``: ``ANTHROPIC_BASE_URL``."""
        return self.path.rpartition(".")[2]

    def is_on(self, text: str | None) -> bool:
        """Return whether a switch is on; if it is not set, return Claude Code's default."""
        if text is None:
            return self.off is not None
        return text.strip().lower() in {*_ON, self.on} if self.off is None else text.strip().lower() not in _OFF

    def state(self, text: str | None) -> str:
        """Return ``on`` or ``off`` for what a switch's label names.

        >>> Field("env.DISABLE_X", "X", Kind.SWITCH, Group.OTHER, "", "on", disables=True).state("1")
        'off'
        """
        return "on" if self.is_on(text) is not self.disables else "off"

    def written(self, *, on: bool) -> str | None:
        """Return the text to write for a switch, ``None`` to remove the entry."""
        return self.on if on else self.off


_ON = {"1", "true"}
_OFF = {"0", "false"}
TIERS = ("sonnet", "opus", "haiku", "fable", "opusplan", "best")
"""The values of ``model`` besides model ids; ``sonnet[1m]`` and ``opus[1m]`` are variants of two of them."""

_AT_MOST = 2**31 - 1
_NUMBER = re.compile(r"\d+", re.ASCII)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:.*")


def problem(field: Field, text: str) -> str | None:
    """Return why a text does not have the field's type, ``None`` if it has.

    Checks only the type; the rules check what a value does.
    """
    if field.kind is Kind.HEADERS:
        return _headers_problem(text)
    if any(ord(char) < 32 or char == "\x7f" for char in text):
        return "must be one line of plain text, without line breaks and control characters"
    if not text.strip():
        return "must not be empty; to use the default, remove the setting"
    match field.kind:
        case Kind.URL:
            return None if " " not in text.strip() else "a URL contains no spaces"
        case Kind.MILLISECONDS | Kind.COUNT:
            return _number_problem(field, text)
        case Kind.SWITCH:
            return _switch_problem(field, text.strip().lower())
        case Kind.JSON:
            return _json_problem(text)
        case _:
            return None


def _switch_problem(field: Field, text: str) -> str | None:
    if field.on not in _ON:
        return None if text == field.on else f"must be {field.on}; to switch it off, remove the setting"
    return None if text in _ON | _OFF else "must be on or off: 1 or 0"


def _number_problem(field: Field, text: str) -> str | None:
    milliseconds = field.kind is Kind.MILLISECONDS
    if not _NUMBER.fullmatch(text.strip()):
        if milliseconds:
            return "must be a whole number of milliseconds, digits only: 600000 is ten minutes"
        return f"must be a whole number of {field.unit}, digits only"
    digits = text.strip().lstrip("0")
    if len(digits) > 10 or int(digits or "0") > _AT_MOST:
        return f"must be at most {_AT_MOST}" + (" ms, which is 24 days" if milliseconds else "")
    return None


def _json_problem(text: str) -> str | None:
    found = Document.parse(text)
    if isinstance(found, FileError):
        return f"not JSON at column {found.column}: {found.message}"
    return None


def _headers_problem(text: str) -> str | None:
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return "must not be empty; to use the default, remove the setting"
    wrong = next((at for at, line in enumerate(lines, 1) if not _HEADER.fullmatch(line.strip())), None)
    return None if wrong is None else f"each line must be `Name: value`; line {wrong} is not"
