"""Compute the lines that an edit changes, with secrets masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import islice, takewhile
from typing import Literal

from stormdeck.model.masking.findings import secrets_in_texts
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.known import KnownSecrets
from stormdeck.model.text import clean, text_lines

_Opcode = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]
_LONG = 4000
"""Maximum number of lines for which the shortest diff is computed, in quadratic time."""
_AHEAD = 100
"""How many lines to look ahead for the next equal line in long texts."""


class DiffKind(StrEnum):
    """The kind of a diff line; the value is its prefix."""

    CONTEXT = " "
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a diff, with secrets masked and control characters removed."""

    kind: DiffKind
    old: int | None
    """Line number in the old text, counted from 1; ``None`` for an added line."""
    new: int | None
    text: str


def diff(old: str, new: str, known: KnownSecrets | None = None, context: int = 1) -> tuple[DiffLine, ...]:
    """Return the changed lines with up to ``context`` lines around them; empty if nothing changed.

    ``known`` masks secrets of other files too, which an edit may copy to a key that does not look like a secret.
    """
    before, after = text_lines(old), text_lines(new)
    same = _equal_at_start(before, after)
    if same == len(before) == len(after):
        return ()
    rest = min(len(before), len(after)) - same
    tail = min(rest, _equal_at_start(before[::-1], after[::-1]))
    start, left_out = max(0, same - context), max(0, tail - context)
    shown_before, shown_after = text_lines(mask_json(old)), text_lines(mask_json(new))
    hide = known or secrets_in_texts(old, new)
    lines: list[DiffLine] = []
    matcher = _matcher(before[start : len(before) - left_out], after[start : len(after) - left_out])
    for group in matcher.get_grouped_opcodes(context):
        for tag, old_from, old_to, new_from, new_to in group:
            olds = range(start + old_from, start + old_to)
            news = range(start + new_from, start + new_to)
            if tag == "equal":
                lines += [
                    DiffLine(DiffKind.CONTEXT, one + 1, two + 1, hide(clean(shown_before[one])))
                    for one, two in zip(olds, news, strict=True)
                ]
                continue
            lines += [DiffLine(DiffKind.REMOVED, one + 1, None, hide(clean(shown_before[one]))) for one in olds]
            lines += [DiffLine(DiffKind.ADDED, None, two + 1, hide(clean(shown_after[two]))) for two in news]
    return tuple(lines)


def _run_of_equals(pairs: Iterable[tuple[str, str]]) -> int:
    """Return how many pairs at the start are equal."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _equal_at_start(one: list[str], other: list[str]) -> int:
    """Return how many lines at the start are equal. Slices are compared: twenty thousand lines in a millisecond."""
    same, end = 0, min(len(one), len(other))
    while same < end:
        middle = (same + end + 1) // 2
        if one[same:middle] == other[same:middle]:
            same = middle
        else:
            end = middle - 1
    return same


def _matcher(before: list[str], after: list[str]) -> SequenceMatcher[str]:
    """Return a matcher for two texts; for long ones a linear one."""
    is_short = len(before) + len(after) <= _LONG
    return (SequenceMatcher if is_short else _LinearMatcher)(None, before, after, autojunk=False)


class _LinearMatcher(SequenceMatcher[str]):
    """Walk through both texts once; the shortest diff would take quadratic time."""

    def set_seqs(self, a: Sequence[str], b: Sequence[str]) -> None:
        """Store the lines without the index of the base class."""
        self.a, self.b = a, b

    def get_opcodes(self) -> list[_Opcode]:
        """Return the equal and the different blocks."""
        return list(_opcodes(self.a, self.b))


def _opcodes(before: Sequence[str], after: Sequence[str]) -> Iterator[_Opcode]:
    """Yield equal and different blocks; a different block ends at the nearest equal line."""
    old = new = 0
    while old < len(before) or new < len(after):
        same = _run_of_equals(zip(islice(before, old, None), islice(after, new, None), strict=False))
        if same:
            yield "equal", old, old + same, new, new + same
            old, new = old + same, new + same
            continue
        skipped = ((total - more, more) for total in range(1, _AHEAD) for more in range(total + 1))
        meets = (
            (old + one, new + two)
            for one, two in skipped
            if old + one < len(before) and new + two < len(after) and before[old + one] == after[new + two]
        )
        next_old, next_new = next(meets, (len(before), len(after)))
        yield "replace", old, next_old, new, next_new
        old, new = next_old, next_new
