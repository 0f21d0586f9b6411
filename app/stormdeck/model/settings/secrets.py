"""What must not be shown of a settings file, and how the rest of its text looks without it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import overload

from stormdeck.model.settings.scanner import Node, ScanError, scan
from stormdeck.model.text import MASK, mask, mask_text

_LAST_WORDS = "AUTH|AUTHORIZATION|TOKEN|KEY|APIKEY|SECRET|PASSWORD|PASSWD|CREDENTIAL|CREDENTIALS|HEADERS"
_SECRET_NAME = re.compile(rf"(?:^|[_.\-]|(?<=[a-z])(?=[A-Z]))(?i:{_LAST_WORDS})$")
_BROKEN_ENTRY = re.compile(rf"(?i)((?:{_LAST_WORDS})[\"'”]?\s*:\s*)[^\r\n]+")


def is_secret(name: str) -> bool:
    """Say whether a variable or key of this name holds a secret.

    ``MAX_OUTPUT_TOKENS`` counts tokens and is none; headers may carry one, and are.
    """
    return _SECRET_NAME.search(name) is not None


def masked_value(path: str, text: str) -> str:
    """Return a value as it may be shown: a secret as dots, a password inside an address too."""
    return mask(text) if is_secret(path.rpartition(".")[2]) else mask_text(text)


def masked_json(text: str) -> str:
    """Return JSON text with every secret masked, line for line the same; text that is not JSON is masked coarsely."""
    return mask_text(_without_named(text))


class MaskedLines(Sequence[str]):
    """The lines of a JSON text as ``masked_json`` shows them, each masked when it is looked at."""

    def __init__(self, text: str) -> None:
        self.bare: Sequence[str] = text_lines(_without_named(text))
        """The lines before what they quote is masked: for their lengths, not to be shown."""

    def __len__(self) -> int:
        return len(self.bare)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        found = self.bare[at]
        return mask_text(found) if isinstance(found, str) else [mask_text(line) for line in found]


def text_lines(text: str) -> list[str]:
    """Return the lines without their ends; only a line feed ends one, as in an editor."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    return lines[:-1] if lines[-1] == "" else lines


def _without_named(text: str) -> str:
    """Return JSON text without what stands under a secret's name."""
    start = 1 if text.startswith("\ufeff") else 0
    try:
        root = scan(text, start)
    except ScanError:
        return _BROKEN_ENTRY.sub(rf"\g<1>{MASK}", text)
    pieces: list[str] = []
    place = 0
    for begin, end in _spans(root):
        pieces += [text[place:begin], f'"{MASK}"']
        place = end
    return "".join([*pieces, text[place:]])


def _spans(node: Node) -> list[tuple[int, int]]:
    """Return the places of the strings that stand under a secret's name, in the order of the text."""
    spans: list[tuple[int, int]] = []
    for member in node.members or ():
        if is_secret(member.key) and isinstance(member.node.value, str) and member.node.value:
            spans.append((member.node.start, member.node.end))
        elif isinstance(member.node.value, dict):
            spans += _spans(member.node)
    return spans
