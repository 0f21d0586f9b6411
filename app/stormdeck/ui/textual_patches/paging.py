"""Leave a list of options alone that has no line to show."""

from __future__ import annotations

from functools import wraps

from textual.widgets import OptionList

_original = OptionList._move_page


def page_only_what_is_shown() -> None:
    """Ignore page up and page down in a list without height; calling it again changes nothing.

    Textual looks up the line of the highlighted option, which exists only once the list is laid out: in a terminal so
    low that the palette's list has no line, page down ends the panel with a ``KeyError`` (measured, Textual 8.2.8).

    Upstream: in ``OptionList._move_page`` return where ``scrollable_content_region`` is empty.
    """

    @wraps(_original)
    def move_page(self: OptionList, direction: int) -> None:
        if self.scrollable_content_region:
            _original(self, direction)  # type: ignore[arg-type]

    OptionList._move_page = move_page  # type: ignore[method-assign]
