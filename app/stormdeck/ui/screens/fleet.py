"""The fleet area: all vLLM instances and LiteLLM proxies that a Prometheus knows, what is wrong first."""

from __future__ import annotations

from textual import events, on, work
from textual.app import ComposeResult
from textual.widgets import Input

from stormdeck.model.deck import Deck
from stormdeck.model.fleet.past import FleetHistory
from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState, FleetStatement
from stormdeck.model.fleet.view.advice import trouble
from stormdeck.model.fleet.view.listing import PROBLEMS, Listing, Order, ReplicaLine, listed
from stormdeck.model.fleet.view.query import FleetQuery
from stormdeck.model.fleet.view.query_help import completion, explanation
from stormdeck.model.keys.action import Action
from stormdeck.model.units import grouped
from stormdeck.paths import STYLES
from stormdeck.ui.bindings import bindings
from stormdeck.ui.screens.base import Area
from stormdeck.ui.widgets.bottom_input import BottomField
from stormdeck.ui.widgets.filter_field import FilterField
from stormdeck.ui.widgets.fleet.detail import FleetDetail, words_of
from stormdeck.ui.widgets.fleet.heading import FleetHeading
from stormdeck.ui.widgets.fleet.history import InstanceHistory
from stormdeck.ui.widgets.fleet.list import FleetList
from stormdeck.ui.widgets.key_bar import KeyBar

HISTORY = "-history"
"""The class of the screen while the history of an instance is shown."""
OF_LIST = {"open", "sort", "problems", "next", "copy", "edge"}
"""Actions that need the list."""
NO_MATCH = "No row of {count} passes. {key} shows all."
NO_PROBLEM = "Nothing is wrong with any row that is shown."
NO_HISTORY = "Instances of vLLM have a history here; a LiteLLM has none."
NOT_ASKED = FleetHistory(note="No Prometheus is asked here.", next_step="Start the panel with --prometheus.")


