"""Find the longest of many texts that stands at one offset of another text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

_NONE = -1


class LongestPrefix:
    """Texts in order; each refers to the longest other one that it begins with.

    The text to find begins either the last one that sorts before the offset's text, or nothing: so one bisection and a
    logarithmic number of comparisons are enough, however many texts begin alike.

    >>> LongestPrefix(["ab", "abc", "abd"]).at("xabcy", 1)
    3
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = sorted(set(texts))
        self._longest = max(map(len, self._texts), default=0)
        self._shorter: list[int] = []
        """The longest other text that each begins with."""
        self._jump: list[int] = []
        """One further along that chain: jumps double in length, so that a chain is not walked link by link."""
        self._depth: list[int] = []
        self._link()

    def _link(self) -> None:
        last = _NONE
        for number, text in enumerate(self._texts):
            while last != _NONE and not text.startswith(self._texts[last]):
                last = self._shorter[last]
            self._shorter.append(last)
            self._depth.append(self._depth[last] + 1 if last != _NONE else 0)
            self._jump.append(self._jump_from(last))
            last = number

    def _jump_from(self, shorter: int) -> int:
        if shorter == _NONE or self._jump[shorter] == _NONE:
            return shorter
        near, far = self._jump[shorter], self._jump[self._jump[shorter]]
        reach = self._depth[far] if far != _NONE else -1
        return far if self._depth[shorter] - self._depth[near] == self._depth[near] - reach else shorter

    def at(self, text: str, offset: int) -> int:
        """Return the length of the longest of the texts that stands at an offset; 0: none does."""
        found = bisect_right(self._texts, text[offset : offset + self._longest]) - 1
        while found != _NONE and not text.startswith(self._texts[found], offset):
            jump = self._jump[found]
            too_long = jump != _NONE and not text.startswith(self._texts[jump], offset)
            found = jump if too_long else self._shorter[found]
        return len(self._texts[found]) if found != _NONE else 0
