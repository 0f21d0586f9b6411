"""The panel: wires the feed to the deck, the deck to the areas, and the keys to the actions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on
from textual.reactive import var

from stormdeck import process_memory
from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.keys.action import Action
from stormdeck.model.keys.keymap import Chosen, keyed
from stormdeck.model.logs.book import LogBook
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.verdict.statement import LOOKING, Statement
from stormdeck.paths import STYLES
from stormdeck.ui.appearance import Appearance, ThemedApp
from stormdeck.ui.areas import AREAS, palette
from stormdeck.ui.bindings import bindings, writes
from stormdeck.ui.clock import Clock
from stormdeck.ui.messages import Arrived, LogsGrew
from stormdeck.ui.navigation import ask_for_trust, show_cause, show_form, show_hop, show_next_storm
from stormdeck.ui.screens.base import Area
from stormdeck.ui.signals import end_on_signals
from stormdeck.ui.storm_alert import Announcer
from stormdeck.ui.textual_patches.memory import save_memory
from stormdeck.ui.textual_patches.screen_size import BY_HEIGHT, BY_WIDTH

if TYPE_CHECKING:
    from textual.actions import ActionParseResult
    from textual.dom import DOMNode
    from textual.driver import Driver

    from stormdeck.feed.protocol import PanelFeed
    from stormdeck.feed.publisher import Publisher
    from stormdeck.feed.reducer import Snapshot
    from stormdeck.ui.screens.canary import CanaryScreen

LOOK = Appearance()
TICK_S = 1.0
CALM_TICKS = 5
"""The same while nothing comes and nothing that is said counts seconds."""


class StormdeckApp(ThemedApp):
    """One deck, one verdict, four areas."""

    TITLE = "stormdeck"
    NO_SETTINGS = "The sources are still being loaded."
    """Why nothing is saved while the feed has no settings."""
    # The other areas bring their own: every sheet is read several times before the first paint.
    CSS_PATH = [STYLES / name for name in ("frame.tcss", "overview.tcss", "dialogs.tcss")]  # noqa: RUF012
    MODES = AREAS
    DEFAULT_MODE = "overview"
    BINDINGS = bindings("app")
    COMMANDS = {palette}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = BY_WIDTH
    VERTICAL_BREAKPOINTS = BY_HEIGHT

    # var, not reactive: a reactive of the app paints the whole screen whenever it changes.
    deck: var[Deck] = var(Deck(), init=False)
    verdict: var[Statement] = var(LOOKING, init=False)
    minute: var[str] = var("", init=False)

    def __init__(
        self,
        home: Path,
        *,
        book: LogBook | None = None,
        clock: Clock | None = None,
        look: Appearance = LOOK,
        demo: bool = False,
        client_version: str | None = None,
        named: tuple[str, ...] = (),
        bell: bool = False,
        keys: Sequence[Chosen] = (),
    ) -> None:
        save_memory()
        super().__init__(look)
        self.home = home
        self.book = book if book is not None else LogBook()
        self.clock = clock if clock is not None else Clock()
        self.demo = demo
        self.feed: PanelFeed | None = None
        self.publisher: Publisher | None = None
        """Publishes the panel's verdict for status bars."""
        self.load_feed: Callable[[], Awaitable[tuple[PanelFeed, Publisher | None]]] | None = None
        """Imports and builds the feed and its publisher after the first paint; not needed where ``feed`` is set."""
        self._loading: asyncio.Task[None] | None = None
        self.read_only = ""
        """Why nothing is written, where that was asked for."""
        self.announcer = Announcer(self, bell=bell)
        self.storm_shown = 0.0
        """When the storm began whose lines were shown last."""
        self.fix_shown = ""
        """The rule whose fix the form was opened on last."""
        self.to_clipboard: Callable[[str], None] | None = None
        """Another way to the clipboard beside the terminal's own."""
        self._calm_ticks = 0
        self.unsaved = 0
        """Changes in the form that are not saved."""
        self.actions = keyed(keys)
        self._by_id = {action.id: action for action in self.actions}
        self.set_keymap({chosen.action: self.action(chosen.action).keys for chosen in keys})
        given = client_version is not None
        self.set_reactive(StormdeckApp.deck, Deck(client_version=client_version, version_given=given, named=named))
        self.set_reactive(StormdeckApp.minute, self.clock.minute(self.clock.now()))

    def get_driver_class(self) -> type[Driver]:
        """Return the hold on the terminal that survives being stopped."""
        from stormdeck.ui.textual_patches.driver import PanelDriver

        return PanelDriver

    def on_load(self) -> None:
        """Listen for the signals that end a program, before the terminal is taken over."""
        if self._has_feed:
            end_on_signals(self._end)

    def on_mount(self) -> None:
        """Start the clock; the feed starts when the first screen is painted."""
        self.call_after_refresh(process_memory.resume)
        self.call_after_refresh(self._start_clock)
        if self._has_feed:
            self.call_after_refresh(process_memory.enable_trim)
        self.call_after_refresh(self._begin)

    @property
    def _has_feed(self) -> bool:
        return self.feed is not None or self.load_feed is not None

    def _begin(self) -> None:
        """Start the feed, and load it first where that is left to do: keys work meanwhile."""
        if self.load_feed is not None:
            self._loading = asyncio.get_running_loop().create_task(self._load(self.load_feed))
        else:
            self._start_feed()

    async def _load(self, load: Callable[[], Awaitable[tuple[PanelFeed, Publisher | None]]]) -> None:
        self.feed, self.publisher = await load()
        self._start_feed()

    def _start_feed(self) -> None:
        for part in (self.feed, self.publisher):
            if part is not None:
                part.start()

    def _end(self, code: int) -> None:
        """Leave as after ``q``, the terminal restored; not before the first screen stands, which would break it."""
        self.call_after_refresh(self.exit, return_code=code)

    async def on_unmount(self) -> None:
        """End the feed, whatever ended the panel."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        for part in (self.publisher, self.feed):
            if part is not None:
                await part.stop()

    def hand(self, snapshot: Snapshot) -> None:
        """Take a snapshot from the feed."""
        self.post_message(Arrived(snapshot))

    def lines_came(self) -> None:
        """Take word that the log book grew."""
        self.post_message(LogsGrew())

    @on(Arrived)
    def _take(self, message: Arrived) -> None:
        from stormdeck.feed.reducer import take

        before = self.deck.traffic
        self.deck = take(self.deck, message.snapshot)
        self.judge()
        if isinstance(message.snapshot, TrafficSnapshot):
            self.announcer.announce(before, message.snapshot, self.verdict)

    @on(LogsGrew)
    def _show_lines(self) -> None:
        if isinstance(self.screen, Area):
            self.screen.take_lines()

    async def save(self, file: SettingsFile, text: str) -> str:
        """Write a settings file; return why not, or nothing when it is written."""
        if self.read_only:
            return self.read_only
        settings = self.feed.settings if self.feed is not None else None
        return await settings.save(file, text) if settings is not None else self.NO_SETTINGS

    def _start_clock(self) -> None:
        from stormdeck.feed.polling import on_the_second

        self.set_timer(on_the_second(TICK_S), lambda: self.set_interval(TICK_S, self._tick))

    def _tick(self) -> None:
        self._calm_ticks += 1
        traffic = self.deck.traffic
        counts = self.verdict.age is not None or (traffic is not None and traffic.live_storm is not None)
        if counts or self._calm_ticks >= CALM_TICKS:
            self.judge()

    def judge(self) -> None:
        """Say anew what is the matter; an equal verdict draws nothing."""
        from stormdeck.model.verdict.ranking import verdict

        self._calm_ticks = 0
        now = self.clock.now()
        self.minute = self.clock.minute(now)
        self.verdict = verdict(self.deck, now, self.clock.minute)

    def action(self, name: str) -> Action:
        """Return an action with its key as the user set it."""
        return self._by_id[name]

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key, a click or the palette asks for; say why not where it would write and nothing may be."""
        if self.read_only and isinstance(self.screen, Area) and writes(self.screen.AREA, action):
            self.notify(self.read_only, markup=False)
            return True
        return await super().run_action(action, default_namespace, namespaces)

    async def action_show(self, area: str) -> None:
        """Go to a work area; to the form where the verdict sends the user there, on the row with the fix."""
        if area == "settings" and self.current_mode != area:
            await show_form(self, self.verdict)
        else:
            await self.go_to_area(area)

    async def go_to_area(self, area: str) -> None:
        """Show a work area as it was left."""
        if self.current_mode != area:
            await self.switch_mode(area)

    async def action_storm(self) -> None:
        """Go to the log lines of the newest storm, then of the older ones."""
        await show_next_storm(self)

    async def action_hop(self, kind: str) -> None:
        """Go to what the panel knows of a hop."""
        await show_hop(self, HopKind(kind))

    async def action_cause(self) -> None:
        """Go to what the verdict speaks of."""
        await show_cause(self, self.verdict)

    def on_canary_screen_told(self, message: CanaryScreen.Told) -> None:
        """Keep what a canary told beside the findings."""
        self.deck = replace(self.deck, canary=message.report)

    async def action_help(self) -> None:
        """Show all keys."""
        from stormdeck.ui.screens.help import HelpScreen

        await self.push_screen(HelpScreen(self.current_mode))

    def copy_to_clipboard(self, text: str) -> None:
        """Copy by the terminal (OSC 52), and past a tmux that would keep that to itself."""
        super().copy_to_clipboard(text)
        if self.to_clipboard is not None:
            self.to_clipboard(text)

    async def action_quit(self) -> None:
        """Leave; ask first where changes of the form are not saved."""
        from stormdeck.ui.screens.save import LeaveScreen

        if not self.unsaved or isinstance(self.screen, LeaveScreen):
            self.exit()
        else:
            await self.push_screen(LeaveScreen(self.unsaved), lambda leaves: self.exit() if leaves else None)

    async def action_trust(self) -> None:
        """Ask whether the server that this folder names may have the user's token."""
        await ask_for_trust(self)

    def action_search(self) -> None:
        """Look for servers and logs again."""
        if self.feed is not None:
            self.feed.search()

    @on(events.AppBlur)
    def _lose_focus(self) -> None:
        if self.feed is not None:
            self.feed.set_focused(False)

    @on(events.AppFocus)
    def _gain_focus(self) -> None:
        if self.feed is not None:
            self.feed.set_focused(True)
