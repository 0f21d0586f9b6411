"""The prefix cache: how much of a prompt the engine has seen before."""

from __future__ import annotations

import zlib
from collections import OrderedDict

BLOCK = 16
"""Tokens a block."""
CHARS_PER_TOKEN = 4


def tokens_in(text: str) -> int:
    """Return about how many tokens a text has."""
    return max(1, len(text) // CHARS_PER_TOKEN)


class PrefixCache:
    """Remembers blocks of prompts by all that stands before them, as vLLM does, the oldest dropped first."""

    def __init__(self, blocks: int) -> None:
        self._capacity = blocks
        self._seen: OrderedDict[int, None] = OrderedDict()

    def admit(self, prompt: str) -> int:
        """Return how many tokens of the prompt were there already, and remember the prompt."""
        hits, unbroken, chain, width = 0, True, 0, BLOCK * CHARS_PER_TOKEN
        for start in range(0, len(prompt) - width + 1, width):
            chain = zlib.crc32(prompt[start : start + width].encode(), chain)
            unbroken = unbroken and chain in self._seen
            hits += unbroken
            self._seen[chain] = None
            self._seen.move_to_end(chain)
        while len(self._seen) > self._capacity:
            self._seen.popitem(last=False)
        return hits * BLOCK

    def clear(self) -> None:
        """Forget everything, as a new engine does."""
        self._seen.clear()
