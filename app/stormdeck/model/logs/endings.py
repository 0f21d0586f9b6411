"""How a server's log ends: a crash, an orderly stop, or a start that failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from stormdeck.model.finding import HopKind


class Ending(StrEnum):
    """What a log says last of its server's life (measured, vLLM 0.28 and 0.32, LiteLLM 1.109)."""

    CRASHED = "its log says that the engine exited unexpectedly: a crash"
    NOT_STARTED = "its log says that the engine could not be started"
    STOPPED = "its log says that it was shut down in an orderly way"
    REFUSED_TO_START = "its log says that it refused to start without a master key of its own"

    @property
    def hop(self) -> HopKind:
        """Return which server writes it."""
        return HopKind.PROXY if self is Ending.REFUSED_TO_START else HopKind.SERVER


_BEGINS = re.compile(r"Started server process \[|[▀▄█] +version \d|vLLM API server version")
_ENDS = (
    ("engine core exited unexpectedly", Ending.CRASHED),
    ("API server: shutdown triggered", Ending.STOPPED),
    ("Engine core initialization failed", Ending.NOT_STARTED),
    ("LiteLLM proxy refused to start", Ending.REFUSED_TO_START),
)


def ending(lines: Sequence[str], known: Ending | None = None) -> Ending | None:
    """Return how the life of a server ends that lines tell of; ``None`` while it goes on, or nothing is told.

    ``known`` is what the lines before said. The first word of an end counts: a shutdown with open streams writes
    ``EngineDeadError`` too, and a crash a shutdown (measured, 0.28 and 0.32).
    """
    if known is None:
        text = "\n".join(lines)
        if not any(words in text for words, _ in _ENDS):
            return None
    for line in lines:
        if known is None:
            known = next((end for words, end in _ENDS if words in line), None)
        elif _BEGINS.search(line):
            known = None
    return known


@dataclass(frozen=True, slots=True)
class LogTails:
    """The ends of the logs that are read. Empty: nothing is known of them."""

    last_lines: Mapping[str, str] = field(default_factory=dict)
    """The newest line of each, raw: clean it before it is shown."""
    endings: Mapping[str, Ending] = field(default_factory=dict)
    """Only of logs whose server's life has ended."""
