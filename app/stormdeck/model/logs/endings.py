"""Recognise how a server's log ends: with a crash, an orderly stop, or a failed start."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from stormdeck.model.finding import HopKind


class Ending(StrEnum):
    """How a server ended, by its log (measured, vLLM 0.28 and 0.32, LiteLLM 1.109)."""

    CRASHED = "its log says that the engine exited unexpectedly: a crash"
    NOT_STARTED = "its log says that the engine could not be started"
    STOPPED = "its log says that it was shut down in an orderly way"
    REFUSED_TO_START = "its log says that it refused to start without a master key of its own"

    @property
    def hop(self) -> HopKind:
        """Return the server that ends in this way."""
        return HopKind.PROXY if self is Ending.REFUSED_TO_START else HopKind.SERVER


_BEGINS = re.compile(r"Started server process \[|[▀▄█] +version \d|vLLM API server version")
_ENDS = (
    ("engine core exited unexpectedly", Ending.CRASHED),
    ("API server: shutdown triggered", Ending.STOPPED),
    ("Engine core initialization failed", Ending.NOT_STARTED),
    ("LiteLLM proxy refused to start", Ending.REFUSED_TO_START),
)


def ending(lines: Sequence[str], known: Ending | None = None) -> Ending | None:
    """Return how the server ended by these lines; ``None`` while it runs, or if they do not show it.

    ``known`` is the result of the lines before. The first sign of an end counts: a shutdown with open streams also logs
    ``EngineDeadError``, and a crash also logs a shutdown (measured, 0.28 and 0.32).
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
    """The ends of the logs that are read."""

    last_lines: Mapping[str, str] = field(default_factory=dict)
    """The newest raw line of each log: clean it before it is shown."""
    endings: Mapping[str, Ending] = field(default_factory=dict)
    """How the server ended, for logs whose server has."""
