"""The attempts of one turn, as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stormdeck.model.retries.ladder import climbs, wait_bounds
from stormdeck.model.retries.request import Request

STORM = 3
"""Attempts of one turn from which on it is a storm."""


@dataclass(frozen=True, slots=True)
class Chain:
    """One turn: its attempts so far."""

    turn: int
    newest: Request
    started: float | None
    failures: tuple[int, ...]
    """Statuses of the failed attempts, in order."""
    ports: frozenset[int]
    """Of its attempts; none where the log has no ports."""
    attempts: int = 1
    quickest: float | None = None
    """Seconds that the server took at least to fail any attempt beyond the first, ``None`` while unknown."""
    slowest: float = 0.0
    """Seconds that it took at most."""
    gap: float | None = None
    """Seconds between the answers to the last two attempts."""

    @property
    def open(self) -> bool:
        """Tell whether another attempt may follow."""
        return self.newest.failed

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
        """Return the status that most attempts failed with; when those are 429s after another error, that error."""
        most = max(dict.fromkeys(self.failures), key=self.failures.count)
        return str(self.failures[0] if most == 429 else most)

    def owns(self, request: Request) -> bool:
        """Tell whether a request came over a connection of this chain."""
        return request.port in self.ports

    def then(self, request: Request) -> Chain:
        """Return the chain with one more attempt."""
        gap = None if self.last is None or request.t is None else request.t - self.last
        quickest, slowest = self.quickest, self.slowest
        if gap is not None and request.failed and climbs(self.newest.status):
            low, high = wait_bounds(self.attempts)
            least = max(0.0, gap - high)
            quickest = least if quickest is None else min(quickest, least)
            slowest = max(slowest, gap - low)
        return replace(
            self,
            newest=request,
            started=request.t if self.started is None else self.started,
            failures=(*self.failures, request.status) if request.failed else self.failures,
            ports=self.ports | _ports(request),
            attempts=self.attempts + 1,
            quickest=quickest,
            slowest=slowest,
            gap=gap,
        )


def first_attempt(turn: int, request: Request) -> Chain:
    """Return the chain that begins with this request."""
    return Chain(
        turn=turn,
        newest=request,
        started=request.t,
        failures=(request.status,) if request.failed else (),
        ports=_ports(request),
    )


def _ports(request: Request) -> frozenset[int]:
    return frozenset({request.port}) if request.port else frozenset()
