"""Arrange the panels of the overview for a terminal size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

PANELS = ("verdict", "requests", "in-flight", "storms", "servers", "gpus", "history", "log")
"""All panels, in the default order."""
TWO_COLUMNS = 70
"""The least width of the pane for two columns of panels."""
SIDE_WIDTHS = ((160, 74), (104, 54), (TWO_COLUMNS, 38))
"""Widths of the pane, and the width of the servers' and GPUs' column in it."""
FEWEST_CARDS, WORDS = 3, 5
"""The least rows for GPUs, and the most rows for a text in their place."""
ZOOM_WITH_VERDICT = 14
"""The least height to keep the verdict above an enlarged panel."""

HISTORY = "history"
"""The panel that has a place only where there is room to spare."""
_HISTORY_ROWS = (9, 4)
"""Its rows: two rows of small charts, or sparklines."""
_CHARTS_FROM = 150
"""Columns of the pane from which on charts are beside one another."""
_LOG_ROWS = 8
"""The rows that the log has before the history gets any."""
IN_FLIGHT = "in-flight"
"""The panel that has a place only while a recorder runs."""
_FLIGHT_ROWS = (8, 5, 3, 2)
"""The most rows of that panel, by the level of detail."""
_WIDE = ("requests", IN_FLIGHT, "storms")
_SIDE = ("engine", "proxy", "gpus")
_KEPT = ("verdict", "requests", IN_FLIGHT, "engine", "log", "gpus", "storms", "proxy", HISTORY)
"""Priority as the pane gets smaller, the last one hidden first."""
_GROWING = ("log", "requests", "storms", HISTORY, "gpus", "engine", "proxy")
"""Priority for spare rows."""


class Box(NamedTuple):
    """Position and size in the pane, in columns and rows."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class LayoutPreferences:
    """What the user wants to see."""

    panels: tuple[str, ...] = PANELS
    """Some of ``PANELS``, in the wanted order."""
    compact: bool = False
    """Without blank rows between panels."""
    zoomed: str = ""
    """The box that fills the pane, or empty."""

    @property
    def boxes(self) -> tuple[str, ...]:
        """Return the boxes in order; the servers have two."""
        return tuple(box for name in self.panels for box in (("engine", "proxy") if name == "servers" else (name,)))


class _Level(NamedTuple):
    """The rows of each box, and the blank rows between boxes."""

    rows: Mapping[str, int]
    gap: int


def arrange(
    width: int, height: int, wanted: LayoutPreferences, gpus: int, flights: int | None = None, *, history: bool = True
) -> dict[str, Box]:
    """Return the boxes to show in a pane of this size, with this number of GPUs and requests in flight.

    ``flights`` is ``None`` while no recorder runs: then that panel has no place, nor has the history while it is
    unknown.

    In a wide pane, servers and GPUs are in a narrow column beside requests and storms; the column with the first
    panel is on the left. Verdict and log have the full width, above or below the columns.
    """
    if flights is None and IN_FLIGHT in wanted.panels and len(wanted.panels) > 1:
        wanted = replace(wanted, panels=tuple(name for name in wanted.panels if name != IN_FLIGHT))
    if not history and not wanted.zoomed and len(wanted.panels) > 1:
        wanted = replace(wanted, panels=tuple(name for name in wanted.panels if name != HISTORY))
    if wanted.boxes == (HISTORY,):
        return {HISTORY: Box(0, 0, width, height)}
    if wanted.zoomed:
        return _zoomed(width, height, wanted)
    side = next((columns for least, columns in SIDE_WIDTHS if width >= least), 0)
    levels = _levels(gpus, wanted.compact, flights or 0, columns=bool(side))
    if not side or not _both_columns(wanted.boxes):
        return _one_column(width, height, wanted.boxes, levels)
    return _two_columns(width, height, wanted.boxes, levels, side, gpus)


def _zoomed(width: int, height: int, wanted: LayoutPreferences) -> dict[str, Box]:
    head = 3 if "verdict" in wanted.boxes and height >= ZOOM_WITH_VERDICT else 0
    shown = {"verdict": Box(0, 0, width, head)} if head else {}
    return shown | {wanted.zoomed: Box(0, head, width, height - head)}


def _both_columns(boxes: Sequence[str]) -> bool:
    return any(box in _WIDE for box in boxes) and any(box in _SIDE for box in boxes)


def _levels(gpus: int, compact: bool, flights: int, *, columns: bool) -> list[_Level]:
    """Return the levels of detail, the most detailed first."""
    cards = max(FEWEST_CARDS, gpus + 1)
    names = ("verdict", "requests", "storms", "engine", "proxy", "gpus", "log")
    if columns:
        rows = [
            (3, 16, 8, 9, 4, cards, 16),
            (3, 12, 6, 7, 3, cards, 8),
            (3, 5, 3, 5, 0, cards, 3),
            (2, 5, 3, 5, 0, 2, 1),
            (2, 2, 0, 2, 0, 0, 1),
        ]
    else:
        rows = [
            (3, 12, 6, 7, 3, cards, 8),
            (3, 7, 3, 5, 2, cards, 5),
            (2, 4, 2, 2, 0, min(cards, 3), 3),
            (2, 2, 0, 2, 0, 0, 1),
        ]
    last = len(rows) - 1
    levels = []
    for depth, counts in enumerate(rows):
        level = dict(zip(names, counts, strict=True)) | {HISTORY: 0}
        level[IN_FLIGHT] = min(1 + flights, _FLIGHT_ROWS[min(depth, len(_FLIGHT_ROWS) - 1)])
        airy = depth < (last if columns else last - 1)
        levels += [_Level(level, gap) for gap in ((1, 0) if airy and not compact else (0,))]
    return levels


