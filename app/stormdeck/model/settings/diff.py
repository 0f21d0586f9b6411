"""Which lines an edit changes."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import takewhile

from stormdeck.model.masking.findings import secrets_in_texts
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.known import KnownSecrets
from stormdeck.model.text import clean


class DiffKind(StrEnum):
    """What a line of a diff is; the value is the sign before it."""

    CONTEXT = " "
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff, secrets masked and control characters made harmless."""

    kind: DiffKind
    old: int | None
    """Line number in the old text from 1; ``None`` for an added line."""
    new: int | None
    text: str


def diff(old: str, new: str, known: KnownSecrets | None = None, context: int = 1) -> tuple[DiffLine, ...]:
    """Return the changed lines with at most ``context`` lines around them; empty when nothing changed.

    ``known``: secrets of other files too, which an edit may bring here under a name that does not tell.
    """
    before, after = _lines(old), _lines(new)
    shown_before, shown_after = _shown(old), _shown(new)
    hide = known or secrets_in_texts(old, new)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    start = max(0, same - context)
    lines: list[DiffLine] = []
    matcher = SequenceMatcher(None, before[start:], after[start:], autojunk=False)
    for group in matcher.get_grouped_opcodes(context):
        for tag, old_from, old_to, new_from, new_to in group:
            olds = range(start + old_from, start + old_to)
            news = range(start + new_from, start + new_to)
            if tag == "equal":
                lines += [
                    DiffLine(DiffKind.CONTEXT, one + 1, two + 1, hide(shown_before[one]))
                    for one, two in zip(olds, news, strict=True)
                ]
                continue
            lines += [DiffLine(DiffKind.REMOVED, one + 1, None, hide(shown_before[one])) for one in olds]
            lines += [DiffLine(DiffKind.ADDED, None, two + 1, hide(shown_after[two])) for two in news]
    return tuple(lines)


def _shown(text: str) -> list[str]:
    """Return the lines as they may be shown."""
    return [clean(line) for line in _lines(mask_json(text))]


def _lines(text: str) -> list[str]:
    """Return the lines without their ends; only a line feed ends one, as in an editor."""
    lines = [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
    return lines[:-1] if lines[-1] == "" else lines
