"""Say what happened while the user was away, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.symbols import Health
from stormdeck.model.timeline.event import Event, Kind
from stormdeck.model.timeline.sentences import sentence, sign
from stormdeck.model.units import plural

MOST = 5
"""Lines at most."""
_STORMS = {
    Outcome.GAVE_UP.value: "were given up by Claude Code: send them again",
    Outcome.LIVE.value: "are being retried",
    Outcome.RECOVERED.value: "took three or more attempts and were answered",
    Outcome.STOPPED.value: "took three or more attempts and were stopped by their user",
    Outcome.QUIET.value: "took three or more attempts, then no further one was seen",
}
"""Several storms with one outcome, after their number."""
_WORST = (Health.ERROR, Health.WARNING)


class News(NamedTuple):
    """One line."""

    health: Health | None
    text: str


def while_away(events: Sequence[Event], since: float, now: float, most: int = MOST) -> tuple[News, ...]:
    """Return what was news since a time, the most important first, then the newest.

    Several storms with one outcome are one line. If not everything fits, the last line says how much more there is.
    """
    news = sorted((event for event in events if since <= event.moment <= now), key=lambda event: -event.moment)
    lines = sorted(_lines(news, now), key=lambda one: _WORST.index(one.health) if one.health in _WORST else len(_WORST))
    if len(lines) <= most:
        return tuple(lines)
    return (*lines[: most - 1], News(None, f"and {len(lines) - most + 1} more: press 5"))


def _lines(news: Sequence[Event], now: float) -> Iterator[News]:
    storms = {
        event.was: [one for one in news if _is_storm(one) and one.was == event.was]
        for event in news
        if _is_storm(event)
    }
    for event in news:
        alike = storms.get(event.was, []) if _is_storm(event) else []
        if len(alike) < 2:
            yield News(sign(event, now), sentence(event, now))
        elif event is alike[0]:
            yield News(sign(event, now), f"{plural(len(alike), 'turn')} {_STORMS.get(event.was, 'were retried')}")


def _is_storm(event: Event) -> bool:
    return event.kind in {Kind.STORM, Kind.GAVE_UP}
