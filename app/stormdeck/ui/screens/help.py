"""The help: all keys as the user set them, those of the area that is shown first, and what the signs mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from stormdeck.model.keys.actions import DIALOGS
from stormdeck.model.light import Light
from stormdeck.ui.actions import AREAS, Action, bindings
from stormdeck.ui.draw import Part, light, line, lines
from stormdeck.ui.screens.dialog import Dialog

TWO_COLUMNS = 104
"""Columns of text from which on two of them stand side by side."""
NARROW = 48
"""Columns below which an action is told in its words, one line each."""
GAP = 4
SIGNS = (
    (Light.FINE, "fine"),
    (Light.LOOK, "worth a look"),
    (Light.BROKEN, "broken"),
    (Light.UNKNOWN, "not known, or not there"),
    (Light.STALE, "an old answer"),
)
WORDS = (
    ("turn", "one answer that you get"),
    ("attempt", "one request of a turn; the first is no retry"),
    ("storm", "three or more attempts of one turn"),
    ("×6.5", "requests a turn: what the client does behind your back"),
    ("prefix hit", "prompt tokens that vLLM found in its cache, in the last minute"),
)
MOUSE = (
    ("click", "a row, a tab, or any key that is named on the screen; twice on a setting to edit it"),
    ("wheel", "scrolls"),
    ("drag", "marks lines of the log; with shift held it is the terminal that marks text"),
)


class HelpScreen(Dialog[None]):
    """Goes away with any of its keys; nothing is lost."""

    BINDINGS = bindings("help")

    def __init__(self, area: str) -> None:
        super().__init__()
        self._area = area

    def compose(self) -> ComposeResult:
        """Compose the one text."""
        with VerticalScroll(id="help"):
            yield Static(markup=False)

    def on_resize(self) -> None:
        """Set the text anew."""
        width = self.query_one("#help").scrollable_content_region.width
        self.query_one(Static).update(lines([*self._rows(max(20, width)), line(), self.hint("help.close")]))

    def _rows(self, width: int) -> list[Content]:
        wide = width >= TWO_COLUMNS
        column = (width - GAP) // 2 if wide else width
        sections = [[*section(title, rows, column)] for title, rows in self._sections(column)]
        if not wide:
            return [row for rows in sections for row in rows][:-1]
        half = sum(map(len, sections)) / 2
        left: list[Content] = []
        right: list[Content] = []
        for rows in sections:
            (right if right or len(left) + len(rows) / 2 > half else left).extend(rows)
        return [*_side_by_side(left, right, column)]

    def _sections(self, width: int) -> Iterator[tuple[str, Sequence[tuple[Part, str]]]]:
        """Yield each section: its title, and keys or words with what they mean."""
        actions = self.panel.actions
        here = [area for area in AREAS if area[0] == self._area]
        others = [area for area in AREAS if area[0] != self._area]
        for place, title in (*here, ("app", "Everywhere"), *others):
            yield title.upper(), [_told(one, width) for one in actions if one.place == place]
        yield "A RECORDING", [_told(one, width) for one in actions if one.place == "replay"]
        yield "DIALOGS", [_told(one, width) for one in actions if one.place in DIALOGS]
        yield "SIGNS", [(light(sign), words) for sign, words in SIGNS]
        yield "WORDS", [((word, "bold"), words) for word, words in WORDS]
        yield "MOUSE", [((word, "bold"), words) for word, words in MOUSE]


def _told(action: Action, width: int) -> tuple[Part, str]:
    if width < NARROW:
        words = f"{action.place}: {action.words}" if action.place in DIALOGS else action.words
        return (action.shown, "$accent"), words
    return (" ".join(action.all_shown), "$accent"), action.help


def section(title: str, rows: Sequence[tuple[Part, str]], width: int) -> Iterator[Content]:
    """Yield a section's lines: keys in a column of their own, the words beside them, wrapped."""
    yield line((title, "$quiet bold"))
    heads = [line(head) for head, _ in rows]
    column = min(14, max(head.cell_length for head in heads) + 2)
    for head, (_, words) in zip(heads, rows, strict=True):
        first, *rest = (row.rstrip() for row in Content(words).wrap(max(10, width - column - 2)))
        space = max(1, column - head.cell_length)
        yield line("  ", head, " " * space, first)
        yield from (line(" " * (column + 2), row) for row in rest)
    yield line()


def _side_by_side(left: Sequence[Content], right: Sequence[Content], column: int) -> Iterator[Content]:
    for number in range(max(len(left), len(right))):
        one = left[number] if number < len(left) else line()
        other = right[number] if number < len(right) else line()
        yield line(one, " " * (column + GAP - one.cell_length), other)
