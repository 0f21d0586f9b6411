"""The base of all dialogs: a text that scrolls, and the keys below it, always visible."""

from __future__ import annotations

from typing import TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from stormdeck.ui.bindings import bindings
from stormdeck.ui.panel_app import PanelApp
from stormdeck.ui.rendering import called, clickable, line
from stormdeck.ui.textual_patches.dismissing import DismissedOnce
from stormdeck.ui.textual_patches.exiting import EmptyOnExit
from stormdeck.ui.textual_patches.screen_size import add_size_classes

Answer = TypeVar("Answer")
LEAST = 20
"""The least columns that a text is wrapped to."""


class Room(VerticalScroll):
    """The scrolling part of a dialog."""

    BINDINGS = bindings("dialog", inner=True)

    class Changed(Message):
        """Its size has changed, by the terminal or by a scroll bar."""

    def on_mount(self) -> None:
        """Watch for scroll bars, which cause no resize event."""
        self.watch(self, "virtual_size", self.on_resize, init=False)

    def on_resize(self) -> None:
        """Tell the dialog, which is resized before this widget is."""
        self.post_message(self.Changed())


class Dialog(EmptyOnExit, DismissedOnce[Answer]):
    """A modal screen with keys from the action registry."""

    def __init__(self) -> None:
        super().__init__()
        add_size_classes(self)

    @property
    def panel(self) -> PanelApp:
        """Return the app with its own type."""
        assert isinstance(self.app, PanelApp)  # noqa: S101 - for mypy
        return self.app

    def words(self, width: int) -> Content:
        """Return the text of the dialog at a width."""
        raise NotImplementedError

    def hints(self) -> tuple[Content, ...]:
        """Return the key hints below the text."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Compose the text and the keys."""
        with Vertical(classes="dialog"):
            with Room():
                yield Static(markup=False, id="text")
            yield Static(markup=False, id="keys")

    @on(Room.Changed)
    def _wrap(self) -> None:
        self.draw()

    def draw(self) -> None:
        """Draw the text and the hints."""
        width = max(LEAST, self.query_one(Room).scrollable_content_region.width)
        self.query_one("#text", Static).update(self.words(width))
        self.query_one("#keys", Static).update(in_rows(self.hints(), width))

    def hint(self, action: str, words: str = "") -> Content:
        """Return an action's key and name as a clickable text."""
        found = self.panel.action(action)
        shown = line((found.shown, "$accent"), (f" {words or found.words}", "$quiet"))
        return clickable(shown, found.target)

    def on_click(self, event: events.Click) -> None:
        """Run the clicked hint's action."""
        call = called(event)
        if call is not None:
            self.call_later(self.run_clicked, call)

    async def run_clicked(self, call: str) -> None:
        """Run an action unless an earlier click closed the dialog: it would be that of the screen below."""
        if self.is_current:
            await self.run_action(call)


def in_rows(hints: tuple[Content, ...], width: int) -> Content:
    """Return hints on one line if they fit, else one per line."""
    for gap in ("    ", "  "):
        row = Content(gap).join(hints)
        if row.cell_length <= width:
            return row
    return Content("\n").join(hints)
