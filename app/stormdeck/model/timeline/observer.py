"""Turn successive decks into events: each change once, however often it is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stormdeck.model.deck import Deck
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.timeline import findings as found
from stormdeck.model.timeline import settings as written
from stormdeck.model.timeline.event import LONGEST, Event, Kind
from stormdeck.model.timeline.outages import Outages
from stormdeck.model.timeline.values import Values

if TYPE_CHECKING:
    from stormdeck.model.canary.summary import CanaryReport

LEAST_GAP_S = 60.0
"""A shorter time in which nothing was watched is no event."""
START_S = 20.0
"""After a start, servers are found and findings come one after another for this long: that is nothing that happened."""
PANEL_STOPPED = "the panel was stopped, or the machine slept"
NO_PANEL = "no panel ran"


class Observer:
    """Compares each deck with the one before.

    ``known`` are the values that an earlier run remembered (``known()``), ``events`` its events that go on. For a
    later run, or for another panel, an event that is already known has the same identity.
    """

    def __init__(
        self, known: Mapping[str, str] | None = None, events: Iterable[Event] = (), home: Path | None = None
    ) -> None:
        values, kept = known or {}, tuple(events)
        self._outages = Outages(kept)
        self._findings = found.Findings(values, kept)
        self._settings = written.SettingsWrites(values, home)
        self._values = Values(_plain(values))
        self._deck: Deck | None = None
        self._canary: CanaryReport | None = None
        self._gap_end = 0.0
        self._started: float | None = None
        self._parts: tuple[object, ...] = ()
        self._pending = True

    def known(self) -> dict[str, str]:
        """Return the values to remember for the next run."""
        followed = {found.FOLLOWED: "1"} if self._findings.is_following else {}
        return {**self._values.known, **self._settings.known, **self._findings.known, **followed}

    def note_save(self, digest: str) -> None:
        """Remember that this panel is about to write settings with this digest."""
        self._settings.note_own(digest)

    def take(self, deck: Deck, now: float) -> tuple[Event, ...]:
        """Return the events that began, changed or ended since the last deck.

        A deck in which only figures differ costs next to nothing.
        """
        parts = _parts(deck)
        if not self._pending and all(
            one is other or one == other for one, other in zip(parts, self._parts, strict=False)
        ):
            self._deck = deck
            return ()
        self._parts = parts
        before, self._deck = self._deck, deck
        self._started = now if self._started is None else self._started
        is_searching = 0 <= now - self._started < START_S
        events = [
            *self._outages.take(deck, now),
            *self._values.take(deck, now, self._outages, is_searching=is_searching),
            *(() if is_searching else self._findings.take(deck, now)),
            *self._gaps(deck),
            *self._canaries(deck, now),
        ]
        if before is None or before.settings is not deck.settings:
            events += self._settings.take(deck.settings, now)
        self._pending = is_searching or self._values.is_waiting or self._findings.is_waiting or self._outages.is_waiting
        return tuple(events)

    def open_ones(self, now: float) -> tuple[Event, ...]:
        """Return the events that go on, as seen now."""
        return (*self._outages.open_ones(now), *self._findings.open_ones(now))

    def _gaps(self, deck: Deck) -> Iterator[Event]:
        for started, ended in deck.traffic.gaps if deck.traffic is not None and deck.replay is None else ():
            if started >= self._gap_end:
                self._gap_end = ended
                if ended - started >= LEAST_GAP_S:
                    yield gap(started, ended, PANEL_STOPPED)

    def _canaries(self, deck: Deck, now: float) -> Iterator[Event]:
        if deck.canary is not None and deck.canary is not self._canary:
            self._canary = deck.canary
            yield canary(deck.canary, now)


def gap(started: float, ended: float, cause: str) -> Event:
    """Return a time in which nothing was watched."""
    return Event(
        Kind.GAP,
        "watching",
        started,
        cause=cause,
        until=ended,
        seen=ended,
        health=Health.UNKNOWN,
        total_s=ended - started,
    )


def restart(title: str, command: str, ended: str, at: float, now: float, *, worked: bool) -> Event:
    """Return that the user restarted a server with the panel."""
    return Event(
        Kind.RESTART,
        f"{at:.3f}",
        at,
        mask_text(clean(title))[:LONGEST],
        mask_text(clean(ended))[:LONGEST],
        mask_text(clean(command))[:LONGEST],
        until=now,
        seen=now,
        health=None if worked else Health.ERROR,
    )


def canary(report: CanaryReport, now: float) -> Event:
    """Return that the user ran a canary."""
    health = Health.OK if report.ok else Health.ERROR
    return Event(
        Kind.CANARY, f"{now:.3f}", now, "Canary", mask_text(clean(report.summary))[:LONGEST], seen=now, health=health
    )


def _parts(deck: Deck) -> tuple[object, ...]:
    """Return what events depend on, without figures."""
    servers = tuple(
        (one.url, one.state, one.version, one.started, one.models) if one is not None else None
        for one in (deck.proxy, deck.vllm)
    )
    return (
        servers,
        deck.backends,
        deck.discovery,
        deck.settings,
        deck.findings,
        deck.client_version,
        deck.containers,
        deck.tails.endings,
        deck.canary,
        deck.gpu.state,
        [one.lost for one in deck.gpu.gpus],
        deck.traffic.gaps if deck.traffic is not None else (),
    )


def _plain(values: Mapping[str, str]) -> dict[str, str]:
    """Return the remembered values that are neither findings nor settings."""
    own = (found.PREFIX, written.PREFIX)
    return {key: value for key, value in values.items() if not key.startswith(own) and key != found.FOLLOWED}
