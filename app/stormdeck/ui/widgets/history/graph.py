"""Draw one figure over time as columns of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from textual.content import Content

from stormdeck.model.history.columns import Columns
from stormdeck.model.history.figures import FIGURES, Figure, Sample
from stormdeck.model.symbols import EIGHTHS
from stormdeck.ui.rendering import line

CURSOR_SIGN = "│"
_SMALL = (1, 2, 3, 4, 5, 6, 8, 10)
_STEPS = (12, 15, 20, 25, 30, 40, 50, 60, 80, 100)
_STYLES = {"retries_per_minute": "$error", "waiting": "$warning"}
"""Figures that are no good sign above zero."""


def known_figures(columns: Columns) -> tuple[Figure, ...]:
    """Return the figures that at least one column knows."""
    samples = [column for column in columns if column is not None]
    return tuple(
        figure for place, figure in enumerate(FIGURES) if any(one.values[place] is not None for one in samples)
    )


def values_of(columns: Columns, figure: Figure) -> list[float | None]:
    """Return a figure of each column; ``None`` where it is not known or nothing was watched."""
    return [column.of(figure.key) if column is not None else None for column in columns]


def top_of(figure: Figure, values: Iterable[float | None]) -> float:
    """Return the top of a figure's scale."""
    return figure.top or _ceiling(max((value for value in values if value is not None), default=1.0))


def _ceiling(value: float) -> float:
    """Return the top of a scale for a value: 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30 ..."""
    if value <= _SMALL[-1]:
        return float(next(step for step in _SMALL if value <= step))
    size = 1
    while True:
        for step in _STEPS:
            if value <= step * size:
                return float(step * size)
        size *= 10


def newest(columns: Columns) -> Sample | None:
    """Return the newest column if it was watched, or the one before: the newest may just have begun."""
    return next((column for column in reversed(columns[-2:]) if column is not None), None)


def graph(
    figure: Figure, values: Sequence[float | None], height: int, cursor: int = -1, *, plain: bool = False
) -> list[Content]:
    """Return the rows of a graph from the top down. A zero is a low line, an unknown value blank.

    ``cursor`` is the column that is marked; with ``plain`` by a sign that needs no colours.
    """
    top = top_of(figure, values)
    levels = [_level(value, top, height * 8) for value in values]
    style = _STYLES.get(figure.key, "$strip-ok")
    styles = [style if value else "$faint" for value in values]
    rows = []
    for floor in range((height - 1) * 8, -1, -8):
        cells = [(EIGHTHS[min(8, max(0, level - floor))], of) for level, of in zip(levels, styles, strict=True)]
        if 0 <= cursor < len(cells):
            sign = cells[cursor][0]
            cells[cursor] = (CURSOR_SIGN if plain or sign == " " else sign, "$accent bold")
        rows.append(line(*_runs(cells)))
    return rows


def _level(value: float | None, top: float, full: int) -> int:
    """Return the height of a column in eighths of a row; a known value has at least one."""
    return 0 if value is None else min(full, 1 + round(max(0.0, value) / top * (full - 1)))


def _runs(cells: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for style, run in groupby(cells, key=itemgetter(1)):
        yield "".join(sign for sign, _ in run), style
