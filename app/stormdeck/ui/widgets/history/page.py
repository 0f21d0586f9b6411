"""Lay out the page of the history: a lane for each figure above one time axis, and the values of a moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from textual.content import Content

from stormdeck.model.history.columns import Columns
from stormdeck.model.history.figures import Figure
from stormdeck.model.units import NONE, grouped
from stormdeck.ui.rendering import fit, line
from stormdeck.ui.widgets.history.graph import graph, newest, top_of, values_of

WIDE, MIDDLE = 100, 60
"""Columns from which on names are long, and from which on there is a scale."""
VALUE = 12
"""Columns of a value with its unit."""
_SCALE = 7
_LABEL_EVERY = 16
"""The least columns between two times on the axis."""
_TICKS_S = (60, 120, 300, 600, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600)
_TALLEST = 5
WATCHED, UNWATCHED, TICK = "─", "·", "│"


class Frame(NamedTuple):
    """The columns of the page: names and values on the left, the graph on the right."""

    name: int
    scale: int
    graph: int

    @property
    def left(self) -> int:
        """Return where the graph begins."""
        return self.name + VALUE + self.scale


def frame_for(width: int) -> Frame:
    """Return the columns of a page of that width."""
    name, scale = (16 if width >= WIDE else 10), (_SCALE if width >= MIDDLE else 1)
    return Frame(name, scale, max(1, width - name - VALUE - scale))


def lane_heights(rooms: int, lanes: int) -> list[int]:
    """Return the rows of each lane; at least one, the first ones get the rows that are left over.

    >>> lane_heights(7, 3), lane_heights(2, 3)
    ([3, 2, 2], [1, 1])
    """
    if not lanes or rooms < lanes:
        return [1] * max(0, rooms)
    each, more = divmod(rooms, lanes)
    return [min(_TALLEST, each + (place < more)) for place in range(lanes)]


def lane(figure: Figure, columns: Columns, frame: Frame, height: int, at: int, *, plain: bool) -> list[Content]:
    """Return the rows of a figure: its name, the value at a column, its scale and its graph."""
    values = values_of(columns, figure)
    rows = graph(figure, values, height, at if at < len(columns) - 1 else -1, plain=plain)
    value = values[at] if 0 <= at < len(values) else None
    name = fit(figure.name if frame.name > 10 else figure.short, frame.name - 1) + " "
    head = line((name, "$quiet"), (f"{figure.text(value):>{VALUE - 1}} ", "bold" if value else ""))
    top, blank = grouped(top_of(figure, values)), " " * (frame.name + VALUE)
    marks = _marks(top, height, frame.scale)
    return [
        line(head if not place else blank, (mark, "$faint"), row)
        for place, (mark, row) in enumerate(zip(marks, rows, strict=True))
    ]


def _marks(top: str, height: int, room: int) -> list[str]:
    """Return the scale: its top in the first row, and zero in the last of several."""
    if room < _SCALE:
        return [" " * room] * height
    marks = [f"{'':>{room - 1}}│"] * height
    marks[-1] = f"{'0':>{room - 1}}┤"
    marks[0] = f"{top:>{room - 1}}┤"
    return marks


def axis(
    columns: Columns, end: int, step_s: int, frame: Frame, at: int, local: Callable[[float], datetime]
) -> tuple[Content, Content]:
    """Return the axis, a line where something was watched, and the times below it."""
    first = end // step_s * step_s - (len(columns) - 1) * step_s
    tick = next((one for one in _TICKS_S if one / step_s >= _LABEL_EVERY), _TICKS_S[-1])
    # Steps of hours begin at the user's midnight.
    offset_s = round((local(end).utcoffset() or timedelta()).total_seconds())
    signs = [WATCHED if column is not None else UNWATCHED for column in columns]
    times = [" "] * len(columns)
    for place in range(len(columns)):
        moment = first + place * step_s
        if (moment + offset_s) % tick < step_s:
            words = f"{local(moment):%H:%M}"
            signs[place] = TICK
            if place + len(words) <= len(columns):
                times[place : place + len(words)] = words
    blank = " " * frame.left
    parts = [(sign, "$faint") for sign in signs]
    if 0 <= at < len(parts) - 1:
        parts[at] = (TICK, "$accent bold")
    return line(blank, *_joined(parts)), line(blank, ("".join(times), "$quiet"))


def _joined(parts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Join neighbours of one style."""
    joined: list[tuple[str, str]] = []
    for sign, style in parts:
        if joined and joined[-1][1] == style:
            joined[-1] = (joined[-1][0] + sign, style)
        else:
            joined.append((sign, style))
    return joined


def small(figure: Figure, columns: Columns, width: int, *, plain: bool, name: int = 9, value: int = 11) -> Content:
    """Return one line: name, sparkline and newest value."""
    room = max(0, width - name - value - 2)
    shown = columns[-room:] if room else ()
    sample = newest(columns)
    text = figure.text(sample.of(figure.key)) if sample is not None else NONE
    row = graph(figure, values_of(shown, figure), 1, plain=plain)[0]
    return line((fit(figure.short, name), "$quiet"), " ", row, " ", f"{text:>{value}}")
