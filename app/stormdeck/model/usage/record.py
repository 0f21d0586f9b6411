"""Parse what a transcript line says about usage. No word of the conversation is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stormdeck.model.retries.transcript import LONGEST_NAME, Entry, EntryKind, entry_from, parse_fields

_MOST = 1_000_000_000
"""No answer has more tokens; a larger number is damage."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one answer. ``None``: not recorded."""

    read: int | None = None
    """All tokens of the prompt, with those from a cache."""
    cached: int = 0
    """Those of the prompt that a cache had. 0 also where the server does not say."""
    written: int | None = None
    """The tokens of the answer."""
    counts_cache: bool = False
    """Whether the server said anything of a cache."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line: its structure, and the usage if it is part of an answer."""

    entry: Entry
    tokens: Tokens | None = None
    model: str = ""
    is_final: bool = False
    """Whether the answer was complete when this was written."""


def parse_record(line: str) -> Record | None:
    """Return what a line says, ``None`` if it is not about requests, damaged, or too long."""
    fields = parse_fields(line)
    entry = None if fields is None else entry_from(fields)
    if fields is None or entry is None:
        return None
    if entry.kind is not EntryKind.ANSWER:
        return Record(entry)
    message = fields["message"]
    model, stop = message.get("model"), message.get("stop_reason")
    is_final = isinstance(stop, str) and stop != ""
    return Record(
        entry,
        _tokens(message.get("usage"), is_final=is_final),
        model[:LONGEST_NAME] if isinstance(model, str) else "",
        is_final,
    )


def _tokens(usage: object, *, is_final: bool) -> Tokens:
    """Return the tokens in a ``usage`` block.

    Up to 2.1.42 it is that of the answer's begin: without a stop reason, the tokens of the answer are not known. A
    prompt of no tokens does not exist: the server had not counted them yet (measured, LiteLLM), or never does.
    """
    if not isinstance(usage, dict):
        return Tokens()
    uncached = _count(usage, "input_tokens")
    hits, stored = _count(usage, "cache_read_input_tokens") or 0, _count(usage, "cache_creation_input_tokens") or 0
    read = None if uncached is None else uncached + hits + stored
    written = _count(usage, "output_tokens") if is_final and read else None
    return Tokens(read or None, hits if read else 0, written, counts_cache=bool(read) and hits + stored > 0)


def _count(usage: dict[str, Any], key: str) -> int | None:
    value = usage.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST else None
