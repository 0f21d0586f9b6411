"""Choose the log that counts: that of the first hop on the client's path, which may change."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from stormdeck.model.retries.chain import Request


class Recount(NamedTuple):
    """The requests that count after the path changed."""

    since: float
    """When the new log began to count, in unix seconds."""
    requests: Sequence[Request] | None
    """All recent requests that count now, oldest first; ``None`` if they are the same as before."""


class NearestLog:
    """Knows which log counts, and keeps the recent requests of the other logs.

    The server behind a proxy logs every request of the proxy once more, so one log counts at a time. A request counts
    if its log was the nearest to the client when it was answered. When a change of the path is noticed, requests since
    the change are counted again, and older ones stay as they are.
    """

    def __init__(self, most: int) -> None:
        """Keep up to ``most`` requests of each log."""
        self._most = most
        self._kept: dict[str, deque[Request]] = {}
        self._since = -inf
        self.name: str | None = None
        """The log that counts, ``None`` if there is none yet."""
        self.is_named = False
        """The log was set by name; else it is the first log that had a request."""

    def keep(self, requests: Iterable[Request]) -> None:
        """Store requests of a log that does not count."""
        for request in requests:
            if request.t is not None:
                self._kept.setdefault(request.log, deque(maxlen=self._most)).append(request)

    def forget(self) -> None:
        """Drop all stored requests."""
        self._kept.clear()

    def change(self, log: str, counted: Sequence[Request], settled: float, since: float | None = None) -> Recount:
        """Make another log count; ``counted`` are the recent requests that counted so far, all after ``settled``.

        ``since`` is when the path changed. If it is ``None``, the new log counts from its first request after the
        previous change. A log that counted only because it was the first loses all its requests.
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
