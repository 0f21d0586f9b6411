"""Give Textual's notifications rows of their own: by themselves they float over what is below them."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen
from textual.widget import Widget

RACK = "ToastRack"
"""The widget that holds them, by the name that style sheets use (Textual 8.2.8)."""


def give_rows(screen: Screen[Any], before: Widget) -> None:
    """Put the holder of the notifications into the layout of a screen, before a widget.

    The style sheet then takes it out of its own layer, so that its rows are taken from the rest.

    Upstream: an option of ``App.notify`` for where notifications are.
    """
    for rack in screen.query_children(RACK):
        screen.move_child(rack, before=before)
