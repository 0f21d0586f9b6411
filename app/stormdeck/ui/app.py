"""The app with its screens: which areas there are, and what the keys that work everywhere do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on
from textual.command import CommandPalette

from stormdeck.model.finding import HopKind
from stormdeck.model.keys.keymap import Chosen
from stormdeck.model.keys.offered import has_area
from stormdeck.model.logs.book import LogBook
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.paths import STYLES
from stormdeck.ui.appearance import Appearance
from stormdeck.ui.areas import AREAS, import_areas, palette
from stormdeck.ui.away import Away
from stormdeck.ui.bindings import bindings, writes
from stormdeck.ui.clock import Clock
from stormdeck.ui.messages import Arrived, GoTo, LogsGrew
from stormdeck.ui.navigation import Navigation
from stormdeck.ui.panel_app import DEFAULT_APPEARANCE, PanelApp
from stormdeck.ui.screens.base import Area
from stormdeck.ui.storm_alert import StormAlert

if TYPE_CHECKING:
    from textual.actions import ActionParseResult
    from textual.dom import DOMNode

    from stormdeck.ui.screens.canary import CanaryScreen


class StormdeckApp(PanelApp):
    """The panel with its areas, the palette and the dialogs."""

    TITLE = "stormdeck"
    # The other areas have their own sheets: each one here delays the first paint.
    CSS_PATH = [STYLES / name for name in ("frame.tcss", "overview.tcss", "dialogs.tcss")]  # noqa: RUF012
    MODES = AREAS
    DEFAULT_MODE = "overview"
    BINDINGS = bindings("app")
    COMMANDS = {palette}  # noqa: RUF012

    def __init__(
        self,
        home: Path,
        *,
        book: LogBook | None = None,
        clock: Clock | None = None,
        look: Appearance = DEFAULT_APPEARANCE,
        demo: bool = False,
        client_version: str | None = None,
        named: tuple[str, ...] = (),
        bell: bool = False,
        keys: Sequence[Chosen] = (),
        poll_s: int = 2,
    ) -> None:
        super().__init__(
            home, book=book, clock=clock, look=look, demo=demo, client_version=client_version, named=named, keys=keys
        )
        self.storm_alert = StormAlert(self, bell=bell)
        self.poll_s = poll_s
        """Seconds between two polls of a server."""
        self.navigation = Navigation(self)
        self.away = Away(self)

    async def load_and_start_feed(self) -> None:
        """Start the feed; then import the other areas, while the user reads the first one."""
        await super().load_and_start_feed()
        await asyncio.to_thread(import_areas)

    @on(Arrived)
    def _on_snapshot(self, message: Arrived) -> None:
        before = self.deck.traffic
        self.take_snapshot(message.snapshot)
        if isinstance(message.snapshot, TrafficSnapshot):
            self.storm_alert.update(before, message.snapshot, self.verdict)

    async def on_event(self, event: events.Event) -> None:
        """Notice that the user is there, before a key does what it does."""
        # What no widget handles comes back here, forwarded.
        is_new = isinstance(event, events.InputEvent) and not event.is_forwarded
        if is_new and isinstance(event, events.Key):
            self.away.close()
        await super().on_event(event)
        if is_new and isinstance(event, events.Key | events.MouseDown):
            self.away.note_input()

    @on(events.AppBlur)
    def _on_blur(self) -> None:
        self.away.note_blur()

    @on(events.AppFocus)
    def _on_focus(self) -> None:
        self.away.note_focus()

    @on(LogsGrew)
    def _on_log_lines(self) -> None:
        # Lines may still arrive while the app exits, when no screen is left.
        shown = self.screen_stack[-1] if self.screen_stack else None
        if isinstance(shown, Area):
            shown.take_lines()

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action of a key, a click or the palette, unless it would write and the panel is read-only."""
        if self.read_only and isinstance(self.screen, Area) and writes(self.screen.AREA, action):
            self.notify(self.read_only, markup=False)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return whether an action can be done: no key leads to an area that has nothing to show."""
        if action == "show" and not has_area(str(parameters[0]), self.deck):
            return False
        return super().check_action(action, parameters)

    async def on_go_to(self, message: GoTo) -> None:
        """Show the place that a screen or the palette asks for."""
        await self.navigation.go_to(message.place)

    async def action_show(self, area: str) -> None:
        """Show an area; in the form, select the row with the fix that the verdict names."""
        if area == "settings":
            await self.navigation.show_form(self.verdict)
        else:
            await self.navigation.show_area(area)

    async def action_storm(self) -> None:
        """Show the log lines of the newest storm, then of the next older one."""
        await self.navigation.show_next_storm()

    async def action_hop(self, kind: str) -> None:
        """Show a hop of the request path."""
        await self.navigation.show_hop(HopKind(kind))

    async def action_cause(self) -> None:
        """Show what the verdict is about."""
        await self.navigation.show_cause(self.verdict)

    async def action_fix(self) -> None:
        """Show the row with the fix that the verdict names, or else what the verdict is about."""
        await self.navigation.show_fix(self.verdict)

    async def action_trust(self) -> None:
        """Ask whether the server that this folder names may have the user's token."""
        await self.navigation.ask_for_trust()

    def action_search(self) -> None:
        """Search for servers and logs again."""
        if self.feed is not None:
            self.feed.search()

    def action_interval(self, step: int) -> None:
        """Poll the servers less often, or with a negative step more often."""
        from stormdeck.model.panel_choices import interval_words, next_interval

        if self.feed is None:
            self.notify(self.NO_SETTINGS)
            return
        seconds = next_interval(self.poll_s, step)
        not_kept = ""
        if seconds != self.poll_s:
            self.poll_s = seconds
            self.feed.set_interval(seconds)
            not_kept = self.keep("poll", seconds)
        # Only the newest: the key is pressed several times.
        self.clear_notifications()
        self.notify(f"{interval_words(seconds)} {not_kept}".strip(), timeout=6, markup=False)

    def action_command_palette(self) -> None:
        """Show the palette. With Textual's id for it there would be two of one id while the last one is removed."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette())

    async def action_help(self) -> None:
        """Show all keys."""
        from stormdeck.ui.screens.help import HelpScreen

        await self.push_screen(HelpScreen(self.current_mode))

    def action_help_quit(self) -> None:
        """Say how to quit, for those who press ``ctrl+c``."""
        self.clear_notifications()
        keys = self.action("app.quit").shown, self.action("app.leave").shown
        self.notify(f"{keys[0]} quits, {keys[1]} also while you type.", timeout=4)

    async def action_quit(self) -> None:
        """Exit; ask first if changes in the form are not saved."""
        from stormdeck.ui.screens.save import LeaveScreen

        if not self.unsaved or isinstance(self.screen, LeaveScreen):
            self.exit()
        else:
            await self.push_screen(LeaveScreen(self.unsaved), lambda leaves: self.exit() if leaves else None)

    def on_canary_screen_finished(self, message: CanaryScreen.Finished) -> None:
        """Add the report of a canary to the deck."""
        self.deck = replace(self.deck, canary=message.report)
        self.note_events()
