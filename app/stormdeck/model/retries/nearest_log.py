"""Which log counts: the one of the first hop on the client's path, at each moment the one that was so then."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from stormdeck.model.retries.chain import Request


class Recount(NamedTuple):
    """What another log's requests change."""

    since: float
    """Unix seconds from which on the other log counts."""
    requests: Sequence[Request] | None
    """All recent requests that count now, oldest first; ``None`` where they are the same as before."""


class NearestLog:
    """Keeps which log counts, and the recent requests of the logs that do not.

    Every request of a proxy is seen once more by the server behind it, so at each moment one log counts. A request
    counts if its log was the nearest to the client when it was answered. When the path changes, what the logs showed
    before stays as it was; what they showed since the change, before it was noticed, is counted anew.
    """

    def __init__(self, most: int) -> None:
        """Keep up to ``most`` requests of each log."""
        self._most = most
        self._kept: dict[str, deque[Request]] = {}
        self._since = -inf
        self.name: str | None = None
        """The log that counts, ``None`` while none does."""
        self.is_named = False
        """The feed named it; else it is the first that showed a request."""

    def keep(self, requests: Iterable[Request]) -> None:
        """Keep requests of a log that does not count."""
        for request in requests:
            if request.t is not None:
                self._kept.setdefault(request.log, deque(maxlen=self._most)).append(request)

    def forget(self) -> None:
        """Forget all requests that are kept."""
        self._kept.clear()

    def change(self, log: str, counted: Sequence[Request], settled: float, since: float | None = None) -> Recount:
        """Let another log count; ``counted`` are the recent requests that counted so far, all after ``settled``.

        ``since`` is when the path changed, ``None`` where it is not known: a log that takes another one's place counts
        from its first request after the change before. A log that was only assumed to count never did.
        """
        mine = [request for request in self._kept.get(log, ()) if (request.t or 0.0) > settled]
        if not self.is_named:
            since = -inf
        elif since is None:
            since = min(
                (request.t for request in mine if request.t is not None and request.t > self._since), default=inf
            )
        taken = [request for request in mine if (request.t or 0.0) >= since]
        dropped = [request for request in counted if request.log != log and (request.t or 0.0) >= since]
        if since < inf:
            self._since = since
        self.name, self.is_named = log, True
        if not taken and not dropped:
            return Recount(since, None)
        gone = {id(request) for request in dropped}
        stay = [request for request in counted if id(request) not in gone]
        self.keep(dropped)
        self._kept[log] = deque((request for request in mine if (request.t or 0.0) < since), self._most)
        return Recount(since, sorted([*stay, *taken], key=lambda request: request.t or 0.0))
