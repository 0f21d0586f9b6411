"""Keep samples of the last hours: every five seconds for an hour, every minute for a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from stormdeck.model.history.figures import UNKNOWN, Sample, minute_of
from stormdeck.model.history.unusual import Unusual

STEP_S, MINUTE_S = 5, 60
KEPT_S = {STEP_S: 3600, MINUTE_S: 24 * 3600}
"""How long samples of each length are kept, in seconds."""
HELD_S = 3 * STEP_S
"""The longest time between two samples that is no gap: a busy machine may be late."""


@dataclass(frozen=True, slots=True)
class HistorySnapshot:
    """The samples of the last hours. Where there is none, nothing was watched."""

    steps: tuple[Sample, ...] = ()
    """Of five seconds, oldest first."""
    minutes: tuple[Sample, ...] = ()
    """Of whole minutes, oldest first; the current one is not among them."""
    unusual: Unusual = field(default_factory=Unusual)
    problem: str = ""
    """Why they are not stored; empty if they are."""

    @property
    def is_known(self) -> bool:
        """Return whether any sample knows anything."""
        return any(one.values != UNKNOWN for part in (self.steps, self.minutes) for one in part)

    @property
    def since(self) -> int | None:
        """Return when the oldest sample began; ``None`` without one."""
        return min((part[0].at for part in (self.steps, self.minutes) if part), default=None)


class Ring:
    """The samples, by length and time. Old ones are dropped.

    >>> ring = Ring()
    >>> ended_a_minute = ring.add(1_000_007.0, Sample(0, (1.0,) * 13))
    >>> ring.samples(STEP_S)[0].at
    1000005
    """

    def __init__(self) -> None:
        self._samples: dict[int, dict[int, Sample]] = {STEP_S: {}, MINUTE_S: {}}
        self._last: Sample | None = None
        """The newest sample that was added, not loaded."""
        self._new: dict[tuple[int, int], Sample] = {}
        """Samples that are not stored yet, by length and time."""

    def add(self, now: float, sample: Sample) -> bool:
        """Add the sample of now; return whether it ended a minute.

        If the one before is only a little late, it stands for the slices between both.
        """
        at = int(now // STEP_S) * STEP_S
        last, self._last = self._last, sample._replace(at=at)
        if last is not None and 0 < at - last.at <= HELD_S:
            for between in range(last.at + STEP_S, at, STEP_S):
                self._put(STEP_S, last._replace(at=between))
        self._put(STEP_S, self._last)
        ended = last is not None and last.at // MINUTE_S != at // MINUTE_S
        if last is not None and ended:
            self.end_minute(last.at)
        self._drop(now)
        return ended

    def end_minute(self, at: int) -> None:
        """Add the sample of the minute that contains a time, of as much as is known of it."""
        begin = at // MINUTE_S * MINUTE_S
        inside = [one for one in self._samples[STEP_S].values() if begin <= one.at < begin + MINUTE_S]
        if inside:
            self._put(MINUTE_S, minute_of(sorted(inside, key=lambda one: one.at), begin))

    def end_now(self) -> None:
        """Add the sample of the current minute so far: the panel ends."""
        if self._last is not None:
            self.end_minute(self._last.at)

    def load(self, stored: Iterable[tuple[int, Sample]], now: float) -> None:
        """Add stored samples, by length, of times for which there is none yet."""
        for length, sample in stored:
            if length in self._samples and sample.at <= now:
                self._samples[length].setdefault(sample.at, sample)
        self._drop(now)

    @property
    def has_new(self) -> bool:
        """Return whether a sample is not stored yet."""
        return bool(self._new)

    def take_new(self) -> list[tuple[int, Sample]]:
        """Return the samples that are not stored yet, and forget that they are new."""
        new, self._new = self._new, {}
        return [(length, sample) for (length, _), sample in sorted(new.items())]

    def put_back(self, unsaved: Iterable[tuple[int, Sample]]) -> None:
        """Mark samples as not stored yet, because storing them failed."""
        for length, sample in unsaved:
            if sample.at in self._samples[length]:
                self._new.setdefault((length, sample.at), sample)

    def samples(self, length: int) -> tuple[Sample, ...]:
        """Return the samples of a length, oldest first."""
        return tuple(sorted(self._samples[length].values()))

    def _put(self, length: int, sample: Sample) -> None:
        self._samples[length][sample.at] = sample
        self._new[length, sample.at] = sample

    def _drop(self, now: float) -> None:
        """Drop samples that are too old, and those of the future: the clock was set back."""
        for length, kept in self._samples.items():
            gone = [at for at in kept if not now - KEPT_S[length] <= at <= now]
            for at in gone:
                del kept[at]
                self._new.pop((length, at), None)
