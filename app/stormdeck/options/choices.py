"""Options that are one of a few words, or several of them."""

from __future__ import annotations

from difflib import get_close_matches

from stormdeck.model.arrange import PANELS
from stormdeck.model.notice import WAYS
from stormdeck.options.kinds import Kind, Place, quoted


def choice(*words: str) -> Kind:
    """Return the kind of a text that is one of a few words."""

    def read(text: str, _place: Place) -> str:
        return _one(text, words)

    return Kind("|".join(words), " or ".join(words), read)


def several(metavar: str, words: tuple[str, ...]) -> Kind:
    """Return the kind of a list of words with commas between them: each of a few, each once, in any order."""

    def read(text: str, _place: Place) -> tuple[str, ...]:
        named = tuple(_one(word.strip(), words) for word in text.split(","))
        twice = next((word for word in named if named.count(word) > 1), None)
        if twice is not None:
            raise ValueError(f"{quoted(twice)} is named twice")
        return named

    return Kind(metavar, f"names with commas between them, of {', '.join(words)}", read)


def _one(text: str, words: tuple[str, ...]) -> str:
    word = text.lower()
    if word in words:
        return word
    near = get_close_matches(word, words, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"expected {_either(words)}, found {quoted(text) if text else 'nothing'}{meant}")


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


PANEL_NAMES = several("NAMES", PANELS)
DENSITY = choice("normal", "compact")
NOTIFY = choice(*WAYS)
