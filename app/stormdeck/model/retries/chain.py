"""Requests, and the chain of attempts that make up a turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from stormdeck.model.retries.backoff import gives_up, is_retryable, wait_bounds

UNSURE_S = 2.0
"""A line whose time is known less closely than this is judged by its order: its log was not read for that long."""


class Request(NamedTuple):
    """One main request, as logged in an access line."""

    log: str
    status: int
    host: str
    port: int
    """The client's port: equal ports are one connection."""
    t: float | None = None
    """When the answer started, in unix seconds; ``None`` if the log has no times, so that only the order is known."""
    early: float = 0.0
    """Seconds by which ``t`` may be too early: 1 where the log has whole seconds only."""
    late: float = 0.0
    """Seconds by which ``t`` may be too late: the line was written some time between two reads of its log."""

    @property
    def earliest(self) -> float | None:
        """Return the earliest moment at which the answer can have started."""
        return None if self.t is None else self.t - self.late

    @property
    def failed(self) -> bool:
        """Return whether it was answered with an error."""
        return self.status >= 400


class Attempt(NamedTuple):
    """Which attempt of which turn a request is."""

    turn: int
    """The number of the turn, unique in a tracker."""
    number: int
    """The number of the attempt; 1 is not a retry."""
    instead_of: Request | None = None
    """A request that was taken for this attempt on weaker evidence, and now begins a turn of its own."""


def is_unsure(one: Request, other: Request) -> bool:
    """Return whether the time between two requests is not known well enough to compare it with the client's waits."""
    return one.t is None or other.t is None or max(one.late, other.late) > UNSURE_S


STORM = 3
"""A turn with this many attempts or more is a storm."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Chain:
    """The attempts of one turn so far. Create one with ``first_attempt`` and extend it by ``with_attempt``."""

    turn: int
    requests: tuple[Request, ...]
    """Its attempts in order, at least one."""
    newest: Request
    """The last attempt so far."""
    attempts: int
    """The number of attempts."""
    backoff_step: int
    """The back-off step of the newest attempt, from 1. A request that is sent again without a wait restarts at 1.

    Measured, 2.1.42 to 2.1.329: a 404, then 429s, and the waits after these are 0.5, 1, 2 s.
    """
    open: bool
    """The newest attempt failed, so another one may follow."""
    started: float | None
    ports: frozenset[int]
    """The client ports of its attempts; empty if the log has no ports."""
    quickest: float | None = None
    """Shortest time in which the server can have failed an attempt after the first, in seconds; ``None`` if unknown."""
    slowest: float = 0.0
    """Longest time that it can have taken, in seconds."""
    gap: float | None = None
    """Seconds between the answers to the last two attempts."""
    limit: int | None = None
    """The client's limit before it changed: a turn keeps the limit that it began with."""
    interrupted: tuple[int, ...] = ()
    """The attempts, counted from 0, before which their connection carried another request."""

    @property
    def last(self) -> float | None:
        """Return when the newest attempt was answered."""
        return self.newest.t

    @property
    def is_storm(self) -> bool:
        """Return whether it has enough attempts to be a storm."""
        return self.attempts >= STORM

    @property
    def reconnects(self) -> bool:
        """Return whether it has two attempts or more, each on a connection of its own."""
        return self.attempts > 1 and len(self.ports) == self.attempts

    @property
    def cause(self) -> str:
        """Return the main status that its attempts failed with."""
        return main_cause(tuple(str(request.status) for request in self.requests if request.failed))

    def gives_up(self, limit: int) -> bool:
        """Return whether the client gives up after the newest failure."""
        status = self.newest.status
        return gives_up(self.backoff_step if is_retryable(status) else self.attempts, status, self.limit or limit)

    def with_limit(self, limit: int) -> Chain:
        """Return the chain with its own limit, unless it has one."""
        return self if self.limit else replace(self, limit=limit)

    def owns(self, request: Request) -> bool:
        """Return whether a request came over a connection of this chain."""
        return request.port in self.ports

    def with_attempt(self, request: Request, *, interrupted: bool = False) -> Chain:
        """Return the chain with one more attempt; ``interrupted``: its connection was used by others in between."""
        gap = None if is_unsure(self.newest, request) else (request.t or 0.0) - (self.last or 0.0)
        quickest, slowest = self.quickest, self.slowest
        if gap is not None and request.failed and is_retryable(self.newest.status):
            low, high = wait_bounds(self.backoff_step)
            least = max(0.0, gap - high)
            quickest = least if quickest is None else min(quickest, least)
            slowest = max(slowest, gap - low)
        return Chain(
            turn=self.turn,
            requests=(*self.requests, request),
            newest=request,
            attempts=self.attempts + 1,
            backoff_step=self.backoff_step + 1 if is_retryable(self.newest.status) else 1,
            open=request.failed,
            started=request.t if self.started is None else self.started,
            ports=self.ports | _ports(request),
            quickest=quickest,
            slowest=slowest,
            gap=gap,
            limit=self.limit,
            interrupted=(*self.interrupted, self.attempts) if interrupted else self.interrupted,
        )


def first_attempt(turn: int, request: Request) -> Chain:
    """Return a new chain that begins with this request."""
    return Chain(
        turn=turn,
        requests=(request,),
        newest=request,
        attempts=1,
        backoff_step=1,
        open=request.failed,
        started=request.t,
        ports=_ports(request),
    )


def chain_of(turn: int, requests: Sequence[Request]) -> Chain:
    """Return the chain of these attempts, at least one."""
    chain = first_attempt(turn, requests[0])
    for request in requests[1:]:
        chain = chain.with_attempt(request)
    return chain


def main_cause(causes: tuple[str, ...]) -> str:
    """Return the commonest cause; if that is a 429 and another error came first, return that error.

    A proxy in cooldown answers 429 by itself, because of the first error (measured, LiteLLM 1.80 and 1.109).
    """
    known = tuple(cause for cause in causes if cause)
    if not known:
        return UNKNOWN
    most = max(dict.fromkeys(known), key=known.count)
    return known[0] if most == "429" else most


def _ports(request: Request) -> frozenset[int]:
    return frozenset({request.port}) if request.port else frozenset()
