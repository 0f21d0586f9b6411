"""What an action is: a name that stays, its keys, and the words for it."""

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
    "ctrl+c": "copies marked text, and says how to quit",
    "tab": "goes to the next field",
    "shift+tab": "goes to the field before",
}
"""Keys that no keymap can take, with what they do."""


def read_keys(text: str) -> tuple[str, ...]:
    """Return the keys of ``ctrl+f, F, ?`` by Textual's names; ValueError says which is none."""
    return tuple(_read(part.strip()) for part in text.split(","))


def _read(text: str) -> str:
    if text.startswith("^") and len(text) > 1:
        text = f"ctrl+{text[1:]}"
    *modifiers, last = text.split("+") if len(text) > 1 else [text]
    name = _base(last)
    held = sorted({modifier.lower() for modifier in modifiers})
    if name is None or not set(held) <= set(_MODIFIERS):
        raise ValueError(f'"{clean(text)[:40]}" is no key; write one as f, F, ?, ctrl+f, shift+up, space, escape or f5')
    if len(name) == 1:
        if held == ["shift"]:
            return name.upper()
        name = name.lower() if held else name
    key = "+".join([*held, name])
    if key in KEPT:
        raise ValueError(f"{key} cannot be taken: it {KEPT[key]}")
    return key


def _base(text: str) -> str | None:
    """Return a key without its modifiers by Textual's name; ``None`` where there is none of that name."""
    if len(text) == 1 and text.isprintable():
        return "space" if text == " " else text if text.isalnum() else _sign_name(text)
    name = text.lower()
    name = _ALIASES.get(name, name)
    return name if name in _NAMED or name in _BY_NAME else None


def _sign_name(sign: str) -> str:
    """Return the name of a sign, as Textual makes it."""
    return _OWN_NAMES.get(sign) or unicodedata.name(sign, "").lower().replace("-", "_").replace(" ", "_")


_BY_NAME = {_sign_name(sign): sign for sign in punctuation}


def written_key(key: str) -> str:
    """Return a key as one types it into a file: ``?``, ``ctrl+r``, ``escape``, ``shift+up``."""
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
    """One thing that a key does."""

    id: str
    """Stable: a keymap names it. Its first part is the place where it works."""
    keys: str
    """As Textual names them, several with commas, the one that is shown first."""
    words: str
    """Three words at most, for the footer."""
    help: str
    """One sentence, for the help and the palette."""
    call: str
    """Textual's action string."""
    footer: bool = False
    """Whether it is one of the few that matter in its place."""
    inner: bool = False
    """Bound by the list that has the focus, where the screen would get the key too late."""
    priority: bool = False
    """Whether it works while a text is typed and over a dialog too."""
    writes: bool = False
    """Whether it changes the client's settings, or leads there; a panel that is read only leaves it out."""

    @property
    def place(self) -> str:
        """Return where it works: ``app`` is every area, else an area or a dialog."""
        return self.id.partition(".")[0]

    @property
    def shown(self) -> str:
        """Return its first key as people write it."""
        return shown_key(self.keys.partition(",")[0])

    @property
    def all_shown(self) -> tuple[str, ...]:
        """Return all its keys as people write them."""
        return tuple(map(shown_key, self.keys.split(",")))

    @property
    def target(self) -> str:
        """Return the action string with its owner, as a click or the palette calls it."""
        if "." in self.call.partition("(")[0]:
            return self.call
        return f"{'app' if self.place == 'app' else 'screen'}.{self.call}"
