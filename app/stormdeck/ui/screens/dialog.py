"""What every dialog has: a text that scrolls, and its keys from the registry below it, always in sight."""

from __future__ import annotations

from typing import TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from stormdeck.ui.panel_app import PanelApp
from stormdeck.ui.rendering import called, clickable, line
from stormdeck.ui.textual_patches.screen_size import add_size_classes

Answer = TypeVar("Answer")
LEAST = 20
"""Columns that a text is wrapped to in any case."""


class Room(VerticalScroll):
    """Where a dialog's text stands and scrolls."""

    class Changed(Message):
        """There is more of it, or less: by the terminal, or by what a scroll bar leaves."""

    def on_mount(self) -> None:
        """Follow what a scroll bar takes and gives; that is no resize."""
        self.watch(self, "virtual_size", self.on_resize, init=False)

    def on_resize(self) -> None:
        """Tell the dialog, which learns of its own size before this has one."""
        self.post_message(self.Changed())


class Dialog(ModalScreen[Answer]):
    """A modal screen whose keys are in the registry."""

    def __init__(self) -> None:
        super().__init__()
        add_size_classes(self)

    @property
    def panel(self) -> PanelApp:
        """Return the app with its own type."""
        assert isinstance(self.app, PanelApp)  # noqa: S101 - for mypy
        return self.app

    def words(self, width: int) -> Content:
        """Return what the dialog says at a width."""
        raise NotImplementedError

    def hints(self) -> tuple[Content, ...]:
        """Return the hints that stand below it."""
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
        """Show what is to be said now."""
        width = max(LEAST, self.query_one(Room).scrollable_content_region.width)
        self.query_one("#text", Static).update(self.words(width))
        self.query_one("#keys", Static).update(in_rows(self.hints(), width))

    def hint(self, action: str, words: str = "") -> Content:
        """Return an action's key and words, which can be clicked."""
        found = self.panel.action(action)
        shown = line((found.shown, "$accent"), (f" {words or found.words}", "$quiet"))
        return clickable(shown, found.target)

    def on_click(self, event: events.Click) -> None:
        """Do what the hint under the mouse says."""
        call = called(event)
        if call is not None:
            self.call_later(self.run_action, call)


def in_rows(hints: tuple[Content, ...], width: int) -> Content:
    """Return hints side by side as far as they fit, the others below: none is broken in two."""
    for gap in ("    ", "  "):
        row = Content(gap).join(hints)
        if row.cell_length <= width:
            return row
    return Content("\n").join(hints)
