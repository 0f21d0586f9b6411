"""Say in words what happened, as one short sentence without a full stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stormdeck.model.symbols import Health
from stormdeck.model.timeline import outages
from stormdeck.model.timeline.event import HERE, UNWATCHED, Event, Kind
from stormdeck.model.units import duration

LOST_S = 180.0
"""After this time without a sign of an event that goes on, nobody watches it any more."""
ROUGH_S = 60.0
"""Servers are asked every two to six seconds: below this length of an outage, that matters."""
_AWAY = {
    outages.DOWN: ("is down", "was down"),
    outages.STARTING: ("is starting", "was starting"),
    outages.UNANSWERED: ("does not answer", "did not answer"),
    outages.DEGRADED: ("runs, but answers no request", "ran, but answered no request"),
    outages.FRONT: ("is not reached by what is in front of it", "was not reached by what is in front of it"),
    outages.REFUSING: ("refuses the key", "refused the key"),
    outages.UNREACHABLE: ("cannot be reached", "could not be reached"),
    outages.STRANGE: ("answers as another program", "answered as another program"),
    outages.LOST: ("is lost", "was lost"),
}
"""How an outage is said while it goes on, and afterwards."""
_CONFIDENCE = {"likely": " (likely)"}


def is_lost(event: Event, now: float) -> bool:
    """Return whether an event went on when it was last seen, and nobody has seen it since."""
    return event.is_open and event.kind not in {Kind.STORM, Kind.GAVE_UP} and now - event.seen > LOST_S


def sentence(event: Event, now: float) -> str:
    """Return what happened."""
    return _SENTENCES[event.kind](event, now)


def _storm(event: Event, now: float) -> str:
    length = f", {duration(max(0.0, now - event.at))} so far" if event.is_open else ""
    return f"{event.words}{length}: {event.cause}{_CONFIDENCE.get(event.now, '')}"


def _started_again(event: Event, _: float) -> str:
    return f"{event.name} was started again{_times(event.count)}{_unwatched(event.words)}"


def _settings(event: Event, _: float) -> str:
    keys = f": {event.cause}" if event.cause else ""
    verb = "saved" if event.words == HERE else "changed"
    return f"{event.name} was {verb} {event.words}{_times(event.count)}{keys}"


def _version(event: Event, _: float) -> str:
    return _value(event, f"{event.name} is now", f"{event.name} is")


def _model(event: Event, _: float) -> str:
    return _value(event, f"{event.name} now offers", f"{event.name} offers")


def _path(event: Event, _: float) -> str:
    return _value(event, "The path is now", "The path is")


def _named(event: Event, _: float) -> str:
    return f"{event.name}: {event.words}"


def _gap(event: Event, _: float) -> str:
    return f"Not watched for {duration(event.total_s)}: {event.cause}"


def _outage(event: Event, now: float) -> str:
    is_now, was = _AWAY.get(event.words, ("is away", "was away"))
    cause = f": {event.cause}" if event.cause else ""
    if event.is_open and not is_lost(event, now):
        began = event.opened if event.opened is not None else event.at
        length = duration(max(0.0, now - began))
        if event.count > 1:
            return f"{event.name} {is_now}, {length} so far, the {_ordinal(event.count)} time{cause}"
        known = " known" if event.was == outages.FROM_START else ""
        return f"{event.name} {is_now}, {length}{known} so far{cause}"
    if event.until is None:
        watched = event.seen - (event.opened or event.at) if event.is_open else 0.0
        return f"{event.name} {was} for at least {duration(event.total_s + watched)}; its return was not watched{cause}"
    if event.count > 1:
        return f"{event.name} {was} {event.count} times, {_about(event)} in all{cause}"
    length = f"at least {duration(event.total_s)}" if event.was == outages.FROM_START else _about(event)
    return f"{event.name} {was} for {length}{cause}"


def _about(event: Event) -> str:
    """Return a length; a short one is as exact as the polls are."""
    is_rough = event.total_s < ROUGH_S * event.count
    return f"about {max(1, round(event.total_s))} s" if is_rough and event.total_s < 60 else duration(event.total_s)


def _finding(event: Event, now: float) -> str:
    if event.is_open:
        again = f" again, the {_ordinal(event.count)} time" if event.count > 1 else ""
        unknown = "; whether it is still there was not watched" if is_lost(event, now) else ""
        return f"{event.name} came{again}: {event.words}{unknown}"
    if event.count > 1:
        return f"{event.name} came and went {event.count} times: {event.words}"
    after = f" after {duration(event.total_s)}" if event.total_s else _unwatched(event.was)
    return f"{event.name} went{after}: {event.words}"


def _value(event: Event, new: str, old: str) -> str:
    """Return a changed value after ``new``, or after ``old`` if it is the one from before."""
    if event.was == event.now:
        return f"{old} {event.now} again, after {event.count} changes"
    if event.count > 1:
        return f"{new} {event.now}, after {event.count} changes{f' from {event.was}' if event.was else ''}"
    return f"{new} {event.now}{f', before {event.was}' if event.was else ''}{_unwatched(event.words)}"


def _unwatched(words: str) -> str:
    return f", {UNWATCHED}" if words == UNWATCHED else ""


def _times(count: int) -> str:
    return f" {count} times" if count > 1 else ""


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_SENTENCES: Mapping[Kind, Callable[[Event, float], str]] = {
    Kind.DOWN: _outage,
    Kind.RESTARTED: _started_again,
    Kind.VERSION: _version,
    Kind.MODEL: _model,
    Kind.SETTINGS: _settings,
    Kind.STORM: _storm,
    Kind.GAVE_UP: _storm,
    Kind.FINDING: _finding,
    Kind.CANARY: _named,
    Kind.PATH: _path,
    Kind.RESTART: _named,
    Kind.GAP: _gap,
}


def sign(event: Event, now: float) -> Health | None:
    """Return the sign of an event: what is over is no longer broken, but what was lost stays."""
    if event.kind is Kind.FINDING:
        return event.health if event.is_open and not is_lost(event, now) else Health.OK if not event.is_open else None
    return event.health
