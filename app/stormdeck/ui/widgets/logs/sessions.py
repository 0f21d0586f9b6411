"""Find the session of a request in the logs, as far as it is known."""

from __future__ import annotations

from collections.abc import Callable

from stormdeck.model.deck import Deck
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.ui.widgets.logs.search import CLOSE_S

LISTED = 8
"""The most sessions that are offered in the filter."""
NAMED = 8
"""Characters of a session's id that distinguish it."""


Connections = dict[tuple[str, int], list[tuple[float, str]]]
"""The times and sessions of the requests of each connection."""


class LineSessions:
    """The sessions of lines: by the requests that transcripts or a recorder name, or else by the storms."""

    def __init__(self, book: LogBook, deck: Callable[[], Deck], read: Callable[[], Connections]) -> None:
        self._book = book
        self._deck = deck
        self._read = read
        self._connections: Connections = {}
        self._read_for: object = None
        """The traffic for which the connections were read."""

    def names(self) -> list[str]:
        """Return the first characters of the sessions that are known, the newest first."""
        traffic = self._deck().traffic
        if traffic is None:
            return []
        known = [one.session for one in traffic.in_flight] + [storm.session or "" for storm in traffic.storms]
        by_time = sorted((one for requests in self._requests().values() for one in requests), reverse=True)
        known += [session for _, session in by_time]
        return list(dict.fromkeys(session[:NAMED] for session in known if session))[:LISTED]

    def _requests(self) -> Connections:
        traffic = self._deck().traffic
        if traffic is not self._read_for:
            self._read_for, self._connections = traffic, self._read()
        return self._connections

    def of_line(self, number: int) -> str:
        """Return the session of a line's request; empty if it is not known.

        A request in the time of one session's storm is that session's; where several sessions had storms, none is.
        """
        line = self._book.line(number)
        traffic = self._deck().traffic
        if line is None or line.arrived is None or line.attempt == 0 or traffic is None:
            return ""
        access = parse_access(line.text)
        at = line.arrived if access is None or access.time is None else access.time
        requests = self._requests().get((access.host, access.port), []) if access is not None else []
        near = min(requests, key=lambda one: abs(one[0] - at), default=None)
        if near is not None and abs(near[0] - at) <= CLOSE_S:
            return near[1]
        found = {
            storm.session
            for storm in traffic.storms
            if storm.session
            and storm.log == line.log
            and storm.started - CLOSE_S <= line.arrived <= storm.last + CLOSE_S
        }
        return found.pop() if len(found) == 1 else ""
