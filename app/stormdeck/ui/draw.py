"""Bars, sparklines and the stacked strip, as lines of text with theme tokens for colours."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from stormdeck.model.light import Light
from stormdeck.model.traffic import Bucket

EIGHTHS = " ▁▂▃▄▅▆▇█"
LIGHT_STYLES = {
    Light.FINE: "$success",
    Light.LOOK: "$warning",
    Light.BROKEN: "$error",
    Light.UNKNOWN: "$quiet",
    Light.STALE: "$quiet",
}
STACK_STYLES = ("$strip-ok", "$warning", "$error")
"""Of ok, failed and retry, from the bottom up."""

Part = str | Content | tuple[str, str]


def line(*parts: Part) -> Content:
    """Return one line of text; each part is plain or carries its style."""
    return Content.assemble(*parts)


def lines(rows: Sequence[Content]) -> Content:
    """Return rows one below the other."""
    return Content("\n").join(rows)


def fit(text: str, width: int) -> str:
    """Return a text in exactly that many columns, cut with an ellipsis where it is longer."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def sides(left: Content, right: Content, width: int) -> Content:
    """Return a line with one part at each end; the left one gives way."""
    space = width - right.cell_length
    if left.cell_length > space - 1:
        left = left.truncate(max(0, space - 1), ellipsis=True)
    return Content.assemble(left, " " * max(1, space - left.cell_length), right)


def sentences(text: str, width: int, height: int, style: str = "$quiet") -> list[Content]:
    """Return as many whole sentences as fit, wrapped; the first one is cut before none is shown."""
    parts = text.split(". ")
    for count in range(len(parts), 0, -1):
        shown = ". ".join(parts[:count]) + ("." if count < len(parts) else "")
        rows = Content.styled(shown, style).wrap(max(1, width))
        if len(rows) <= height or count == 1:
            return rows[: max(0, height)] if text else []
    return []


def light(value: Light) -> Part:
    """Return the glyph of a light in its colour."""
    return (value.glyph, LIGHT_STYLES[value])


def bar(percent: float | None, width: int, style: str = "$strip-ok") -> Content:
    """Return a horizontal bar for a share of 100."""
    filled = 0 if percent is None else round(min(100.0, max(0.0, percent)) / 100 * width)
    return line(("━" * filled, style), ("━" * (width - filled), "$faint"))


def spark(history: Sequence[int | None], width: int, style: str = "$strip-ok") -> Content:
    """Return the last percentages as a sparkline, the newest at the right; nothing known is blank."""
    shown = list(history[-width:])
    cells = "".join(" " if value is None else EIGHTHS[1 + round(min(100, max(0, value)) / 100 * 7)] for value in shown)
    return line((" " * (width - len(cells)) + cells, style))


def nice_ceiling(value: float) -> int:
    """Return the scale's top: 1, 2, 4, 8, 10, 20, 40, 80, 100 ..."""
    top = 1
    while True:
        for step in (1, 2, 4, 8):
            if value <= top * step:
                return top * step
        top *= 10


def stack(buckets: Sequence[Bucket], height: int, top: float) -> list[Content]:
    """Return stacked columns, ok below failed below retry, as rows from the top down.

    ``top`` is the count at which a column is full. A count above zero always shows.
    """
    columns = [_levels(bucket, height * 8, top) for bucket in buckets]
    floors = range((height - 1) * 8, -1, -8)
    return [Content.assemble(*(_cell(levels, floor) for levels in columns)) for floor in floors]


def _levels(bucket: Bucket, full: int, top: float) -> tuple[int, int, int]:
    """Return where ok, failed and retry end, in eighths from the bottom."""
    ends, total, before = [], 0, 0
    for count in bucket:
        total += count
        end = min(full, round(total / top * full)) if top else 0
        if count and end <= before:
            end = min(full, before + 1)
        ends.append(end)
        before = end
    return ends[0], ends[1], ends[2]


def _cell(levels: tuple[int, int, int], floor: int) -> Part:
    """Return the character of one column in one row: at most two colours, the lower one as the block."""
    ends = [min(8, max(0, level - floor)) for level in levels]
    if ends[2] == 0:
        return " "
    bands = [(style, end) for style, begin, end in zip(STACK_STYLES, [0, *ends], ends, strict=False) if end > begin]
    lower, end = bands[0]
    if len(bands) == 1:
        return (EIGHTHS[end], lower)
    upper = bands[-1][0]
    if ends[2] == 8:
        return (EIGHTHS[end], f"{lower} on {upper}")
    return (EIGHTHS[ends[2]], upper)
