"""What a field of the form is, and whether a text is a value of its type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum, auto

from stormdeck.model.json_edit.document import Document, FileError


class Group(StrEnum):
    """The parts of the form, in their order."""

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
    """An id that the server serves."""
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
    """What it means for a server of one's own; one or two sentences."""
    default: str
    """What holds when it is not set, in words."""
    unit: str = ""
    on: str = "1"
    """Of a switch: the text that is written to switch it on."""
    off: str | None = None
    """Of a switch: the text that switches it off; ``None``: the entry is removed."""

    @property
    def name(self) -> str:
        """Return the key by itself: ``ANTHROPIC_BASE_URL``."""
        return self.path.rpartition(".")[2]

    def is_on(self, text: str | None) -> bool:
        """Say whether a switch stands on; one that is not set stands as the client's default says."""
        if text is None:
            return self.off is not None
        return text.strip().lower() in _ON if self.off is None else text.strip().lower() not in _OFF

    def written(self, *, on: bool) -> str | None:
        """Return the text to write for a switch, ``None`` to remove the entry."""
        return self.on if on else self.off


_ON = {"1", "true"}
_OFF = {"0", "false"}
TIERS = ("sonnet", "opus", "haiku", "fable", "opusplan", "best")
"""What ``model`` may name beside an id; ``sonnet[1m]`` and ``opus[1m]`` are forms of two of them."""

_AT_MOST = 2**31 - 1
_NUMBER = re.compile(r"\d+", re.ASCII)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:.*")


def problem(field: Field, text: str) -> str | None:
    """Say in plain words why a text is no value of the field's type, ``None`` when it is one.

    Types only: what a value does is told by the rules.
    """
    if field.kind is Kind.HEADERS:
        return _headers_problem(text)
    if any(ord(char) < 32 or char == "\x7f" for char in text):
        return "one line of plain text, please: it holds a line break or a control character"
    if not text.strip():
        return "a value is needed; to leave it to the client, remove the setting"
    match field.kind:
        case Kind.URL:
            return None if " " not in text.strip() else "an address has no blanks"
        case Kind.MILLISECONDS | Kind.COUNT:
            return _number_problem(field, text)
        case Kind.SWITCH:
            return None if text.strip().lower() in _ON | _OFF else "on or off: 1 or 0"
        case Kind.JSON:
            return _json_problem(text)
        case _:
            return None


def _number_problem(field: Field, text: str) -> str | None:
    milliseconds = field.kind is Kind.MILLISECONDS
    if not _NUMBER.fullmatch(text.strip()):
        if milliseconds:
            return "whole milliseconds, digits only: 600000 is ten minutes"
        return f"a whole number of {field.unit}, digits only"
    digits = text.strip().lstrip("0")
    if len(digits) > 10 or int(digits or "0") > _AT_MOST:
        return f"too large: at most {_AT_MOST}" + (" ms, which is 24 days" if milliseconds else "")
    return None


def _json_problem(text: str) -> str | None:
    found = Document.parse(text)
    if isinstance(found, FileError):
        return f"not JSON at column {found.column}: {found.message}"
    return None


def _headers_problem(text: str) -> str | None:
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return "a value is needed; to leave it to the client, remove the setting"
    strange = next((at for at, line in enumerate(lines, 1) if not _HEADER.fullmatch(line.strip())), None)
    return None if strange is None else f"one `Name: value` a line, and line {strange} is none"
