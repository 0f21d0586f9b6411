"""Follow which findings come and go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, Severity
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.impact import follows_from_server
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.text import clean
from stormdeck.model.timeline.event import FLAP_S, LONGEST, UNWATCHED, Event, Kind

SETTLE_S = 5.0
"""For how long a finding must be there, or not, before that counts."""
PREFIX = "finding "
"""How the key of a finding begins among the remembered values."""
FOLLOWED = "findings"
"""The key that marks that an earlier run has followed the findings."""
MOST = 300
"""Findings that are followed; more are only counted by the checks."""


class Findings:
    """Turn the findings of settled decks into events.

    ``known`` are the values of an earlier run, ``events`` those of its events that nobody saw end.
    """

    def __init__(self, known: Mapping[str, str], events: Iterable[Event] = ()) -> None:
        self.known = {key: title for key, title in known.items() if key.startswith(PREFIX)}
        """The findings that are there, by key."""
        self._is_first_run = FOLLOWED not in known
        self._since: dict[str, float] = {}
        """Since when a finding is different from what is known."""
        self._events = {PREFIX + one.subject: one for one in events if one.kind is Kind.FINDING and one.is_open}
        self._confirmed: set[str] = set()
        """Keys of findings that this run has seen."""

    @property
    def is_following(self) -> bool:
        """Return whether the findings of one settled deck are known."""
        return not self._is_first_run

    @property
    def is_waiting(self) -> bool:
        """Return whether a finding has come or gone that does not count yet."""
        return bool(self._since)

    def take(self, deck: Deck, now: float) -> Iterator[Event]:
        """Yield each finding that came or went."""
        if not _is_settled(deck):
            return
        shown = {_key(one): one for one in deck.findings if _counts(one, deck)}
        shown = dict(list(shown.items())[:MOST])
        if self._is_first_run:
            # What is wrong already on the very first day did not come: the checks show it.
            self._is_first_run = False
            self.known = {key: _title(one) for key, one in shown.items()}
        self._confirmed |= shown.keys()
        changed = shown.keys() ^ self.known.keys()
        self._since = {key: self._since.get(key, now) for key in changed}
        for key in sorted(changed):
            if now - self._since[key] >= SETTLE_S:
                found = shown.get(key)
                yield self._went(key, self._since[key], now) if found is None else self._came(key, found, now)
                del self._since[key]
        self._events = {key: event for key, event in self._events.items() if event.is_open or now - event.end < FLAP_S}

    def open_ones(self, now: float) -> Iterator[Event]:
        """Yield the findings that are there and whose coming is an event, as seen now."""
        for key, event in self._events.items():
            if event.is_open and key in self._confirmed and key in self.known:
                self._events[key] = replace(event, seen=now)
                yield self._events[key]

    def _came(self, key: str, found: Finding, now: float) -> Event:
        at, last = self._since[key], self._events.get(key)
        self.known[key] = _title(found)
        if last is not None and at - last.end < FLAP_S:
            event = replace(last, is_open=True, until=None, opened=at, count=last.count + 1, seen=now)
        else:
            event = Event(
                Kind.FINDING,
                key.removeprefix(PREFIX),
                at,
                found.code,
                _title(found),
                is_open=True,
                opened=at,
                seen=now,
                health=found.severity.health,
            )
        self._events[key] = event
        return event

    def _went(self, key: str, at: float, now: float) -> Event:
        title, last = self.known.pop(key), self._events.get(key)
        if last is not None and last.is_open and key not in self._confirmed:
            event = replace(last, is_open=False, until=at, words=title, was=UNWATCHED, total_s=0.0, seen=now)
        elif last is not None and last.is_open:
            total = last.total_s + max(0.0, at - (last.opened or last.at))
            event = replace(last, is_open=False, until=at, total_s=total, seen=now)
        else:
            # It came before there was a timeline, or its coming is no longer kept: its length is not known.
            subject = key.removeprefix(PREFIX)
            was = "" if key in self._confirmed else UNWATCHED
            event = Event(Kind.FINDING, subject, at, subject.partition(" ")[0], title, was=was, until=at, seen=now)
        self._events[key] = event
        return event


def _is_settled(deck: Deck) -> bool:
    """Return whether all that the rules look at is known: a server that is away hides findings, and repairs none."""
    if deck.replay is not None or not deck.discovery.done or not deck.settings.files:
        return False
    return all(one is None or one.state is ServerState.UP for one in (deck.vllm, deck.proxy))


def _counts(found: Finding, deck: Deck) -> bool:
    return found.severity is not Severity.INFO and not follows_from_server(found, deck)


def _key(found: Finding) -> str:
    return PREFIX + clean(f"{found.code} {found.path} {found.file or ''}").strip()[:LONGEST]


def _title(found: Finding) -> str:
    """Return what is wrong, after the setting that it is about: several settings may have the same fault."""
    setting = clean(found.path.removeprefix("env."))
    title = mask_text(clean(found.title))
    return f"{setting}: {title}"[:LONGEST] if setting and setting not in title else title[:LONGEST]
