"""Follow values that only change now and then: versions, models, processes and the path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from stormdeck.model.deck import Deck
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.request_path import unknown_base, unknown_front
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.text import clean
from stormdeck.model.timeline.event import FLAP_S, LONGEST, UNWATCHED, Event, Kind
from stormdeck.model.timeline.outages import Outages, name_of, subject_of
from stormdeck.model.urls import place

SETTLE_S = 3.0
"""For how long a value must stay before it counts."""
PATH_SETTLE_S = 10.0
"""The same for the path: the servers on it are found one after another."""
SAME_START_S = 5.0
"""Two readings of one process's start differ by no more than this."""
MOST = 200
"""Values that are remembered."""
ARROW = " → "
_NAMED = 3
"""Models that are named; further ones are counted."""


class Value(NamedTuple):
    """One value that was read."""

    kind: Kind
    subject: str
    name: str
    text: str

    @property
    def key(self) -> str:
        """Return under which name it is remembered over restarts."""
        return f"{self.kind.value} {self.subject}"


@dataclass
class _Waiting:
    text: str
    since: float


class Values:
    """Turn values into changes. ``known`` are the values of an earlier run, by their keys."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = dict(known)
        """The values to remember."""
        self._of_earlier = set(known)
        """Keys that this run has not read yet."""
        self._waiting: dict[str, _Waiting] = {}
        self._events: dict[str, Event] = {}

    @property
    def is_waiting(self) -> bool:
        """Return whether a value has changed that does not count yet."""
        return bool(self._waiting)

    def take(self, deck: Deck, now: float, outages: Outages, *, is_searching: bool) -> Iterator[Event]:
        """Yield each change; while servers are searched for the first time, the path is not known."""
        if deck.replay is not None:
            return
        for value in _values(deck):
            if value.kind is not Kind.PATH or not is_searching:
                yield from self._take(value, now, outages)
        for key in list(self.known)[: max(0, len(self.known) - MOST)]:
            self._forget(key)

    def _forget(self, key: str) -> None:
        del self.known[key]
        self._waiting.pop(key, None)
        self._events.pop(key, None)

    def _take(self, value: Value, now: float, outages: Outages) -> Iterator[Event]:
        before = self.known.get(value.key)
        if before is None or _is_equal(value.kind, before, value.text):
            self.known[value.key] = value.text if before is None else before
            self._of_earlier.discard(value.key)
            self._waiting.pop(value.key, None)
            return
        waiting = self._waiting.get(value.key)
        if waiting is None or not _is_equal(value.kind, waiting.text, value.text):
            waiting = self._waiting[value.key] = _Waiting(value.text, now)
        if now - waiting.since < (PATH_SETTLE_S if value.kind is Kind.PATH else SETTLE_S):
            return
        del self._waiting[value.key]
        self.known[value.key] = value.text
        unwatched = value.key in self._of_earlier
        self._of_earlier.discard(value.key)
        # The outage says it already.
        if value.kind is not Kind.RESTARTED or not outages.was_away(value.subject, now):
            yield self._changed(value, before, waiting.since, now, unwatched=unwatched)

    def _changed(self, value: Value, before: str, at: float, now: float, *, unwatched: bool) -> Event:
        last = self._events.get(value.key)
        shown_before, shown_now = ("", "") if value.kind is Kind.RESTARTED else (_short(before), _short(value.text))
        if last is not None and at - last.moment < FLAP_S:
            event = replace(last, now=shown_now, count=last.count + 1, opened=at, seen=now)
        else:
            words = UNWATCHED if unwatched else ""
            event = Event(value.kind, value.subject, at, value.name, words, "", shown_before, shown_now, seen=now)
        self._events[value.key] = event
        return event


def _is_equal(kind: Kind, one: str, other: str) -> bool:
    if kind is Kind.RESTARTED and one.isdecimal() and other.isdecimal():
        return abs(int(one) - int(other)) <= SAME_START_S
    return one == other


def _values(deck: Deck) -> Iterator[Value]:
    """Yield the values that are known now."""
    if deck.client_version and not deck.version_given:
        yield Value(Kind.VERSION, "Claude Code", "Claude Code", clean(deck.client_version))
    for server in (deck.proxy, deck.vllm):
        if server is None or server.state is not ServerState.UP:
            continue
        subject, name = subject_of(server), name_of(server)
        if server.version:
            yield Value(Kind.VERSION, subject, name, clean(server.version))
        if server.started:
            yield Value(Kind.RESTARTED, subject, name, str(server.started))
        ids = [one if isinstance(one, str) else one.id for one in server.models]
        if ids:
            yield Value(Kind.MODEL, subject, name, "\n".join(mask_text(clean(one)) for one in sorted(ids)))
    if path := _path(deck):
        yield Value(Kind.PATH, "path", "path", path)


def _path(deck: Deck) -> str:
    """Return the hops behind the client; empty while they are not known."""
    if not deck.discovery.done:
        return ""
    front = unknown_front(deck) or unknown_base(deck)
    names = [] if front is None else [f"server {place(front.url)}"]
    names += [name_of(one) for one in (deck.proxy, deck.vllm) if one is not None]
    return clean(ARROW.join(names))


def _short(text: str) -> str:
    """Return models as they are shown: the first ones, and how many more there are."""
    names = text.split("\n")
    more = len(names) - _NAMED
    shown = ", ".join(names if more <= 0 else [*names[:_NAMED], f"{more} more"])
    return shown[:LONGEST]
