"""Hostile texts, and how they get into every place where text from outside is shown."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path

HOSTILE = {
    "escapes": "\x1b[31mA\x1b[2J\x1b]0;B\x07\x1b]8;;http://x\x1b\\C\x1bP0\x1b\\\x1bc\x9b31mD\x9d0;E",
    "controls": "A\0\a\b\t\n\v\f\r\x7f\x85\u2028B\ud800",
    "bidi": "A\u202eB\u2066C\u200f\u061cD\u2069",
    "zero-width": "A\u200b\u200c\u200d\u2060\ufeff\u00adB",
    "wide": "全角の文字列です😀👩\u200d💻ｆｕｌｌ",
    "combining": "Z\u0301\u0302\u0303\u0304\u0305\u0306",
    "look-alikes": "\u0430dmin-Qw\u0435n",
    "markup": "[b]A[/b][@click=app.quit]B[/][/red]#[fg=red]{C}%s",
}
LONG = "x" * 300
FORBIDDEN = {*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000)} | {
    *(0xAD, 0x61C, 0x200B, 0x200C, 0x200E, 0x200F, 0xFEFF, *range(0x2028, 0x202F), *range(0x2060, 0x2070))
}
"""Characters that act on a terminal or hide something in it; a joiner is part of emoji."""


def planted(value, text):
    """Return a snapshot, a finding or a line in which each text ends with another one; what is no text stays."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{one.name: planted(getattr(value, one.name), text) for one in fields(value) if one.init}
        )
    if isinstance(value, tuple):
        return tuple(planted(item, text) for item in value)
    if isinstance(value, Path):
        return Path(f"{value}{text}")
    return value + text if type(value) is str else value


def forbidden_in(text):
    """Return the characters of a text that no terminal must get."""
    return sorted({hex(ord(char)) for char in text if ord(char) in FORBIDDEN})
