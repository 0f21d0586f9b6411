"""Define an action (a stable id, its keys and texts), and read and format keys."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from string import punctuation

from stormdeck.model.text import clean

_MODIFIERS = ("alt", "ctrl", "shift", "super")
_OWN_NAMES = {"/": "slash", "\\": "backslash", "@": "at", "-": "minus", "+": "plus", "_": "underscore"}
_ALIASES = {"esc": "escape", "return": "enter", "del": "delete", "ins": "insert", "pgup": "pageup", "pgdn": "pagedown"}
_NAMED = frozenset(
    {"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete", "backspace"}
    | {"enter", "escape", "space", "tab", *(f"f{number}" for number in range(1, 25))}
)
_SHOWN = {
    "escape": "esc",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "delete": "del",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}
KEPT = {
    "ctrl+c": "copies marked text and shows how to quit",
    "tab": "goes to the next field",
    "shift+tab": "goes to the previous field",
}
"""Keys that cannot be assigned, and what they do."""


def read_keys(text: str) -> tuple[str, ...]:
    """Return keys by Textual's names, or raise ``ValueError`` for one that does not exist.

    >>> read_keys("ctrl+f, F, ?")
    ('ctrl+f', 'F', 'question_mark')
    """
    return tuple(_read(part.strip()) for part in text.split(","))


def _read(text: str) -> str:
    if text.startswith("^") and len(text) > 1:
        text = f"ctrl+{text[1:]}"
    *modifiers, last = text.split("+") if len(text) > 1 else [text]
    name = _base(last)
    held = sorted({modifier.lower() for modifier in modifiers})
    if name is None or not set(held) <= set(_MODIFIERS):
        raise ValueError(f'"{clean(text)[:40]}" is not a key; examples: f, F, ?, ctrl+f, shift+up, space, escape or f5')
    if len(name) == 1:
        if held == ["shift"]:
            return name.upper()
        name = name.lower() if held else name
    key = "+".join([*held, name])
    if key in KEPT:
        raise ValueError(f"{key} cannot be assigned: it {KEPT[key]}")
    return key


def _base(text: str) -> str | None:
    """Return Textual's name of a key without modifiers, or ``None``."""
    if len(text) == 1 and text.isprintable():
        return "space" if text == " " else text if text.isalnum() else _sign_name(text)
    name = text.lower()
    name = _ALIASES.get(name, name)
    return name if name in _NAMED or name in _BY_NAME else None


def _sign_name(sign: str) -> str:
    """Return Textual's name of a punctuation character."""
    return _OWN_NAMES.get(sign) or unicodedata.name(sign, "").lower().replace("-", "_").replace(" ", "_")


_BY_NAME = {_sign_name(sign): sign for sign in punctuation}


def written_key(key: str) -> str:
    """Return a key as it is written in a file: ``?``, ``ctrl+r``, ``escape``, ``shift+up``."""
    *modifiers, last = key.split("+")
    return "+".join([*modifiers, _BY_NAME.get(last, last)]) if last != "comma" else key


def shown_key(key: str) -> str:
    """Return a key as it is shown: ``?``, ``^r``, ``esc``, ``shift+↑``."""
    *modifiers, last = key.split("+")
    base = _SHOWN.get(last) or _BY_NAME.get(last, last)
    if modifiers == ["ctrl"] and len(base) == 1:
        return f"^{base}"
    return "+".join([*modifiers, base])


@dataclass(frozen=True, slots=True)
class Action:
    """One action that keys start."""

    id: str
    """Stable, because keymaps name it. Its first part is the screen where it works."""
    keys: str
    """Textual's names, separated by commas; the first one is shown."""
    words: str
    """At most three words, for the footer."""
    help: str
    """One sentence, for the help and the palette."""
    call: str
    """Textual's action string."""
    footer: bool = False
    """Whether the footer shows it."""
    inner: bool = False
    """Whether the focused list binds it, because the screen would get the key too late."""
    priority: bool = False
    """Whether it also works in an input and over a dialog."""
    writes: bool = False
    """Whether it changes the client's settings, leads there, or restarts a server; a read-only panel leaves it out."""

    @property
    def place(self) -> str:
        """Return where it works: ``app`` for every area, or an area or dialog."""
        return self.id.partition(".")[0]

    @property
    def shown(self) -> str:
        """Return its first key as it is shown."""
        return shown_key(self.keys.partition(",")[0])

    @property
    def all_shown(self) -> tuple[str, ...]:
        """Return all its keys as they are shown."""
        return tuple(map(shown_key, self.keys.split(",")))

    @property
    def target(self) -> str:
        """Return the action string with its namespace, for clicks and the palette."""
        if "." in self.call.partition("(")[0]:
            return self.call
        return f"{'app' if self.place == 'app' else 'screen'}.{self.call}"
