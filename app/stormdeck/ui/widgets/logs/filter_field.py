"""The field for the filter of the log view, with what may be typed next above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Static

from stormdeck.model.logs.query_help import completion, explanation
from stormdeck.ui.rendering import fit_words, line
from stormdeck.ui.widgets.bottom_input import OPEN, BottomField

Names = Callable[[], Sequence[str]]
PLACEHOLDER = "words, -word, /re/, level:error; enter keeps, esc clears, → completes"


class _Completions(Suggester):
    """Completes the last part of a filter."""

    def __init__(self, sources: Names, sessions: Names) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._sources = sources
        self._sessions = sessions

    async def get_suggestion(self, value: str) -> str | None:
        """Return the completed filter."""
        return completion(value, self._sources(), self._sessions())


class FilterField(Vertical):
    """The explanation above the input; both are shown only while the field is open."""

    def __init__(self, sources: Names, sessions: Names) -> None:
        super().__init__(id="filter-area")
        self._sources = sources
        self._sessions = sessions
        self._shown = ("", "")

    def compose(self) -> ComposeResult:
        """Compose the explanation and the input."""
        yield Static(markup=False, id="filter-help")
        field = BottomField(PLACEHOLDER, id="filter")
        field.suggester = _Completions(self._sources, self._sessions)
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
        field = self.query_one(BottomField)
        words = problem or explanation(field.value, self._sources(), self._sessions())
        shown = fit_words(words, max(10, self.app.size.width - 2)), "$warning" if problem else "$quiet"
        if shown != self._shown:
            self._shown = shown
            self.query_one("#filter-help", Static).update(line(shown), layout=False)
