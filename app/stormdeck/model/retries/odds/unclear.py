"""Describe failures among which attempts cannot be told apart: as many as chance would make look like storms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from stormdeck.model.retries.chain import Request


@dataclass(frozen=True, slots=True)
class Unclear:
    """The traffic in which storms may be chance."""

    requests: int
    failed: int
    addresses: int
    connections: int
    """0 if the log has no ports."""
    causes: tuple[tuple[int, int], ...]
    """Each status of a failure with its number, the commonest first."""

    @property
    def share(self) -> float:
        """Return the share that failed."""
        return self.failed / self.requests if self.requests else 0.0

    @property
    def words(self) -> str:
        """Return what is known, in a sentence without a full stop."""
        places = f"from {self.addresses} {'address' if self.addresses == 1 else 'addresses'}"
        if self.connections:
            places += f" over {self.connections} {'connection' if self.connections == 1 else 'connections'}"
        return f"{self.failed} of {self.requests} requests failed, {places}; attempts cannot be told apart in this log"

    def as_json(self) -> dict[str, object]:
        """Return it as ``analyze --json`` prints it."""
        return {
            "requests": self.requests,
            "failed": self.failed,
            "failed_share": round(self.share, 4),
            "addresses": self.addresses,
            "connections": self.connections or None,
            "causes": {str(status): count for status, count in self.causes},
        }


def unclear(requests: Iterable[Request], first: float, last: float) -> Unclear | None:
    """Return the traffic of a span; ``None`` if nothing is known of it."""
    inside = [request for request in requests if request.t is not None and first <= request.t <= last]
    failed = Counter(request.status for request in inside if request.failed)
    if not failed:
        return None
    return Unclear(
        requests=len(inside),
        failed=failed.total(),
        addresses=len({request.host for request in inside}),
        connections=len({(request.host, request.port) for request in inside if request.port}),
        causes=tuple(failed.most_common()),
    )
