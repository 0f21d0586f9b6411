"""Requests, turns and retries over time, as the strip shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from stormdeck.model.finding import HopKind

if TYPE_CHECKING:
    from stormdeck.model.retries.sessions import InFlight
    from stormdeck.model.retries.storms.storm import Storm
    from stormdeck.model.traffic.upstream import Upstream


class Bucket(NamedTuple):
    """Main requests that arrived in one slice of time.

    Each is counted once: a retry is a retry, whatever came of it.
    """

    ok: int
    failed: int
    """First attempts with a status of 400 or more."""
    retry: int
    """Attempts beyond the first."""


RECENT_S = 120
"""How long a storm or a failure that is over stays worth a headline."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The newest main request that was answered with an error."""

    status: int
    at: float
    """Unix seconds."""
    reason: str
    """The error record beside it, in a few words; empty where the log has none."""
    log: str
    passed: bool
    """A request after it was answered well."""
    hop: HopKind | None = None
    """Whose answer it was, as far as the logs tell."""
    served: str = ""
    """The ids that a 404 named as served."""
    recent: bool = False
    """It is still worth a headline."""


class PathChange(NamedTuple):
    """Another log was the nearest to the client from then on."""

    at: float
    """Unix seconds."""
    log: str
    slice: int = 0
    """In which slice of the window, counted from 0."""


@dataclass(frozen=True, slots=True)
class TrafficSnapshot:
    """The last window of main requests, rounded to what is shown."""

    buckets: tuple[Bucket, ...]
    """Oldest first, the last one still filling; their number is constant."""
    bucket_s: int
    requests: int
    """In the window, like the two below."""
    turns: int
    retries: int
    requests_per_minute: float
    """Over the last minute, like the two below; one decimal."""
    turns_per_minute: float
    retries_per_minute: float
    storms: tuple[Storm, ...] = ()
    """Newest first, bounded."""
    logs: tuple[str, ...] = ()
    """The logs that are read; empty: there is none, and all counts are worth nothing."""
    counted: str = ""
    """The one of them whose requests count now; empty while none showed any. Each request counts at the log that was
    the nearest to the client then."""
    changes: tuple[PathChange, ...] = ()
    """In the window, oldest first."""
    gaps: tuple[tuple[float, float], ...] = ()
    """From when to when nothing was watched in the window, in unix seconds: the panel was stopped, or it slept."""
    unwatched_s: int = 0
    """Seconds of those gaps that ended in the last minute: the rates of that minute leave them out."""
    unwatched: tuple[int, ...] = ()
    """The slices that lie in a gap as a whole, by their indices."""
    client_version: str = ""
    """Of the client that wrote the newest transcript line; empty while none did."""
    since: float | None = None
    """Unix seconds from which on lines were seen; the window before it is not known to be quiet."""
    upstream: Upstream | None = None
    """What the proxy made of its clients' requests in the window; ``None`` where nothing tells it."""
    waiting: int | None = None
    """Turns that wait for an answer, or did a moment ago, as transcripts tell; ``None`` where none is read."""
    in_flight: tuple[InFlight, ...] = ()
    """Those turns, each with its session."""
    failure: Failure | None = None
    """``None``: none in the log nearest to the client."""
    bursts_of_400: bool = False
    """A request that was answered with 400 was sent again and again at once, as 2.1.329 does (measured)."""

    @property
    def live_storm(self) -> Storm | None:
        """Return the newest storm that still goes on."""
        return next((storm for storm in self.storms if storm.fails), None)

    @property
    def amplification(self) -> float | None:
        """Return requests per turn over the last minute, ``None`` without a turn or a request."""
        if not self.turns_per_minute or not self.requests_per_minute:
            return None
        return self.requests_per_minute / self.turns_per_minute
