"""Deliver dated lines of a source: the last hour as history, and each line once, however often it is opened again."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch

HISTORY_S = 3600.0
HISTORY_BYTES = 1024 * 1024
RECENT_BYTES = 512 * 1024
OVERLAP_S = 2.0
"""How far a source is read again after a pause: lines of two streams are stored almost in the order of their times."""
MOST_KEPT = 50_000
"""Lines of the last seconds that are remembered to recognise them."""


@dataclass(frozen=True, slots=True)
class Span:
    """How much of a log is read."""

    history_s: float = HISTORY_S
    """How many seconds of the past are read at the start."""
    history_bytes: float = HISTORY_BYTES
    """The most characters of them that are delivered, the newest; infinite: all, as they are read."""
    follow: bool = True
    """Whether the log is followed; else it is read once, to its end, and everything is history."""


LIVE = Span()
NEW = Span(history_s=0.0, history_bytes=0)
RECENT = Span(history_bytes=RECENT_BYTES, follow=False)
WHOLE = Span(math.inf, math.inf, follow=False)


class Dated(NamedTuple):
    """A line, and when it was written, in unix seconds, as its source knows it."""

    text: str
    time: float | None


class Delivery:
    """Pass lines to a receiver in batches.

    Lines that are older than the first call are history. They are kept back until a newer line comes or the source
    pauses (``settle``), and only the newest of them are delivered.
    """

    def __init__(
        self,
        log: str,
        deliver: Callable[[LogBatch], None],
        clock: Callable[[], float],
        span: Span = LIVE,
    ) -> None:
        self._log = log
        self._deliver = deliver
        self._clock = clock
        self._span = span
        self._live_from = clock()
        self._past: deque[Dated] | None = deque() if span.history_bytes < math.inf else None
        self._past_size = 0
        self._newest: float | None = None
        self._kept: deque[tuple[float, int]] = deque()
        """Time and hash of the lines of the last seconds."""
        self._expected = Counter[int]()
        """Lines that the source will repeat, since it was opened again."""
        self._repeats_from = self._repeats_to = float("-inf")
        self.count = 0
        """How many lines were delivered or kept back."""

    @property
    def since(self) -> float:
        """Return from when on the source has to be read, in unix seconds."""
        return max(0.0, self._live_from - self._span.history_s) if self._newest is None else self._newest - OVERLAP_S

    def reopen(self, *, same: bool = True) -> None:
        """Note that the source is opened again. ``same``: it repeats what it had; else its lines are all new."""
        self._expected = Counter(key for _, key in self._kept) if same else Counter()
        newest = self._newest if same and self._newest is not None else float("-inf")
        self._repeats_to, self._repeats_from = newest, self._kept[0][0] if same and self._kept else newest

    def take(self, lines: Iterable[Dated], since: float | None = None) -> None:
        """Deliver lines, but for those that were delivered before. ``since``: no line is older, in unix seconds."""
        live = [line for line in lines if not self._is_repeated(line) and not self._keep_back(line)]
        self.count += len(live)
        self._give(live, history=not self._span.follow, since=since)

    def settle(self) -> None:
        """Deliver the history: the source pauses or has ended."""
        past, self._past = self._past, None
        if past:
            self._give(list(past), history=True)
            self._past_size = 0

    def _keep_back(self, line: Dated) -> bool:
        if self._past is None:
            return False
        if self._span.follow and line.time is not None and line.time >= self._live_from:
            self.settle()
            return False
        self.count += 1
        self._past.append(line)
        self._past_size += len(line.text) + 1
        while self._past and self._past_size > self._span.history_bytes:
            self._past_size -= len(self._past.popleft().text) + 1
        return True

    def _is_repeated(self, line: Dated) -> bool:
        if line.time is None:
            return False
        key = hash(line)
        if line.time <= self._repeats_to:
            if line.time < self._repeats_from:
                return True
            if self._expected[key] > 0:
                self._expected[key] -= 1
                return True
        self._kept.append((line.time, key))
        self._newest = line.time if self._newest is None else max(self._newest, line.time)
        while self._kept and (len(self._kept) > MOST_KEPT or self._kept[0][0] < self._newest - OVERLAP_S - 1):
            self._kept.popleft()
        return False

    def _give(self, lines: list[Dated], *, history: bool, since: float | None = None) -> None:
        if lines:
            texts, times = zip(*lines, strict=True)
            dated = times if any(time is not None for time in times) else ()
            self._deliver(LogBatch(self._log, texts, self._clock(), history, since, dated))
