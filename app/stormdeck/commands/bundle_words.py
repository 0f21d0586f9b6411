"""The list of a bundle's files, for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from stormdeck.model.redaction.redactor import E_MAIL, HOST, ID, PATH, SECRET, TOKEN, USER
from stormdeck.model.units import grouped, plural

_NOUNS = {
    SECRET: ("secret", "secrets"),
    TOKEN: ("token", "tokens"),
    E_MAIL: ("e-mail address", "e-mail addresses"),
    HOST: ("host", "hosts"),
    USER: ("user name", "user names"),
    PATH: ("path", "paths"),
    ID: ("id", "ids"),
    "value": ("value", "values"),
    "line": ("line", "lines"),
}


def redacted_words(taken: Mapping[str, int]) -> str:
    """Return what was taken out in words: ``2 secrets, 1 path``."""
    found = [plural(taken[sort], *nouns) for sort, nouns in _NOUNS.items() if taken.get(sort)]
    return ", ".join(found) or "nothing"


def size_words(size: int) -> str:
    """Return a size in bytes as people read it: ``812 B``, ``14 kB``."""
    return f"{size} B" if size < 1000 else f"{grouped(round(size / 1000))} kB"
