"""Explain and complete a filter of the log view while it is typed."""

from __future__ import annotations

from collections.abc import Sequence

from stormdeck.model.logs.query import FIELDS, LEVELS

SYNTAX = ('words  -word  "two words"  /re/', *(f"{name}:" for name in FIELDS))
"""What a filter may consist of."""
_VALUES = {"level": tuple(LEVELS), "status": ("5xx", "4xx", "429", "200"), "since": ("10m", "1h")}


def last_part(text: str) -> str:
    """Return what is being typed: the text after the last space, without a minus."""
    return text.rpartition(" ")[2].removeprefix("-")


def values_of(name: str, sources: Sequence[str], sessions: Sequence[str]) -> tuple[str, ...]:
    """Return the values that are offered for a term."""
    if name == "source":
        return tuple(sources)
    return tuple(sessions) if name == "session" else _VALUES.get(name, ())


def explanation(text: str, sources: Sequence[str] = (), sessions: Sequence[str] = ()) -> str:
    """Return what may be typed next: the values of the term that is being typed, or everything.

    >>> explanation("level:")
    'level: debug, info, warning or error, several with a comma; -level: is the opposite'
    """
    name, colon, _ = last_part(text).partition(":")
    if not colon or name not in FIELDS:
        return "  ".join(SYNTAX)
    offered = ", ".join(values_of(name, sources, sessions)) if name in {"source", "session"} else ""
    more = "" if name == "since" else f", several with a comma; -{name}: is the opposite"
    return f"{name}: {offered or FIELDS[name]}{more}"


def completion(text: str, sources: Sequence[str] = (), sessions: Sequence[str] = ()) -> str | None:
    """Return the text with its last part completed, ``None`` if there is nothing to complete.

    >>> completion("-count le"), completion("level:e"), completion("message")
    ('-count level:', 'level:error', None)
    """
    part = last_part(text)
    name, colon, value = part.partition(":")
    if not colon:
        found = next((one for one in FIELDS if len(part) > 1 and one.startswith(part)), None)
        return None if found is None else f"{text[: len(text) - len(part)]}{found}:"
    if name not in FIELDS:
        return None
    done, comma, last = value.rpartition(",")
    found = next((one for one in values_of(name, sources, sessions) if last and one.startswith(last)), None)
    if found is None or found == last:
        return None
    return f"{text[: len(text) - len(value)]}{done}{comma}{found}"