class FleetScreen(Area):
    """What is wrong on top, then the rows, then the selected one in full; or the history of an instance."""

    AREA = "fleet"
    CSS_PATH = STYLES / "fleet.tcss"
    AUTO_FOCUS = "#fleet"
    BINDINGS = bindings("fleet")

    def __init__(self) -> None:
        super().__init__()
        self._fleet: FleetSnapshot | None = None
        """What is listed."""
        self._query = FleetQuery()
        self._order = Order.WRONG
        self._problems_only = False
        self._listing = Listing((), 0, 0)

    def body(self) -> ComposeResult:
        """Compose the heading, the rows, the selected one, the history and the filter."""
        clock = self.panel.clock
        yield FleetHeading(clock, id="fleet-heading")
        yield FleetList(id="fleet")
        yield FleetDetail(id="fleet-row")
        history = InstanceHistory(clock, id="instance")
        history.can_focus = True
        yield history
        yield FilterField("model:qwen, waiting>5", self._explain, self._complete)

    @property
    def rows(self) -> FleetList:
        """Return the list."""
        return self.query_one(FleetList)

    @property
    def history(self) -> InstanceHistory:
        """Return the history of an instance."""
        return self.query_one(InstanceHistory)

    def _explain(self, text: str) -> str:
        return explanation(text, self.panel.deck.fleet)

    def _complete(self, text: str) -> str | None:
        return completion(text, self.panel.deck.fleet)

    def take_deck(self, deck: Deck) -> None:
        """Show a new fleet, if it is another."""
        super().take_deck(deck)
        if self.is_active or self._fleet is None:
            self._update(deck.fleet)

    def take_lines(self) -> None:
        """Show what arrived while another area was shown."""
        self._update(self.panel.deck.fleet)

    def _update(self, fleet: FleetSnapshot) -> None:
        if fleet is self._fleet:
            return
        self._fleet = fleet
        self._fill()
        if self.has_class(HISTORY) and self.history.is_late:
            self.history.want(again=True)

    def _fill(self) -> None:
        """List the rows that pass, in the chosen order."""
        fleet = self.panel.deck.fleet
        self._listing = listed(fleet, self._query, self._order, problems_only=self._problems_only)
        self.rows.fill(self._listing.lines, self._nothing(fleet))
        self._show_notes()

    def _nothing(self, fleet: FleetSnapshot) -> str:
        """Return why no row is shown, and what to do."""
        if self._listing.known:
            key = self.panel.action("fleet.back").shown
            return NO_MATCH.format(count=grouped(self._listing.known), key=key)
        return trouble(fleet) or trouble(FleetSnapshot(FleetState.NO_SERVERS, sources=fleet.sources))

    def _show_notes(self) -> None:
        """Show how many rows pass and how they are sorted."""
        notes = []
        if self._listing.shown < self._listing.known:
            notes.append(f"{grouped(self._listing.shown)} of {grouped(self._listing.known)} rows")
        if self._order is not Order.WRONG:
            notes.append(f"by {self._order}")
        self.query_one(KeyBar).show_note("  ".join(notes))

    @on(FleetList.Chosen)
    def _show_row(self, message: FleetList.Chosen) -> None:
        self.query_one(FleetDetail).show(message.row, self._said_of(message.row.row.key if message.row else ""))

    def _said_of(self, key: str) -> tuple[FleetStatement, ...]:
        return tuple(one for one in self.panel.deck.fleet.statements if key and key in one.keys)

    @on(FleetList.Opened)
    def action_open(self) -> None:
        """Show the history of the selected instance."""
        row = self.rows.current
        if isinstance(row, ReplicaLine):
            self.add_class(HISTORY)
            self.query_one(KeyBar).show_keys(self._history_keys())
            self.history.open(row.row)
            self.history.focus()
        elif row is not None:
            self.notify(NO_HISTORY, timeout=3)

    def _history_keys(self) -> list[Action]:
        """Return the keys that act while a history is shown."""
        return [
            self.panel.action("fleet.back"),
            *(one for one in self.panel.actions if one.place == "app" and one.footer),
        ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action can be done: those of the list act only while it is shown."""
        if action in OF_LIST and self.has_class(HISTORY):
            return False
        return super().check_action(action, parameters)

    @on(InstanceHistory.Wanted)
    def _on_history_wanted(self, message: InstanceHistory.Wanted) -> None:
        self._ask(message)

    @work(exclusive=True, exit_on_error=False)
    async def _ask(self, wanted: InstanceHistory.Wanted) -> None:
        """Ask for the figures of an instance; what was asked for before is no longer waited for."""
        feed, since = self.panel.feed, self.panel.clock.now() - wanted.span_s
        found = await feed.fleet_history(wanted.key, "", since, wanted.step_s) if feed is not None else NOT_ASKED
        self.history.take(wanted, found)

    def action_back(self) -> None:
        """Close the history, or clear the filter and show all rows."""
        if self.has_class(HISTORY):
            self.remove_class(HISTORY)
            self.query_one(KeyBar).show_keys(None)
            self.history.close()
            self.rows.focus()
            return
        self.query_one(BottomField).value = ""
        self._problems_only = False
        self._close()
        self._fill()

    def action_filter(self) -> None:
        """Open the filter; it is one of the rows."""
        if self.has_class(HISTORY):
            self.action_back()
        self.query_one(FilterField).open()

    def action_sort(self) -> None:
        """Sort by the next figure."""
        self._order = self._order.next()
        self._fill()
        self.rows.go_to_edge(0)

    def action_problems(self) -> None:
        """Show all rows, or only those with something wrong."""
        self._problems_only = not self._problems_only
        self._fill()

    def action_next(self, step: int) -> None:
        """Go to the next or previous row with something wrong."""
        if not self.rows.go_to_problem(lambda row: row.health in PROBLEMS, step):
            self.notify(NO_PROBLEM, timeout=2)

    def action_edge(self, index: int) -> None:
        """Select the first row or the last."""
        self.rows.go_to_edge(index)

    def action_copy(self) -> None:
        """Copy the selected row."""
        row = self.rows.current
        if row is None:
            self.copy("", "No row to copy.")
            return
        said = [one.text for one in self._said_of(row.row.key)]
        self.copy("\n".join([words_of(row), *said]), "the row")

    @on(Input.Changed, "#filter")
    def _on_filter_typed(self, event: Input.Changed) -> None:
        self._query = FleetQuery.read(event.value)
        self._fill()
        self.query_one(FilterField).explain(self._query.problem)

    @on(Input.Submitted, "#filter")
    def _close(self) -> None:
        if not self.query_one(BottomField).value:
            self.query_one(FilterField).close()
        self.rows.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Show the filter's explanation at the new width."""
        self.call_after_refresh(self.query_one(FilterField).explain, self._query.problem)
