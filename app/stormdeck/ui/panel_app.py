"""The app as its screens see it: the deck, the verdict, the clock, the keys and the feed, but no screens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on
from textual.reactive import var

from stormdeck import process_memory
from stormdeck.model.deck import Deck
from stormdeck.model.keys.action import Action
from stormdeck.model.keys.keymap import Chosen, keyed
from stormdeck.model.keys.offered import offered_actions
from stormdeck.model.logs.book import LogBook
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.verdict.statement import LOOKING, Statement
from stormdeck.ui.appearance import Appearance, ThemedApp
from stormdeck.ui.clock import Clock
from stormdeck.ui.messages import Arrived, LogsGrew
from stormdeck.ui.signals import end_on_signals
from stormdeck.ui.textual_patches.compositor import render_only_changes
from stormdeck.ui.textual_patches.memory import save_memory
from stormdeck.ui.textual_patches.screen_size import BY_HEIGHT, BY_WIDTH
from stormdeck.ui.textual_patches.selecting import select_only_in_a_parent

if TYPE_CHECKING:
    from textual.driver import Driver

    from stormdeck.feed.protocol import PanelFeed
    from stormdeck.feed.publisher import Publisher
    from stormdeck.feed.reducer import Snapshot
    from stormdeck.model.logs.spec import LogSpec

DEFAULT_APPEARANCE = Appearance()
TICK_S = 1.0
LATER_S = 0.3
"""How long after a second begins the clock ticks: what arrives once a second is judged by then."""
CALM_TICKS = 5
"""Ticks between two verdicts while no snapshot arrives and the verdict counts no seconds."""


class PanelApp(ThemedApp):
    """Holds the state that all screens show, and the feed that changes it.

    ``StormdeckApp`` adds the screens and the navigation between them.
    """

    NO_SETTINGS = "The sources are still being loaded."
    """Why nothing is saved while the feed has no settings."""
    IS_REPLAY = False
    """Whether a recording is played."""
    HORIZONTAL_BREAKPOINTS = BY_WIDTH
    VERTICAL_BREAKPOINTS = BY_HEIGHT

    # var, not reactive: a reactive of the app repaints the whole screen whenever it changes.
    deck: var[Deck] = var(Deck(), init=False)
    verdict: var[Statement] = var(LOOKING, init=False)
    minute: var[str] = var("", init=False)

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
        keys: Sequence[Chosen] = (),
    ) -> None:
        save_memory()
        render_only_changes()
        select_only_in_a_parent()
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
        """Why the panel writes nothing; empty: it may write."""
        self.to_clipboard: Callable[[str], None] | None = None
        """Copies a text in another way than the terminal's own, such as through tmux."""
        self.unsaved = 0
        """Unsaved changes in the settings form."""
        self._calm_ticks = 0
        self.judged: tuple[Deck, float, tuple[Statement, ...]] = (self.deck, 0.0, ())
        """What was judged last, when, and the statements about it."""
        self._actions = keyed(keys)
        self._by_id = {action.id: action for action in self._actions}
        self.set_keymap({chosen.action: self.action(chosen.action).keys for chosen in keys})
        given = client_version is not None
        self.set_reactive(PanelApp.deck, Deck(client_version=client_version, version_given=given, named=named))
        self.set_reactive(PanelApp.minute, self.clock.minute(self.clock.now()))

    def get_driver_class(self) -> type[Driver]:
        """Return the driver that survives being stopped."""
        from stormdeck.ui.textual_patches.driver import PanelDriver

        return PanelDriver

    def on_load(self) -> None:
        """Handle the signals that end a program before the terminal is taken over."""
        if self._has_feed:
            end_on_signals(self._exit_on_signal)

    def on_mount(self) -> None:
        """Start the clock and the feed after the first paint."""
        self.call_after_refresh(process_memory.resume)
        self.call_after_refresh(self._start_clock)
        if self._has_feed:
            self.call_after_refresh(process_memory.enable_trim)
        self.call_after_refresh(self._begin)

    @property
    def _has_feed(self) -> bool:
        return self.feed is not None or self.load_feed is not None

    def _begin(self) -> None:
        """Load and start the feed in a task: keys work meanwhile."""
        self._loading = asyncio.get_running_loop().create_task(self.load_and_start_feed())

    async def load_and_start_feed(self) -> None:
        """Start the feed and the publisher; load them first if ``load_feed`` is set."""
        if self.load_feed is not None:
            self.feed, self.publisher = await self.load_feed()
        for part in (self.feed, self.publisher):
            if part is not None:
                part.start()

    def _exit_on_signal(self, code: int) -> None:
        """Exit as after ``q``, the terminal restored; not before the first paint, which would fail then."""
        self.call_after_refresh(self.exit, return_code=code)

    async def on_unmount(self) -> None:
        """Stop the feed."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.gather(self._loading, return_exceptions=True)
        for part in (self.publisher, self.feed):
            if part is not None:
                await part.stop()

    def deliver(self, snapshot: Snapshot) -> None:
        """Post a snapshot from the feed to the app."""
        self.post_message(Arrived(snapshot))

    def notify_lines(self) -> None:
        """Post that lines were added to the log book."""
        self.post_message(LogsGrew())

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Update the deck and the verdict."""
        from stormdeck.feed.reducer import take

        self.deck = take(self.deck, snapshot)
        self.note_events()
        if self.feed is not None and self.feed.exporter is not None:
            self.feed.exporter.take(self.deck)
        self.judge()

    def follow_log(self, log: LogSpec) -> None:
        """Follow a log that was proposed, from now on."""
        if self.feed is not None:
            not_kept = self.feed.follow_log(log)
            self.notify(f"{log} is followed. {not_kept}".strip(), markup=False)

    def add_log(self, log: LogSpec) -> None:
        """Follow a log that the user has named, until the panel ends."""
        if self.feed is not None:
            self.feed.add_log(log)
            self.notify(f"{log} is followed until you quit. To follow it at the next start, too: --log", markup=False)

    async def save(self, file: SettingsFile, text: str) -> str:
        """Write a settings file; return why it was refused, or an empty text when it is written."""
        if self.read_only:
            return self.read_only
        settings = self.feed.settings if self.feed is not None else None
        return await settings.save(file, text) if settings is not None else self.NO_SETTINGS

    def _start_clock(self) -> None:
        from stormdeck.feed.polling import align_to_second

        self.set_timer(align_to_second(TICK_S) + LATER_S, lambda: self.set_interval(TICK_S, self._tick))

    def note_events(self) -> None:
        """Have the feed compare the deck with the one before."""
        if self.feed is not None and self.feed.timeline is not None:
            self.feed.timeline.take(self.deck)

    def _tick(self) -> None:
        self._calm_ticks += 1
        self.note_events()
        traffic = self.deck.traffic
        counts_seconds = self.verdict.age is not None or (traffic is not None and traffic.live_storm is not None)
        is_due = counts_seconds and not 0 <= self.clock.now() - self.judged[1] < TICK_S / 2
        if is_due or self._calm_ticks >= CALM_TICKS:
            self.judge()

    def judge(self) -> None:
        """Update the time and the verdict; an equal verdict is not drawn again."""
        from stormdeck.model.verdict.ranking import statements

        self._calm_ticks = 0
        now = self.clock.now()
        self.minute = self.clock.minute(now)
        self.judged = self.deck, now, statements(self.deck, now, self.clock.minute)
        self.verdict = self.judged[2][0]

    @property
    def actions(self) -> tuple[Action, ...]:
        """Return the actions that there are now, with the user's keys."""
        return offered_actions(self._actions, self.deck)

    def action(self, name: str) -> Action:
        """Return an action with the keys that the user has set."""
        return self._by_id[name]

    def copy_to_clipboard(self, text: str) -> None:
        """Copy by the terminal (OSC 52), and by ``to_clipboard`` too: tmux may not pass OSC 52 on."""
        super().copy_to_clipboard(text)
        if self.to_clipboard is not None:
            self.to_clipboard(text)

    @on(events.AppBlur)
    def _on_terminal_blur(self) -> None:
        if self.feed is not None:
            self.feed.set_focused(False)

    @on(events.AppFocus)
    def _on_terminal_focus(self) -> None:
        if self.feed is not None:
            self.feed.set_focused(True)