def _one_column(width: int, height: int, boxes: Sequence[str], levels: Sequence[_Level]) -> dict[str, Box]:
    rows: dict[str, int] = {}
    gap = 0
    for level in levels:
        rows, gap = {box: level.rows[box] for box in boxes if level.rows[box]}, level.gap
        if rows and _stacked(rows.values(), gap) <= height:
            rows = _with_history(rows, boxes, width, height - _stacked(rows.values(), gap), gap)
            break
    else:
        rows = _dropped(rows or {boxes[0]: 1}, height)
    _grow(rows, height - _stacked(rows.values(), gap))
    return _stack(rows, 0, 0, width, gap)


def _two_columns(
    width: int, height: int, boxes: Sequence[str], levels: Sequence[_Level], side: int, gpus: int
) -> dict[str, Box]:
    first = next(number for number, box in enumerate(boxes) if box in (*_WIDE, *_SIDE))
    whole = [box for box in boxes if box not in (*_WIDE, *_SIDE)]
    above = [box for box in boxes[:first] if box in whole]
    for level in levels:
        rows = {box: level.rows[box] for box in boxes if level.rows[box]}
        wide, narrow = ({box: rows[box] for box in rows if box in column} for column in (_WIDE, _SIDE))
        full = {box: rows[box] for box in rows if box in whole}
        gap = level.gap
        band = max(_stacked(column.values(), gap) for column in (wide, narrow))
        if wide and narrow and _stacked([*full.values(), band], gap) <= height:
            break
    else:
        return _one_column(width, height, boxes, levels[-1:])
    full = _with_history(full, boxes, width, height - _stacked([*full.values(), band], gap), gap)
    left_over = height - _stacked([*full.values(), band], gap)
    if "log" in full:
        full["log"] += left_over
    else:
        band += left_over
    _grow(wide, band - _stacked(wide.values(), gap))
    _grow_cards(narrow, band - _stacked(narrow.values(), gap), gpus)
    top = {box: full[box] for box in full if box in above}
    shown = _stack(top, 0, 0, width, gap)
    y = _stacked(top.values(), gap) + (gap if top else 0)
    begin = {"wide": 0, "narrow": width - side} if boxes[first] in _WIDE else {"wide": side, "narrow": 0}
    shown |= _stack(wide, begin["wide"], y, width - side, gap)
    shown |= _stack(narrow, begin["narrow"], y, side, gap)
    return shown | _stack({box: full[box] for box in full if box not in top}, 0, y + band + gap, width, gap)


def _stacked(rows: Iterable[int], gap: int) -> int:
    """Return the total height of stacked boxes."""
    counted = [count for count in rows if count]
    return sum(counted) + gap * max(0, len(counted) - 1)


def _stack(rows: Mapping[str, int], x: int, y: int, width: int, gap: int) -> dict[str, Box]:
    shown = {}
    for box, count in rows.items():
        shown[box] = Box(x, y, width, count)
        y += count + gap
    return shown


def _dropped(rows: Mapping[str, int], height: int) -> dict[str, int]:
    """Return the boxes that fit when even the smallest level is too high; the last one is cut."""
    kept: dict[str, int] = {}
    for box in sorted(rows, key=_KEPT.index):
        room = height - sum(kept.values())
        if room > 0:
            kept[box] = min(rows[box], room)
    return {box: kept[box] for box in rows if box in kept}


def _with_history(rows: dict[str, int], boxes: Sequence[str], width: int, left_over: int, gap: int) -> dict[str, int]:
    """Return the rows with the history, if there are enough to spare."""
    if HISTORY not in boxes:
        return rows
    spare = left_over - gap - max(0, _LOG_ROWS - rows["log"] if "log" in rows else 0)
    sizes = _HISTORY_ROWS if width >= _CHARTS_FROM else _HISTORY_ROWS[1:]
    size = next((size for size in sizes if size <= spare), 0)
    more = rows | ({HISTORY: size} if size else {})
    return {box: more[box] for box in boxes if box in more}


def _grow(rows: dict[str, int], left_over: int) -> None:
    """Give spare rows to the box that needs them most."""
    box = next((box for box in _GROWING if box in rows), None)
    if box is not None and left_over > 0:
        rows[box] += left_over


def _grow_cards(rows: dict[str, int], left_over: int, gpus: int) -> None:
    """Give each GPU a second row if there is room, or a text some rows; the rest of the column stays empty."""
    if "gpus" in rows:
        most = 2 * gpus + 1 if gpus else WORDS
        rows["gpus"] += max(0, min(left_over, most - rows["gpus"]))
