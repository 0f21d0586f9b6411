"""Make text from outside safe to show in a terminal."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"  # OSC: titles, links, clipboard
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f])[^\x1b\x90\x98\x9c-\x9f]*(?:\x1b\\|\x9c)"  # DCS, SOS, PM, APC
    r"|\x1b[\[\]PX^_]"  # one of these without an end: what follows stays readable
    r"|\x1b[ -/]*[0-~]"
)
"""None contains the beginning of another, so that a row of beginnings is read in linear time."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""The most usual sequence, which is found several times faster than one of any kind."""
_DROPPED = re.compile(
    "[\0\r\xad\u061c\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
    # A joiner holds emoji together; anywhere else it hides something.
    "|(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d"
)
_CONTROL = re.compile("[\x01-\x08\t\n\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡", 0x09: "    "}


def clean(text: str) -> str:
    r"""Return one line that is safe to show.

    Escape sequences, CR, NUL, bidirectional overrides and zero-width characters are removed; other control characters
    become symbols (``␇``), a tab four spaces. Wide characters and emoji stay.

    >>> clean("\x1b[31mred\x1b[0m\a")
    'red␇'
    """
    if text.isprintable():
        return text
    if "\x1b" in text or not text.isascii():
        text = _ESCAPE.sub("", text)
    return _CONTROL.sub(_picture, _DROPPED.sub("", text))


def strip_escapes(text: str) -> str:
    """Return the text without escape sequences."""
    if text.isascii():
        plain = _COLOUR.sub("", text)
        if "\x1b" not in plain:
            return plain
    return _ESCAPE.sub("", text)


def _picture(match: re.Match[str]) -> str:
    return _PICTURES.get(ord(match[0]), "\ufffd")


def text_lines(text: str) -> list[str]:
    """Return the lines without their ends; only a line feed ends a line, as in an editor."""
    lines = text.removeprefix("\ufeff").split("\n")
    if "\r" in text:
        lines = [line.removesuffix("\r") for line in lines]
    return lines[:-1] if lines[-1] == "" else lines
