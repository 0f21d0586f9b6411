"""The history of one instance: the page of the overview's history, filled by range queries."""

from __future__ import annotations

from itertools import pairwise

from textual.message import Message

from stormdeck.model.deck import Deck
from stormdeck.model.fleet.past import FleetHistory
from stormdeck.model.fleet.snapshot import Replica
from stormdeck.model.fleet.view.advice import said
from stormdeck.model.history.columns import SPANS_S, step_for
from stormdeck.model.history.ring import HistorySnapshot
from stormdeck.ui.clock import Clock
from stormdeck.ui.widgets.history.page import frame_for
from stormdeck.ui.widgets.history.panel import HistoryPanel

FIRST_SPAN_S = 3600
ASKING = "Asking for its figures of this time."
NO_FIGURES = "No figures of this time. Press ] for more time: the instance may be new, or its metrics have other names."


class InstanceHistory(HistoryPanel):
    """Shows one instance. Asks the screen for the figures whenever it needs others."""

    IS_LOCAL = False
    BACK = ("esc for all instances", "esc")

    class Wanted(Message):
        """Figures are needed: those of an instance, for a span in steps that are columns."""

        def __init__(self, key: str, span_s: int, step_s: int) -> None:
            self.key = key
            self.span_s = span_s
            self.step_s = step_s
            super().__init__()

    def __init__(self, clock: Clock, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(clock, id=id)
        self.add_class("-zoomed")
        self.key = ""
        """The instance that is shown; empty: none."""
        self._found: FleetHistory | None = None
        self._known = HistorySnapshot()
        self._asked_for: tuple[str, int, int] | None = None

    @property
    def history(self) -> HistorySnapshot:
        """Return the figures of the instance."""
        return self._known

    def part(self, deck: Deck) -> object:
        """Return nothing: no snapshot changes the figures of the past."""
        return None

    def nothing(self) -> str:
        """Return why no figure is shown, and what to do."""
        if self._found is None:
            return ASKING
        return said(self._found.note, self._found.next_step) or NO_FIGURES

    def open(self, row: Replica) -> None:
        """Show an instance from now on."""
        self.HEADING = f"HISTORY  {row.name}"
        self._span_s = self._span_s or FIRST_SPAN_S
        if row.key != self.key:
            self.key, self._cursor, self._first = row.key, None, 0
            self._forget()
        self.want()

    def close(self) -> None:
        """Show no instance; what was asked for is not waited for."""
        self.key = ""
        self._forget()

    def _forget(self) -> None:
        self._found, self._known, self._asked_for = None, HistorySnapshot(), None
        self.refresh()

    def want(self, *, again: bool = False) -> None:
        """Ask for the figures, unless they were asked for already; ``again``: those up to now."""
        if not self.key or not self.content_size.width:
            return
        columns = frame_for(self.content_size.width).graph
        step = step_for(self._span(), columns)
        asked = self.key, step * columns, step
        if again or asked != self._asked_for:
            self._asked_for = asked
            self.post_message(self.Wanted(*asked))

    def take(self, wanted: Wanted, found: FleetHistory) -> None:
        """Show an answer, unless something else was asked for meanwhile."""
        if self._asked_for != (wanted.key, wanted.span_s, wanted.step_s):
            return
        # A failed answer does not remove what an earlier one has shown.
        if found.samples or not self._known.steps:
            self._known = found.snapshot
        self._found = found
        self.refresh()

    @property
    def is_late(self) -> bool:
        """Return whether a column has passed since the newest answer."""
        return bool(self._known.steps) and self._clock.now() - self._known.steps[-1].at >= 2 * self._step()

    def action_span(self, change: int) -> None:
        """Show less or more time."""
        at = SPANS_S.index(self._span()) + change
        self._span_s = SPANS_S[max(0, min(len(SPANS_S) - 1, at))]
        self.want()
        self.refresh()

    def on_resize(self) -> None:
        """Ask for columns of the new width."""
        self.want()

    def _step(self) -> int:
        """Return the length of a column: one may not be shorter than the time between two samples."""
        times = [one.at for one in self._known.steps]
        between = min((later - earlier for earlier, later in pairwise(times)), default=0)
        return max(step_for(self._span(), frame_for(self.content_size.width).graph), between)

    def _can_move(self) -> bool:
        return bool(self.key) and self.history.since is not None
