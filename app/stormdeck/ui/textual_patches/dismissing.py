"""Dismiss a screen once, however many keys and clicks reach it before it is gone; and the palette by no late click."""

from __future__ import annotations

from contextlib import suppress
from functools import wraps
from typing import TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.errors import NoWidget
from textual.screen import ModalScreen, Screen
from typing_extensions import override

Answer = TypeVar("Answer")


class DismissedOnce(ModalScreen[Answer]):
    """Base of a dialog that ignores a second dismissal.

    Keys and clicks wait in the screen's own queue. If two of them dismiss it, Textual pops the screen below it too, and
    raises ``ScreenStackError``, which ends the panel, where that is the last one (measured, Textual 8.2.8).

    Upstream: in ``Screen.dismiss`` return where the screen is not the current one.
    """

    @override
    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()


def dismiss_palette_once() -> None:
    """Make the palette ignore a second dismissal; calling it again changes nothing."""
    from textual.command import CommandPalette

    def dismiss(self: Screen[None], result: None = None) -> AwaitComplete:
        return Screen.dismiss(self, result) if self.app.screen is self else AwaitComplete()

    CommandPalette.dismiss = dismiss  # type: ignore[method-assign]


def close_palette_by_clicks_on_the_screen() -> None:
    """Ignore a click on the palette that lies outside of the screen; calling it again changes nothing.

    If the terminal gets smaller before a click is handled, Textual looks for a widget where none is, and ``NoWidget``
    ends the panel (measured, Textual 8.2.8).

    Upstream: in ``CommandPalette._on_click`` return where there is no widget.
    """
    from textual.command import CommandPalette

    original = vars(CommandPalette)["_on_click"]
    if hasattr(original, "__wrapped__"):
        return

    @wraps(original)
    def on_click(self: CommandPalette, event: events.Click) -> None:
        with suppress(NoWidget):
            original(self, event)

    CommandPalette._on_click = on_click  # type: ignore[method-assign]
