"""The help: all keys as the user has set them, the shown area first, and what signs and words mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content
from textual.widgets import Static

from stormdeck.model.keys.action import Action
from stormdeck.model.keys.actions import DIALOGS, ENLARGED
from stormdeck.model.keys.offered import offered_areas
from stormdeck.model.symbols import Health
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import Part, health_sign, line, lines
from stormdeck.ui.screens.dialog import Dialog, Room, in_rows

TWO_COLUMNS = 104
"""Columns from which on the text has two columns."""
NARROW = 48
"""Columns below which an action has its short name, on one line."""
GAP = 4
KEYS = 14
"""The most columns for the keys; longer ones move their text to the right."""
SIGNS = (
    (Health.OK, "fine"),
    (Health.WARNING, "a warning"),
    (Health.ERROR, "broken"),
    (Health.UNKNOWN, "not known, or not found"),
    (Health.STALE, "the last answer is old"),
)
WORDS = (
    ("turn", "one answer that you get from Claude Code; it may take several requests"),
    ("attempt", "one request of a turn; every one after the first is a retry"),
    ("storm", "three or more attempts of one turn"),
    ("×6.5", "requests per turn, retries included"),
    ("TTFT", "time to first token: from the request to the first word of the answer"),
    ("p50, p95", "half of the requests, and 95 of 100, are no slower than this"),
    ("KV cache", "the share of vLLM's memory for running requests that is in use; full: requests wait"),
    ("cache hits", "prompt tokens that vLLM found in its prefix cache, in the last minute"),
    ("preempted", "running requests that vLLM stopped and computes again, for lack of KV cache"),
    ("canary", "test requests, shaped like Claude Code's, that you send on purpose"),
    ("scope", "one of Claude Code's settings files: user, project, local; the stronger one wins"),
)
MOUSE = (
    (
        "click",
        "a row, a tab, a hop, the verdict or a key's name; double-click a setting or a log line to open it",
    ),
    ("wheel", "scrolls"),
    ("drag", "selects log lines; with shift, the terminal selects text"),
)


class HelpScreen(Dialog[None]):
    """The help dialog."""

    BINDINGS = bindings("help")

    def __init__(self, area: str) -> None:
        super().__init__()
        self._area = area

    def words(self, width: int) -> Content:
        """Return all sections."""
        return lines(self._rows(width))

    def hints(self) -> tuple[Content, ...]:
        """Return the key that closes it, and which lines are visible if not all are."""
        return self.hint("help.close"), *self._visible_lines()

    def on_mount(self) -> None:
        """Watch which lines are visible."""
        self.watch(self.query_one(Room), "scroll_y", self._update_hints, init=False)

    def _visible_lines(self) -> tuple[Content, ...]:
        text = self.query_one(Room)
        rows, room, top = text.virtual_size.height, text.size.height, round(text.scroll_y)
        words = f"lines {top + 1} to {min(rows, top + room)} of {rows}"
        return (line((words, "$quiet")),) if 0 < room < rows else ()

    def _update_hints(self) -> None:
        self.query_one("#keys", Static).update(in_rows(self.hints(), self.query_one("#keys").size.width))

    def _rows(self, width: int) -> list[Content]:
        wide = width >= TWO_COLUMNS
        column = (width - GAP) // 2 if wide else width
        titled = [*self._sections(column)]
        keys = min(KEYS, 2 + max(line(head).cell_length for _, rows in titled for head, _ in rows))
        sections = [[*section(title, rows, keys, column)] for title, rows in titled]
        if not wide:
            return [row for rows in sections for row in rows][:-1]
        half = sum(map(len, sections)) / 2
        left: list[Content] = []
        right: list[Content] = []
        for rows in sections:
            (right if right or len(left) + len(rows) / 2 > half else left).extend(rows)
        return [*_side_by_side(left, right, column)]

    def _sections(self, width: int) -> Iterator[tuple[str, Sequence[tuple[Part, str]]]]:
        """Yield each section: its title, and keys or words with their meanings."""
        actions = self.panel.actions
        areas = offered_areas(self.panel.deck)
        here = [area for area in areas if area[0] == self._area]
        others = [area for area in areas if area[0] != self._area]
        for place, title in (*here, ("app", "Everywhere"), *ENLARGED, *others):
            yield title.upper(), [_row(one, width) for one in actions if one.place == place]
        yield "A RECORDING", [_row(one, width) for one in actions if one.place == "replay"]
        yield "DIALOGS", [_row(one, width) for one in actions if one.place in DIALOGS]
        yield "SIGNS", [(health_sign(sign), words) for sign, words in SIGNS]
        yield "WORDS", [((word, "bold"), words) for word, words in WORDS]
        yield "MOUSE", [((word, "bold"), words) for word, words in MOUSE]


def _row(action: Action, width: int) -> tuple[Part, str]:
    if width < NARROW:
        words = f"{action.place}: {action.words}" if action.place in DIALOGS else action.words
        return (action.shown, "$accent"), words
    return (" ".join(action.all_shown), "$accent"), action.help


def section(title: str, rows: Sequence[tuple[Part, str]], column: int, width: int) -> Iterator[Content]:
    """Yield a section's lines: the keys in a column, their meanings beside them, wrapped."""
    yield line((title, "$quiet bold"))
    for part, words in rows:
        head = line(part)
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
