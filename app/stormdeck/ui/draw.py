"""Bars, sparklines and the stacked strip, as lines of text with theme tokens for colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from stormdeck.model.light import Light
from stormdeck.model.text import clean
from stormdeck.ui.glyphs import BANDS, EIGHTHS, FULL, REST

if TYPE_CHECKING:
    from stormdeck.model.traffic import Bucket

LIGHT_STYLES = {
    Light.FINE: "$success",
    Light.LOOK: "$warning",
    Light.BROKEN: "$error",
    Light.UNKNOWN: "$quiet",
    Light.STALE: "$quiet",
}
STACK_STYLES = ("$strip-ok", "$warning", "$error")
"""Of ok, failed and retry, from the bottom up."""

SMALL_WORDS = {"a", "an", "and", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"}
"""Words that no text may end with where it had to be cut."""

Part = str | Content | tuple[str, str]


def line(*parts: Part) -> Content:
    """Return one line of text; each part is plain or carries its style. What would act on the terminal is taken out."""
    return Content.assemble(*map(_harmless, parts))


def lines(rows: Sequence[Content]) -> Content:
    """Return rows one below the other."""
    return Content("\n").join(rows)


def fit(text: str, width: int) -> str:
    """Return a text in exactly that many columns, cut with an ellipsis where it is longer."""
    text = clean(text)
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""


def fit_words(text: str, width: int) -> str:
    """Return the words of a text that fit into so many columns, the rest left out: none is cut in two."""
    text = clean(text)
    if cell_len(text) <= width:
        return text
    words = text.split(" ")
    while len(words) > 1 and (cell_len(" ".join(words)) > width or words[-1].lower() in SMALL_WORDS):
        words.pop()
    shown = " ".join(words)
    return shown.rstrip(" (,:;") if cell_len(shown) <= width else fit(shown, width)


def sides(left: Content, right: Content, width: int) -> Content:
    """Return a line with one part at each end; the left one gives way."""
    space = width - right.cell_length
    if left.cell_length > space - 1:
        left = left.truncate(max(0, space - 1), ellipsis=True)
    return Content.assemble(left, " " * max(1, space - left.cell_length), right)


def sentences(text: str, width: int, height: int, style: str = "$quiet") -> list[Content]:
    """Return as many whole sentences as fit, wrapped; the first one is cut before none is shown."""
    parts = clean(text).split(". ")
    for count in range(len(parts), 0, -1):
        shown = ". ".join(parts[:count]) + ("." if count < len(parts) else "")
        rows = Content.styled(shown, style).wrap(max(1, width))
        if len(rows) <= height or count == 1:
            return rows[: max(0, height)] if text else []
    return []


def _harmless(part: Part) -> Part:
    if isinstance(part, str):
        return clean(part)
    return (clean(part[0]), part[1]) if isinstance(part, tuple) else part


def light(value: Light) -> Part:
    """Return the glyph of a light in its colour."""
    return (value.glyph, LIGHT_STYLES[value])


def bar(percent: float | None, width: int, style: str = "$strip-ok") -> Content:
    """Return a horizontal bar for a share of 100."""
    filled = 0 if percent is None else round(min(100.0, max(0.0, percent)) / 100 * width)
    return line((FULL * filled, style), (REST * (width - filled), "$faint"))


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


def stack(buckets: Sequence[Bucket], height: int, top: float, *, plain: bool = False) -> list[Content]:
    """Return stacked columns, ok below failed below retry, as rows from the top down.

    ``top`` is the count at which a column is full. A count above zero always shows. ``plain``: told apart by their
    signs too, for a terminal without colours.
    """
    columns = [_levels(bucket, height * 8, top) for bucket in buckets]
    floors = range((height - 1) * 8, -1, -8)
    return [Content.assemble(*(_cell(levels, floor, plain) for levels in columns)) for floor in floors]


def legend(*, plain: bool = False) -> Content:
    """Return what the bands of a stack mean."""
    names = zip(("ok", "failed", "retry"), BANDS if plain else BANDS[:1] * 3, STACK_STYLES, strict=True)
    return line(*[part for name, sign, style in names for part in ((f"{sign} ", style), (f"{name}  ", "$quiet"))])


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


def _cell(levels: tuple[int, int, int], floor: int, plain: bool) -> Part:
    """Return the character of one column in one row: at most two colours, the lower one as the block."""
    ends = [min(8, max(0, level - floor)) for level in levels]
    if ends[2] == 0:
        return " "
    bands = [(style, end) for style, begin, end in zip(STACK_STYLES, [0, *ends], ends, strict=False) if end > begin]
    if plain and bands[-1][0] != STACK_STYLES[0]:
        return (BANDS[STACK_STYLES.index(bands[-1][0])], bands[-1][0])
    lower, end = bands[0]
    if len(bands) == 1:
        return (EIGHTHS[end], lower)
    upper = bands[-1][0]
    if ends[2] == 8:
        return (EIGHTHS[end], f"{lower} on {upper}")
    return (EIGHTHS[ends[2]], upper)
