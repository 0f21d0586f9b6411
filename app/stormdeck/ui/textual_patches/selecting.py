"""Begin no selection in a widget that is just being removed."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

if TYPE_CHECKING:
    from textual.geometry import Offset
    from textual.widget import Widget

_original = Screen.get_widget_and_offset_at


def select_only_in_a_parent() -> None:
    """Find no text to select in a widget without a parent; calling it again changes nothing.

    A widget that is removed stays on the screen until the next layout. A mouse button that goes down on it meanwhile
    starts a selection in its parent, which is ``None``, and ends the panel with an ``AttributeError`` (measured,
    Textual 8.2.8).

    Upstream: in ``Screen._forward_event`` begin no selection where ``content_widget.parent`` is ``None``.
    """

    @wraps(_original)
    def find(self: Screen[Any], x: int, y: int) -> tuple[Widget | None, Offset | None]:
        widget, offset = _original(self, x, y)
        return (None, None) if widget is not None and widget.parent is None else (widget, offset)

    Screen.get_widget_and_offset_at = find  # type: ignore[method-assign]
