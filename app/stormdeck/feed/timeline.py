"""Follow what happens, deliver it as a timeline, and keep it over restarts."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from stormdeck.feed.polling import wait_for
from stormdeck.model.deck import Deck
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.snapshots.timeline import TimelineSnapshot
from stormdeck.model.timeline.event import Event
from stormdeck.model.timeline.observer import NO_PANEL, Observer, gap, restart
from stormdeck.model.timeline.timeline import updated
from stormdeck.sources.io.background import SingleFlight, with_timeout
from stormdeck.sources.settings.read import digest_of
from stormdeck.sources.state.timeline_store import Kept, TimelineStore

if TYPE_CHECKING:
    from stormdeck.model.restart import Restart
    from stormdeck.sources.processes.run import Ended

T = TypeVar("T")

HEARTBEAT_S = 60.0
"""Between two notes that this panel watches, while nothing happens."""
LEAST_GAP_S = 2 * HEARTBEAT_S
"""A shorter time since the last note of any panel is no gap."""
PATIENCE_S = 3.0
"""Timeout for the database, also while another panel writes to it."""
AGAIN_S = 10.0
"""Until events that could not be stored are tried again."""
KEEPING_S = 0.25
"""How long a write under way may delay quitting."""


class TimelineFeed:
    """Compare the panel's decks, and keep the events. The database is used in threads: no drive delays the panel."""

    def __init__(
        self,
        store: TimelineStore,
        past_storms: Callable[[], tuple[Storm, ...]],
        deliver: Callable[[TimelineSnapshot], None],
        home: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``past_storms`` loads the storms of earlier runs; it may block."""
        self._store = store
        self._load_storms = past_storms
        self._deliver = deliver
        self._home = home
        self._clock = clock
        self._started = clock()
        self._panel = f"{os.getpid()} {self._started:.3f}"
        self._observer: Observer | None = None
        """``None`` until what is stored has been read."""
        self._deck: Deck | None = None
        self._events: tuple[Event, ...] = ()
        self._storms: tuple[Storm, ...] = ()
        self._unsaved: tuple[Event, ...] = ()
        self._wake = asyncio.Event()
        self._digests: list[str] = []
        self._shown = TimelineSnapshot()
        self.problem = ""
        """Why events are not kept, as text; empty if they are."""

    async def run(self) -> None:
        """Load the stored events, then store those that happen, until cancelled."""
        kept, self._storms = await self._run_blocking(lambda: (self._store.load(), self._load_storms()))
        self.problem = self._store.problem
        self._begin(kept)
        while True:
            has_changed = await wait_for(self._wake, HEARTBEAT_S)
            self._wake.clear()
            if self._observer is not None:
                self._note(self._observer.open_ones(self._clock()))
            if not await self._save() and has_changed:
                await asyncio.sleep(AGAIN_S)
                self._wake.set()

    def take(self, deck: Deck) -> None:
        """Compare a deck with the one before. A deck that was seen already costs nothing."""
        self._deck = deck
        if self._observer is not None:
            self._note(self._observer.take(deck, self._clock()), wake=True)

    def note_save(self, text: str) -> None:
        """Remember that this panel is about to write settings."""
        digest = digest_of(text.encode("utf-8", "surrogatepass"))
        if self._observer is None:
            self._digests.append(digest)
        else:
            self._observer.note_save(digest)

    def note_restart(self, one: Restart, started: float, ended: Ended | None) -> None:
        """Note that the user restarted a server; ``ended`` is ``None`` if the user stopped the command."""
        words = ended.words if ended is not None else "was stopped before it ended"
        worked = ended is not None and ended.is_success
        self._note((restart(one.title, one.command, words, started, self._clock(), worked=worked),), wake=True)

    def refresh(self) -> None:
        """Read soon what other panels have written."""
        self._wake.set()

    async def stop(self) -> None:
        """Store what is not stored yet, for at most ``KEEPING_S``."""
        if self._observer is not None and self._store.writes:
            self._note(self._observer.open_ones(self._clock()))
            await with_timeout(KEEPING_S, None, self._writing(self._unsaved))

    def _begin(self, kept: Kept) -> None:
        """Start from what is stored."""
        now = self._clock()
        going_on = [event for event in kept.events if event.is_open]
        self._observer = Observer(kept.known, going_on, self._home)
        for digest in self._digests:
            self._observer.note_save(digest)
        self._events = kept.events
        if kept.watched_until is not None and now - kept.watched_until > LEAST_GAP_S:
            self._note((gap(kept.watched_until, now, NO_PANEL),))
        self._wake.set()
        self._show()
        if self._deck is not None:
            self.take(self._deck)

    def _note(self, events: Iterable[Event], *, wake: bool = False) -> None:
        changed = tuple(events)
        if not changed:
            return
        now = self._clock()
        self._events = updated(self._events, changed, now)
        self._unsaved = updated(self._unsaved, changed, now)
        if wake:
            self._wake.set()
        self._show()

    def _show(self) -> None:
        shown = TimelineSnapshot(self._events, self._storms, self._started, self.problem)
        if shown != self._shown:
            self._shown = shown
            self._deliver(shown)

    async def _save(self) -> bool:
        """Store the new events and read those of other panels; return whether that is done."""
        if not self._store.writes:
            kept = await self._run_blocking(self._store.load)
            self._events = updated(kept.events, self._events, self._clock())
            self._show()
            return True
        batch = self._unsaved
        write = self._writing(batch)
        (stored,) = await self._run_blocking(lambda: (write(),))
        self.problem = self._store.problem
        if stored is not None:
            self._unsaved = tuple(event for event in self._unsaved if event not in batch)
            self._events = updated(stored, self._unsaved, self._clock())
        self._show()
        return stored is not None

    def _writing(self, events: tuple[Event, ...]) -> Callable[[], tuple[Event, ...] | None]:
        """Return the work of storing events and the values of this moment."""
        known = self._observer.known() if self._observer is not None else {}
        return partial(self._store.save, events, known, self._panel, self._started, self._clock())

    async def _run_blocking(self, work: Callable[[], T]) -> T:
        """Return the result of blocking work; set ``problem`` while the drive does not answer."""
        flight = SingleFlight(work)
        while (result := await flight.take(PATIENCE_S)) is None:
            self.problem = f"The timeline is not kept: {self._store.path}: its drive does not answer"
            self._show()
        return result
