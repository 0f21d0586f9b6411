"""Hold the events that are known, and list them: newest first, filtered, within a time, bounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stormdeck.model.timeline.event import Event, Kind, is_same, merged
from stormdeck.model.timeline.sentences import sentence

if TYPE_CHECKING:
    from stormdeck.model.deck import Deck

MOST = 1000
"""Events that are kept."""
OLDEST_S = 30 * 86_400.0
"""Age from which an event is dropped."""


def listed(deck: Deck) -> tuple[Event, ...]:
    """Return all events of a deck, newest first."""
    from stormdeck.model.timeline.storms import storm_events

    return in_order((*deck.timeline.events, *storm_events(deck.storms, deck.timeline.past_storms)))


def in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Return events newest first: by when they were news last."""
    return tuple(sorted(events, key=lambda one: (-one.moment, one.kind.value, one.subject)))


def updated(events: Sequence[Event], changed: Iterable[Event], now: float, most: int = MOST) -> tuple[Event, ...]:
    """Return the events, oldest first, with changed ones merged in; the oldest are dropped."""
    kept = list(events)
    for event in changed:
        at = next((index for index in range(len(kept) - 1, -1, -1) if is_same(kept[index], event)), None)
        if at is None:
            kept.append(event)
        else:
            kept[at] = merged(kept[at], event)
    fresh = [event for event in kept if now - event.end < OLDEST_S]
    return tuple(sorted(fresh, key=lambda event: (event.at, event.kind.value, event.subject))[-most:])


def within(events: Iterable[Event], since: float | None, until: float | None) -> tuple[Event, ...]:
    """Return the events that were news in a time, or went on in it."""
    begin = since if since is not None else float("-inf")
    end = until if until is not None else float("inf")
    return tuple(one for one in events if one.at <= end and max(one.moment, one.end) >= begin)


def matches(event: Event, words: str, now: float) -> bool:
    """Return whether an event contains all words, and none that begins with ``-``, in any case."""
    text = f"{event.kind.value} {sentence(event, now)}".casefold()
    wanted = words.casefold().split()
    return all(word[1:] not in text if word.startswith("-") and len(word) > 1 else word in text for word in wanted)


def as_json(event: Event, now: float) -> dict[str, object]:
    """Return an event for scripts; times are unix seconds."""
    from stormdeck.model.timeline.sentences import is_lost

    lost = is_lost(event, now)
    storm = event.kind in {Kind.STORM, Kind.GAVE_UP}
    return {
        "kind": event.kind.value,
        "at": event.at,
        "until": event.until,
        "ongoing": event.is_open and not lost,
        "subject": event.name if not storm else event.subject,
        "text": sentence(event, now),
        "cause": event.cause or None,
        "before": None if event.kind in _NO_VALUES else event.was or None,
        "after": None if event.kind in _NO_VALUES else event.now or None,
        "count": event.count,
        "seconds": round(event.total_s, 1) if event.kind in _LONG else None,
        "confidence": event.now if storm else None,
    }


_NO_VALUES = {
    Kind.DOWN,
    Kind.FINDING,
    Kind.STORM,
    Kind.GAVE_UP,
    Kind.SETTINGS,
    Kind.RESTARTED,
    Kind.CANARY,
    Kind.RESTART,
}
_LONG = {Kind.DOWN, Kind.FINDING, Kind.STORM, Kind.GAVE_UP, Kind.GAP}
