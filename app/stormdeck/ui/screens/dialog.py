"""What every dialog has: its keys from the registry, shown as the user set them, and to be clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual import events
from textual.content import Content
from textual.screen import ModalScreen

from stormdeck.ui.clicks import called, clickable
from stormdeck.ui.draw import line

if TYPE_CHECKING:
    from stormdeck.ui.app import StormdeckApp

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """A modal screen whose keys are in the registry."""

    @property
    def panel(self) -> StormdeckApp:
        """Return the app by its own type."""
        from stormdeck.ui.app import StormdeckApp

        assert isinstance(self.app, StormdeckApp)  # noqa: S101 - tells mypy what holds
        return self.app

    def hint(self, action: str, words: str = "") -> Content:
        """Return an action's key and words, which can be clicked."""
        found = self.panel.action(action)
        shown = line((found.shown, "$accent"), (f" {words or found.words}", "$quiet"))
        return clickable(shown, found.target)

    def hints(self, *hints: Content) -> Content:
        """Return hints on one line."""
        return Content("    ").join(hints)

    def on_click(self, event: events.Click) -> None:
        """Do what the hint under the mouse says."""
        call = called(event)
        if call is not None:
            self.call_later(self.run_action, call)
