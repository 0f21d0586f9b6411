"""Dismiss a screen once, however many keys and clicks reach it before it is gone."""

from __future__ import annotations

from typing import TypeVar

from textual.await_complete import AwaitComplete
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
