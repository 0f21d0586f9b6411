"""The panel: wires the feed to the deck, the deck to the areas, and the keys to the actions."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from textual import events, on
from textual.app import App, SystemCommand
from textual.reactive import var
from textual.screen import Screen

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding
from stormdeck.model.light import Light
from stormdeck.model.logs.book import LogBook
from stormdeck.model.retries.storm import Storm
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.traffic import TrafficSnapshot
from stormdeck.model.verdict import Verdict, verdict
from stormdeck.paths import STYLES
from stormdeck.ui.actions import ACTIONS, bindings
from stormdeck.ui.clock import Clock
from stormdeck.ui.messages import Arrived, LogsGrew
from stormdeck.ui.screens.base import Area
from stormdeck.ui.screens.overview import OverviewScreen
from stormdeck.ui.themes import DARK, THEMES

if TYPE_CHECKING:
    from stormdeck.feed.reduce import Snapshot
    from stormdeck.model.canary.check import Check
    from stormdeck.model.canary.plan import Plan
    from stormdeck.model.canary.summary import CanaryReport
    from stormdeck.ui.screens.canary import CanaryScreen

TICK_S = 1.0
TOAST_HEIGHT = 20
"""Rows below which a toast would hide more than it tells."""


class Source(Protocol):
    """What the panel needs of a feed."""

    def start(self) -> None:
        """Begin; returns at once."""

    async def stop(self) -> None:
        """End; nothing runs on."""

    def search(self) -> None:
        """Look for servers and logs again."""

    def attention(self, given: bool) -> None:
        """Say whether anybody looks."""

    def plan_canary(self, deck: Deck) -> Plan | None:
        """Return what a canary would send."""

    async def run_canary(self, plan: Plan, hand: Callable[[Check], None]) -> CanaryReport:
        """Send a canary."""

    async def save(self, file: SettingsFile, text: str) -> str:
        """Write a settings file; return why not, or nothing when it is written."""


def _logs() -> Screen[None]:
    from stormdeck.ui.screens.logs import LogsScreen

    return LogsScreen()


def _settings() -> Screen[None]:
    from stormdeck.ui.screens.settings import SettingsScreen

    return SettingsScreen()


def _checks() -> Screen[None]:
    from stormdeck.ui.screens.checks import ChecksScreen

    return ChecksScreen()


class StormdeckApp(App[None]):
    """One deck, one verdict, four areas."""

    TITLE = "stormdeck"
    CSS_PATH = [STYLES / name for name in ("frame.tcss", "overview.tcss", "logs.tcss", "settings.tcss", "dialogs.tcss")]  # noqa: RUF012
    MODES = {"overview": OverviewScreen, "logs": _logs, "settings": _settings, "checks": _checks}  # noqa: RUF012
    DEFAULT_MODE = "overview"
    BINDINGS = bindings("app")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (70, "-medium"), (104, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (18, "-middle"), (34, "-tall")]  # noqa: RUF012

    # var, not reactive: a reactive of the app paints the whole screen whenever it changes.
    deck: var[Deck] = var(Deck(), init=False)
    verdict: var[Verdict] = var(Verdict(Light.UNKNOWN, ""), init=False)
    minute: var[str] = var("", init=False)

    def __init__(
        self,
        home: Path,
        *,
        book: LogBook | None = None,
        clock: Clock | None = None,
        theme: str = DARK.name,
        demo: bool = False,
        client_version: str | None = None,
        bell: bool = False,
    ) -> None:
        super().__init__()
        self.home = home
        self.book = book if book is not None else LogBook()
        self.clock = clock if clock is not None else Clock()
        self.demo = demo
        self.feed: Source | None = None
        self.bell_rings = bell
        self._storm = 0.0
        """When the storm began whose lines were shown last."""
        for own in THEMES:
            self.register_theme(own)
        self.theme = theme if theme in self.available_themes else DARK.name
        given = client_version is not None
        self.set_reactive(StormdeckApp.deck, Deck(client_version=client_version, version_given=given))
        self.judge()

    def on_mount(self) -> None:
        """Start the clock; the feed starts when the first screen is painted."""
        self.set_interval(TICK_S, self.judge)
        if self.feed is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._end, signal.SIGTERM)
            self.call_after_refresh(self.feed.start)

    def _end(self, by: signal.Signals) -> None:
        """Leave as after ``q``, the terminal restored, with the exit code that a shell expects of a signal."""
        self.exit(return_code=128 + by)

    async def on_unmount(self) -> None:
        """End the feed, whatever ended the panel."""
        if self.feed is not None:
            await self.feed.stop()

    def hand(self, snapshot: Snapshot) -> None:
        """Take a snapshot from the feed."""
        self.post_message(Arrived(snapshot))

    def lines_came(self) -> None:
        """Take word that the log book grew."""
        self.post_message(LogsGrew())

    @on(Arrived)
    def _take(self, message: Arrived) -> None:
        from stormdeck.feed.reduce import take

        before = self.deck.traffic
        self.deck = take(self.deck, message.snapshot)
        self.judge()
        if isinstance(message.snapshot, TrafficSnapshot):
            self._announce(before, message.snapshot)

    def _announce(self, before: TrafficSnapshot | None, now: TrafficSnapshot) -> None:
        """Say once that a storm has begun."""
        storm, old = now.live_storm, before.live_storm if before else None
        if storm is None or (old is not None and old.started == storm.started):
            return
        if self.bell_rings:
            self.bell()
        if self.size.height >= TOAST_HEIGHT:
            self.notify(self.verdict.detail, title="Retry storm", severity="error", timeout=6, markup=False)

    @on(LogsGrew)
    def _show_lines(self) -> None:
        if isinstance(self.screen, Area):
            self.screen.take_lines()

    async def save(self, file: SettingsFile, text: str) -> str:
        """Write a settings file; return why not, or nothing when it is written."""
        return await self.feed.save(file, text) if self.feed is not None else "The panel runs without its sources."

    def judge(self) -> None:
        """Say anew what is the matter; an equal verdict draws nothing."""
        now = self.clock.now()
        self.minute = self.clock.minute(now)
        self.verdict = verdict(self.deck, now, self.clock.minute)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Offer every action of the registry that works here, then Textual's own."""
        area = screen.AREA if isinstance(screen, Area) else ""
        for action in ACTIONS:
            if action.id != "palette" and action.area in {"app", area}:
                call = action.target
                yield SystemCommand(
                    f"{action.words}  {action.shown}", action.help, lambda call=call: self.run_action(call)
                )
        for command in super().get_system_commands(screen):
            if command.title not in {"Quit", "Keys"}:
                yield command

    async def action_show(self, area: str) -> None:
        """Go to a work area."""
        if self.current_mode != area:
            await self.switch_mode(area)

    async def action_storm(self) -> None:
        """Go to the log lines of the newest storm, then of the older ones."""
        storms = self.deck.traffic.storms if self.deck.traffic else ()
        if not storms:
            self.notify("No storm seen yet.")
            return
        starts = [storm.started for storm in storms]
        at = starts.index(self._storm) + 1 if self._storm in starts and self.current_mode == "logs" else 0
        await self.show_storm(storms[at % len(storms)])

    async def show_storm(self, storm: Storm) -> None:
        """Go to the log line of a storm's first attempt."""
        from stormdeck.ui.screens.logs import LogsScreen
        from stormdeck.ui.widgets.log_search import first_attempt

        self._storm = storm.started
        number = first_attempt(self.book, storm)
        if number is None:
            self.notify(f"The lines of the storm of {self.clock.minute(storm.started)} are no longer kept.")
            return
        await self.action_show("logs")
        screen = self.screen
        if isinstance(screen, LogsScreen):
            self.call_after_refresh(screen.go_to, number)

    async def show_canary(self) -> None:
        """Show what a canary would send; it is sent on another key."""
        from stormdeck.ui.screens.canary import CanaryScreen

        plan = self.feed.plan_canary(self.deck) if self.feed is not None else None
        if plan is None or self.feed is None:
            self.notify("The sources are still being loaded.")
        else:
            await self.push_screen(CanaryScreen(plan, self.feed))

    def on_canary_screen_told(self, message: CanaryScreen.Told) -> None:
        """Keep what a canary told beside the findings."""
        self.deck = replace(self.deck, canary=message.report)

    async def take_to_form(self, finding: Finding) -> None:
        """Show the form with the fix of a finding taken, on the row that it is about."""
        from stormdeck.ui.screens.settings import SettingsScreen

        await self.action_show("settings")
        screen = self.screen
        if isinstance(screen, SettingsScreen):
            self.call_after_refresh(screen.take_fix, finding)

    async def action_help(self) -> None:
        """Show all keys."""
        from stormdeck.ui.screens.help import HelpScreen

        await self.push_screen(HelpScreen())

    def action_search(self) -> None:
        """Look for servers and logs again."""
        if self.feed is not None:
            self.feed.search()

    @on(events.AppBlur)
    def _nobody_looks(self) -> None:
        if self.feed is not None:
            self.feed.attention(False)

    @on(events.AppFocus)
    def _somebody_looks(self) -> None:
        if self.feed is not None:
            self.feed.attention(True)
