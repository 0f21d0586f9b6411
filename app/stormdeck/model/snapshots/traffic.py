"""Hold requests, turns, retries and storms over time, as the overview shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from stormdeck.model.finding import HopKind

if TYPE_CHECKING:
    from stormdeck.model.retries.odds.unclear import Unclear
    from stormdeck.model.retries.sessions import InFlight
    from stormdeck.model.retries.storms.storm import Storm
    from stormdeck.model.traffic.upstream import Upstream


class Bucket(NamedTuple):
    """Main requests in one slice of time.

    Each is counted once: a retry counts as a retry, whether it succeeds or fails.
    """

    ok: int
    failed: int
    """First attempts with a status of 400 or more."""
    retry: int
    """Attempts beyond the first."""


RECENT_S = 120
"""How long a storm or failure is still in the headline after it is over, in seconds."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The newest main request that was answered with an error."""

    status: int
    at: float
    """Unix seconds."""
    reason: str
    """The error record at that time, shortened; empty if the log has none."""
    log: str
    passed: bool
    """A later request succeeded."""
    hop: HopKind | None = None
    """The server that failed, if the logs show it."""
    served: str = ""
    """The model ids that a 404 listed as served."""
    recent: bool = False
    """It is recent enough for a headline."""


class PathChange(NamedTuple):
    """A moment since which another log is the nearest to the client."""

    at: float
    """Unix seconds."""
    log: str
    slice: int = 0
    """The slice of the window that it is in, counted from 0."""


@dataclass(frozen=True, slots=True)
class TrafficSnapshot:
    """Main requests in the last window, rounded to what is shown."""

    buckets: tuple[Bucket, ...]
    """Oldest first; the last one is incomplete. Their number is constant."""
    bucket_s: int
    requests: int
    """In the window, like ``turns`` and ``retries``."""
    turns: int
    retries: int
    requests_per_minute: float
    """In the last minute, like the next two."""
    turns_per_minute: float
    retries_per_minute: float
    storms: tuple[Storm, ...] = ()
    """Newest first; their number is limited."""
    logs: tuple[str, ...] = ()
    """The logs that are read; if it is empty, no count means anything."""
    counted: str = ""
    """The log whose requests count now; empty before the first request. Each request counts in the log that was
    nearest to the client at that time."""
    changes: tuple[PathChange, ...] = ()
    """Changes of the path in the window, oldest first."""
    gaps: tuple[tuple[float, float], ...] = ()
    """Times in the window in which nothing was watched, since the panel was stopped or asleep: (start, end)."""
    unwatched_s: int = 0
    """Length of the gaps that ended in the last minute, in seconds: the rates of that minute exclude them."""
    unwatched: tuple[int, ...] = ()
    """The indices of slices that are completely in a gap."""
    client_version: str = ""
    """Version of the client that wrote the newest transcript line; empty before the first one."""
    since: float | None = None
    """When the first line was read, in unix seconds; what happened before is unknown."""
    upstream: Upstream | None = None
    """The proxy's own requests in the window; ``None`` if unknown."""
    waiting: int | None = None
    """How many turns wait for an answer, or did a moment ago, by transcripts; ``None`` if none is read."""
    in_flight: tuple[InFlight, ...] = ()
    """These turns, each with its session."""
    failure: Failure | None = None
    """The newest failed request in the log nearest to the client."""
    unclear: Unclear | None = None
    """The traffic of the last minutes in which attempts cannot be told apart, so that no storm is found."""
    uncounted: str = ""
    """Why the logs do not show requests that a server has answered; empty if they do."""
    bursts_of_400: bool = False
    """A request that was answered with 400 was sent again several times without a wait, as 2.1.329 does (measured)."""
    newest_slice: int = field(default=0, compare=False)
    """The number of the last bucket, counted from the start of unix time: time alone is no change."""
    clock_resets: int = field(default=0, compare=False)
    """How often counting began anew because the clock was set back."""

    @property
    def live_storm(self) -> Storm | None:
        """Return the newest storm that is still failing."""
        return next((storm for storm in self.storms if storm.fails), None)

    @property
    def amplification(self) -> float | None:
        """Return requests per turn in the last minute, ``None`` without turns or requests."""
        if not self.turns_per_minute or not self.requests_per_minute:
            return None
        return self.requests_per_minute / self.turns_per_minute
