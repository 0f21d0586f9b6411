"""The field for the filter of the log view and of the fleet, with what may be typed next above it."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Static

from stormdeck.ui.rendering import fit_words, line
from stormdeck.ui.widgets.bottom_input import OPEN, BottomField

Explain = Callable[[str], str]
"""Returns what may be typed after a text."""
Complete = Callable[[str], str | None]
"""Returns a text with its last part completed, ``None`` if there is nothing to complete."""


class _Completions(Suggester):
    """Completes the last part of a filter."""

    def __init__(self, complete: Complete) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """Return the completed filter."""
        return self._complete(value)


class FilterField(Vertical):
    """The explanation above the input; both are shown only while the field is open."""

    def __init__(self, example: str, explain: Explain, complete: Complete) -> None:
        super().__init__(id="filter-area")
        self._example = example
        self._explain = explain
        self._complete = complete
        self._shown = ("", "")

    def compose(self) -> ComposeResult:
        """Compose the explanation and the input."""
        yield Static(markup=False, id="filter-help")
        field = BottomField(f"words, -word, /re/, {self._example}; enter keeps, esc clears, → completes", id="filter")
        field.suggester = _Completions(self._complete)
        yield field

    def open(self) -> None:
        """Show and focus the input."""
        self.add_class(OPEN)
        self.query_one(BottomField).open()
        self.explain("")

    def close(self) -> None:
        """Hide the input; its text stays."""
        self.remove_class(OPEN)
        self.query_one(BottomField).close()

    def explain(self, problem: str) -> None:
        """Show what may be typed next, or what is wrong with what was typed."""
        if not self.has_class(OPEN):
            return
        words = problem or self._explain(self.query_one(BottomField).value)
        shown = fit_words(words, max(10, self.app.size.width - 2)), "$warning" if problem else "$quiet"
        if shown != self._shown:
            self._shown = shown
            self.query_one("#filter-help", Static).update(line(shown), layout=False)
