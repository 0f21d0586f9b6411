"""Draw the requests that Claude Code waits for, where a recorder runs."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.timer import Timer

from stormdeck.model.deck import Deck
from stormdeck.model.text import clean
from stormdeck.model.units import duration, plural
from stormdeck.model.wire.exchange import Exchange
from stormdeck.model.wire.in_flight import progress, whose
from stormdeck.ui.rendering import fit, line
from stormdeck.ui.widgets.panel import LivePanel

WHOSE, STATE = 13, 14
"""Columns of a request's session and purpose, and of its state."""
LONG_ATTEMPT_FROM = 50
"""Columns from which on the number of an attempt has its word."""
MODEL_FROM = 66
"""Columns from which on the model is shown."""
SIZE_FROM = 54
"""Columns from which on the size of the prompt is shown."""


class InFlightPanel(LivePanel):
    """One line per request: whose it is, how long it waits, and whether anything comes."""

    def __init__(self, now: Callable[[], float], *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._now = now
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        """Count the seconds while requests are in flight."""
        self._timer = self.set_interval(1.0, self._tick, pause=not self.deck.wire.in_flight)

    def part(self, deck: Deck) -> object:
        """Return the requests in flight, and the server's queue."""
        return deck.wire, self._queue(deck)

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Redraw, and count seconds only while something is in flight."""
        super().watch_deck(old, new)
        if self._timer is not None and bool(old.wire.in_flight) != bool(new.wire.in_flight):
            (self._timer.resume if new.wire.in_flight else self._timer.pause)()

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the requests that have waited longest, as many as fit."""
        wire = self.deck.wire
        if not wire.in_flight:
            return [self.heading("IN FLIGHT", ("nothing: every request has its answer", "$quiet"))]
        room = max(1, height - 1)
        left_out = len(wire.in_flight) - room
        note = f"{left_out} newer not shown" if left_out > 0 else self._queue(self.deck)
        rows = [self._row(one, width) for one in wire.in_flight[:room]]
        return [self.heading("IN FLIGHT", (note, "$quiet")), *rows] if height > 1 else rows

    def _row(self, one: Exchange, width: int) -> Content:
        seen = progress(one, self._now())
        words = f"attempt {one.attempt}" if width >= LONG_ATTEMPT_FROM else f"×{one.attempt}"
        attempt = words if one.attempt > 1 else ""
        size = f"{one.sent_bytes / 1000:,.0f} kB" if width >= SIZE_FROM else ""
        head = f" {fit(clean(whose(one)), WHOSE)} {duration(seen.waited_s):>6}  "
        tail = f" {attempt:<10}  {size:>8}".rstrip()
        model = fit(clean(one.model), max(0, width - len(head) - STATE - len(tail) - 2)) if width >= MODEL_FROM else ""
        style = "$warning" if seen.is_silent or one.attempt > 1 else "$success"
        return line((head, ""), (fit(seen.words, STATE), style), (tail, "$quiet"), (f"  {model}".rstrip(), "$quiet"))

    def _queue(self, deck: Deck) -> str:
        """Return how many requests the server runs and holds back."""
        engine = deck.vllm.engine if deck.vllm is not None else None
        if engine is None:
            return ""
        return f"the server runs {engine.running:g}, {plural(round(engine.waiting), 'waits', 'wait')}"

    def _tick(self) -> None:
        if self.deck.wire.in_flight:
            self.refresh()
