"""Find the session of a request in the logs, as far as it is known."""

from __future__ import annotations

from collections.abc import Callable

from stormdeck.model.deck import Deck
from stormdeck.model.logs.book import LogBook
from stormdeck.ui.widgets.logs.search import CLOSE_S

LISTED = 8
"""The most sessions that are offered in the filter."""
NAMED = 8
"""Characters of a session's id that distinguish it."""


class LineSessions:
    """The sessions of lines, by the storms and turns that the deck has."""

    def __init__(self, book: LogBook, deck: Callable[[], Deck]) -> None:
        self._book = book
        self._deck = deck

    def names(self) -> list[str]:
        """Return the first characters of the sessions that are known, the newest first."""
        traffic = self._deck().traffic
        if traffic is None:
            return []
        known = [one.session for one in traffic.in_flight] + [storm.session or "" for storm in traffic.storms]
        return list(dict.fromkeys(session[:NAMED] for session in known if session))[:LISTED]

    def of_line(self, number: int) -> str:
        """Return the session of a line's request; empty if it is not known.

        A request in the time of one session's storm is that session's; where several sessions had storms, none is.
        """
        line = self._book.line(number)
        traffic = self._deck().traffic
        if line is None or line.arrived is None or line.attempt == 0 or traffic is None:
            return ""
        found = {
            storm.session
            for storm in traffic.storms
            if storm.session
            and storm.log == line.log
            and storm.started - CLOSE_S <= line.arrived <= storm.last + CLOSE_S
        }
        return found.pop() if len(found) == 1 else ""
