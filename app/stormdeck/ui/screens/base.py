"""The base of the areas: the path bar and the verdict on top, the key bar at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from stormdeck.model.deck import Deck
from stormdeck.model.verdict.statement import Statement
from stormdeck.ui.bindings import footer
from stormdeck.ui.panel_app import PanelApp
from stormdeck.ui.textual_patches.exiting import EmptyOnExit
from stormdeck.ui.textual_patches.memory import release_drawn
from stormdeck.ui.textual_patches.notifications import give_rows
from stormdeck.ui.textual_patches.screen_size import add_size_classes, skip_restyling
from stormdeck.ui.widgets.key_bar import KeyBar
from stormdeck.ui.widgets.overview.servers import ServerPanel
from stormdeck.ui.widgets.panel import Panel
from stormdeck.ui.widgets.path_bar import PathBar
from stormdeck.ui.widgets.verdict_bar import VerdictBar

if TYPE_CHECKING:
    from stormdeck.model.timeline.away import News
    from stormdeck.ui.widgets.away_note import AwayNote


class Area(EmptyOnExit, Screen[None]):
    """An area. It passes the deck, the verdict and the time to its panels."""

    AREA = ""
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        add_size_classes(self)
        self.news: AwayNote | None = None
        """What happened while the user was away, while it is shown."""
        self._panels: list[Panel] = []
        """All panels, which stay as long as the area: looking for them takes as long as giving them the deck."""

    @property
    def panel(self) -> PanelApp:
        """Return the app with its own type."""
        assert isinstance(self.app, PanelApp)  # noqa: S101 - for mypy
        return self.app

    def compose(self) -> ComposeResult:
        """Compose the frame around the body."""
        yield PathBar()
        yield from self.compose_top()
        yield from self.body()
        yield KeyBar(self.AREA, footer(self.AREA, self.panel.actions, replay=self.panel.IS_REPLAY))

    def compose_top(self) -> ComposeResult:
        """Compose what is between the path bar and the body."""
        yield VerdictBar()

    def body(self) -> ComposeResult:
        """Compose the content of this area."""
        yield Static()

    def on_mount(self) -> None:
        """Watch the deck, the verdict and the time of the app."""
        give_rows(self, before=self.query_one(KeyBar))
        self.query_one(PathBar).demo = self.panel.demo
        self._panels = [*self.query(Panel)]
        for panel in self._panels:
            panel.plain = self.panel.plain
        self.watch(self.panel, "deck", self.take_deck)
        self.watch(self.panel, "verdict", self.take_verdict)
        self.watch(self.panel, "minute", self.take_minute)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Show what arrived while another area was shown."""
        skip_restyling(event)
        self.take_lines()

    def on_screen_suspend(self) -> None:
        """Free what was drawn when another area is shown; below a dialog it is still seen."""
        if self.panel.current_mode != self.AREA:
            release_drawn(self)

    def take_deck(self, deck: Deck) -> None:
        """Pass a new deck to every panel."""
        for panel in self._panels:
            panel.deck = deck

    def take_verdict(self, verdict: Statement) -> None:
        """Show a new verdict."""
        for bar in self.query(VerdictBar):
            bar.verdict = verdict

    def take_minute(self, minute: str) -> None:
        """Update the time and the ages."""
        self.query_one(PathBar).show_minute(minute)
        for server in self.query(ServerPanel):
            server.show_now(self.panel.clock.now())

    def show_news(self, since: float, news: Sequence[News]) -> None:
        """Show what happened while the user was away, above the key bar."""
        from stormdeck.ui.widgets.away_note import AwayNote

        self.close_news()
        self.news = AwayNote(f"WHILE YOU WERE AWAY, since {self.panel.clock.minute(since)}", news)
        self.mount(self.news, before=self.query_one(KeyBar))

    def close_news(self) -> None:
        """Close what ``show_news`` has shown."""
        if self.news is not None:
            self.news.remove()
            self.news = None

    def copy(self, text: str, what: str) -> None:
        """Copy a text and notify the user. For an empty text, ``what`` is the reason why nothing is copied."""
        if text:
            self.app.copy_to_clipboard(text)
        self.notify(f"Copied {what}." if text else what, timeout=2, markup=False)

    def take_lines(self) -> None:
        """Show lines that were added to the log book; areas without a log ignore them."""
