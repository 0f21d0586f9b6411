"""The field above the key bar: a filter, a search or a message is typed into it, and it is gone again."""

from __future__ import annotations

from textual.widgets import Input

OPEN = "-open"


class BottomField(Input):
    """Takes its row only while it is open."""

    def __init__(self, placeholder: str, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(placeholder=placeholder, id=id, compact=True)
        self.cursor_blink = False

    def open(self) -> None:
        """Take the row and the focus."""
        self.add_class(OPEN)
        self.focus()

    def close(self) -> None:
        """Give the row back; what was typed stays in it."""
        self.remove_class(OPEN)
