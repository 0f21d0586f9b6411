"""The input field above the key bar, for a filter, a search or an error message."""

from __future__ import annotations

from textual.widgets import Input

OPEN = "-open"


class BottomField(Input):
    """An input that is shown only while it is open."""

    def __init__(self, placeholder: str, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(placeholder=placeholder, id=id, compact=True)
        self.cursor_blink = False

    def open(self) -> None:
        """Show and focus the field."""
        self.add_class(OPEN)
        self.focus()

    def close(self) -> None:
        """Hide the field; its text stays."""
        self.remove_class(OPEN)
