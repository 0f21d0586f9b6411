"""The attempts of one turn, as far as they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from stormdeck.model.retries.backoff import gives_up, is_retryable, wait_bounds

UNSURE_S = 2.0
"""A line whose time is known no better than this is judged by its order: its log was not read for that long."""


class Request(NamedTuple):
    """One main request, as an access line tells it."""

    log: str
    status: int
    host: str
    port: int
    """The client's port: equal ports are one connection."""
    t: float | None = None
    """Unix seconds at which the answer started, ``None`` where the log does not tell: its order counts then."""
    early: float = 0.0
    """Seconds by which ``t`` may be early: 1 where the log has whole seconds only."""
    late: float = 0.0
    """Seconds by which ``t`` may be late: the line was written some time between two reads of its log."""

    @property
    def earliest(self) -> float | None:
        """Return the earliest moment at which the answer can have started."""
        return None if self.t is None else self.t - self.late

    @property
    def failed(self) -> bool:
        """Tell whether it was answered with an error."""
        return self.status >= 400


class Attempt(NamedTuple):
    """Which attempt of which turn a request is."""

    turn: int
    """Counts up over the life of a tracker."""
    number: int
    """1 is no retry."""
    instead_of: Request | None = None
    """A request that had been taken for this attempt on weaker evidence, and is now known to be a first one."""


def is_unsure(one: Request, other: Request) -> bool:
    """Return whether the time between two requests is too little known to be compared with the ladder."""
    return one.t is None or other.t is None or max(one.late, other.late) > UNSURE_S


STORM = 3
"""Attempts of one turn from which on it is a storm."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Chain:
    """One turn: its attempts so far. Made by ``first_attempt`` and ``with_attempt``."""

    turn: int
    requests: tuple[Request, ...]
    """Its attempts in order, one at least."""
    newest: Request
    """The last one so far."""
    attempts: int
    """How many there are."""
    backoff_step: int
    """How far up the ladder the newest is, from 1: a request that is sent again at once begins a ladder of its own.

    Measured, 2.1.42 to 2.1.329: a 404, then 429s, and the waits after these are 0.5, 1, 2 s.
    """
    open: bool
    """Another one may follow: the newest failed."""
    started: float | None
    ports: frozenset[int]
    """Of its attempts; none where the log has no ports."""
    quickest: float | None = None
    """Seconds that the server took at least to fail any attempt beyond the first, ``None`` while unknown."""
    slowest: float = 0.0
    """Seconds that it took at most."""
    gap: float | None = None
    """Seconds between the answers to the last two attempts."""
    limit: int | None = None
    """What the client's limit was before it changed: a turn ends by the one that it began with."""

    @property
    def last(self) -> float | None:
        """Return when the newest attempt was answered."""
        return self.newest.t

    @property
    def is_storm(self) -> bool:
        """Tell whether it has as many attempts as a storm."""
        return self.attempts >= STORM

    @property
    def reconnects(self) -> bool:
        """Tell whether every attempt so far came over its own connection, two at least."""
        return self.attempts > 1 and len(self.ports) == self.attempts

    @property
    def cause(self) -> str:
        """Return the status that its attempts failed with."""
        return main_cause(tuple(str(request.status) for request in self.requests if request.failed))

    def gives_up(self, limit: int) -> bool:
        """Tell whether the client shows the newest failure to its user."""
        status = self.newest.status
        return gives_up(self.backoff_step if is_retryable(status) else self.attempts, status, self.limit or limit)

    def with_limit(self, limit: int) -> Chain:
        """Return the chain with a limit of its own, unless it has one."""
        return self if self.limit else replace(self, limit=limit)

    def owns(self, request: Request) -> bool:
        """Tell whether a request came over a connection of this chain."""
        return request.port in self.ports

    def with_attempt(self, request: Request) -> Chain:
        """Return the chain with one more attempt."""
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
        )


def first_attempt(turn: int, request: Request) -> Chain:
    """Return the chain that begins with this request."""
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
    """Return the chain of these attempts, one at least."""
    chain = first_attempt(turn, requests[0])
    for request in requests[1:]:
        chain = chain.with_attempt(request)
    return chain


def main_cause(causes: tuple[str, ...]) -> str:
    """Return what most attempts failed with; when those are 429s after another error, that error.

    A proxy in cooldown answers 429 by itself, as a consequence of the first one (measured, LiteLLM 1.80 and 1.109).
    """
    known = tuple(cause for cause in causes if cause)
    if not known:
        return UNKNOWN
    most = max(dict.fromkeys(known), key=known.count)
    return known[0] if most == "429" else most


def _ports(request: Request) -> frozenset[int]:
    return frozenset({request.port}) if request.port else frozenset()
