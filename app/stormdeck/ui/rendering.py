"""Draw lines, bars, sparklines and stacked columns as text, coloured with theme tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from textual import events
from textual.content import Content
from textual.style import Style

from stormdeck.model.symbols import BANDS, EIGHTHS, FAILED, FULL, REST, Health
from stormdeck.model.text import clean

if TYPE_CHECKING:
    from stormdeck.model.snapshots.traffic import Bucket


HEALTH_STYLES = {
    Health.OK: "$success",
    Health.WARNING: "$warning",
    Health.ERROR: "$error",
    Health.UNKNOWN: "$quiet",
    Health.STALE: "$quiet",
}
STACK_STYLES = ("$strip-ok", "$warning", "$error")
"""For ok, failed and retry, from the bottom up."""

_SENTENCE_END = re.compile(r"(?<=[.?!]) ")
MORE = "…"
CURSOR = "▌"
"""The sign of the selected row in a list."""
SMALL_WORDS = {"a", "an", "and", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with"}
"""Words that a shortened text may not end with."""

Part = str | Content | tuple[str, str]


def line(*parts: Part) -> Content:
    """Return one line of parts, plain or styled. Control characters are removed."""
    return Content.assemble(*map(_harmless, parts))


def lines(rows: Sequence[Content]) -> Content:
    """Join rows with line breaks."""
    return Content("\n").join(rows)


def fit(text: str, width: int) -> str:
    """Return a text in exactly that many columns, cut with an ellipsis if it is longer."""
    text = clean(text)
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + MORE if width > 0 else ""


def fit_words(text: str, width: int, more: str = "") -> str:
    """Return the whole words of a text that fit into that many columns.

    ``more`` is appended if words were left out, where the rest alone could be misread.
    """
    text = clean(text)
    if cell_len(text) <= width:
        return text
    words, room = text.split(" "), width - len(more)
    while len(words) > 1 and (cell_len(" ".join(words)) > room or words[-1].lower() in SMALL_WORDS):
        words.pop()
    shown = " ".join(words)
    if cell_len(shown) <= room:
        return shown.rstrip(" (,:;") + more
    return fit(text, width) if width > 1 else ""


def marked(row: Content, width: int, *, focused: bool) -> Content:
    """Return the selected row of a list, with a sign in its first column and another background.

    The row must leave that column free. In a list without the focus the selection is dimmed.
    """
    sign, ground = (CURSOR, "$accent" if focused else "$quiet"), "$panel" if focused else "$surface"
    rest = row[1:].truncate(max(0, width - 1), pad=True)
    return Content.assemble(sign, rest).stylize(f"on {ground}")


def sides(left: Content, right: Content, width: int) -> Content:
    """Return a line with a part at each end; the left one is cut if both do not fit."""
    space = width - right.cell_length
    if left.cell_length > space - 1:
        left = left.truncate(max(0, space - 1), ellipsis=True)
    return Content.assemble(left, " " * max(1, space - left.cell_length), right)


def sentences(text: str, width: int, height: int, style: str = "$quiet") -> list[Content]:
    """Return the whole sentences that fit, wrapped; else the last one, which says what to do; else a cut one."""
    parts = _SENTENCE_END.split(clean(text))
    choices = [" ".join(parts[:count]) for count in range(len(parts), 0, -1)]
    for shown in (*choices, parts[-1]):
        rows = hanging(Content.styled(shown, style), width)
        if len(rows) <= height:
            return rows if text else []
    cut = hanging(Content.styled(choices[-1], style), width)[: max(0, height)]
    if cut:
        cut[-1] = Content.styled(fit_words(cut[-1].plain.rstrip(), width - 1) + MORE, style)
    return cut


def hanging(text: Content, width: int, head: Content | str = "") -> list[Content]:
    """Return a text wrapped after a head, with the further lines indented below the text."""
    before = line(head)
    first, *rest = text.wrap(max(1, width - before.cell_length))
    return [line(before, first), *(line(" " * before.cell_length, row) for row in rest)]


def _harmless(part: Part) -> Part:
    if isinstance(part, str):
        return clean(part)
    return (clean(part[0]), part[1]) if isinstance(part, tuple) else part


def health_sign(value: Health) -> Part:
    """Return the sign of a health value in its colour."""
    return (value.glyph, HEALTH_STYLES[value])


def bar(percent: float | None, width: int, style: str = "$strip-ok") -> Content:
    """Return a horizontal bar for a percentage."""
    filled = 0 if percent is None else round(min(100.0, max(0.0, percent)) / 100 * width)
    return line((FULL * filled, style), (REST * (width - filled), "$faint"))


def peaks(history: Sequence[int | None], columns: int, span: int) -> list[int | None]:
    """Return the last ``span`` samples in at most that many columns, the highest of each; ``None``: not known."""
    columns = min(columns, span)
    shown: list[int | None] = [None] * columns
    for age, value in enumerate(reversed(history[-span:] if columns else ())):
        place = columns - 1 - age * columns // span
        before = shown[place]
        if value is not None and (before is None or value > before):
            shown[place] = value
    return shown


def spark(history: Sequence[int | None], width: int, span: int, style: str = "$strip-ok") -> Content:
    """Return the last ``span`` percentages as a sparkline, the newest on the right; unknown ones are blank."""
    cells = (
        " " if value is None else EIGHTHS[1 + round(min(100, max(0, value)) / 100 * 7)]
        for value in peaks(history, width, span)
    )
    return line(("".join(cells).rjust(width), style))


def nice_ceiling(value: float) -> int:
    """Return the top of a scale for a value: 1, 2, 4, 8, 10, 20, 40, 80, 100 ..."""
    top = 1
    while True:
        for step in (1, 2, 4, 8):
            if value <= top * step:
                return top * step
        top *= 10


def stack(buckets: Sequence[Bucket], height: int, top: float, *, plain: bool = False) -> list[Content]:
    """Return stacked columns, ok below failed below retry, as rows from the top down.

    ``top`` is the count of a full column; a count above zero is always visible. What failed has a sign of its own;
    ``plain`` uses one for each kind, for a terminal without colours.
    """
    columns = [_column(bucket, height, top, plain) for bucket in buckets]
    return [Content.assemble(*_runs(column[row] for column in columns)) for row in range(height)]


def legend(*, plain: bool = False) -> Content:
    """Return the legend of a stack."""
    signs = BANDS if plain else (BANDS[0], FAILED, BANDS[0])
    names = zip(("ok", "failed", "retry"), signs, STACK_STYLES, strict=True)
    return line(*[part for name, sign, style in names for part in ((f"{sign} ", style), (f"{name}  ", "$quiet"))])


@lru_cache(maxsize=1024)
def _column(bucket: Bucket, height: int, top: float, plain: bool) -> list[tuple[str, str]]:
    """Return the characters of one column from the top down. Cached: all but the newest are drawn again each second."""
    levels = _levels(bucket, height * 8, top)
    return [_cell(levels, floor, plain) for floor in range((height - 1) * 8, -1, -8)]


def _levels(bucket: Bucket, full: int, top: float) -> tuple[int, int, int]:
    """Return the tops of ok, failed and retry, in eighths of a row from the bottom."""
    ends, total, before = [], 0, 0
    for count in bucket:
        total += count
        end = min(full, round(total / top * full)) if top else 0
        if count and end <= before:
            end = min(full, before + 1)
        ends.append(end)
        before = end
    return ends[0], ends[1], ends[2]


def _runs(cells: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Join neighbours of one colour: each piece costs as much to paint as a whole line of text."""
    for style, run in groupby(cells, key=itemgetter(1)):
        yield "".join(text for text, _ in run), style


def _cell(levels: tuple[int, int, int], floor: int, plain: bool) -> tuple[str, str]:
    """Return the character of one column in one row: at most two colours, the lower one as a block."""
    ends = [min(8, max(0, level - floor)) for level in levels]
    if ends[2] == 0:
        return " ", ""
    bands = [(style, end) for style, begin, end in zip(STACK_STYLES, [0, *ends], ends, strict=False) if end > begin]
    if plain and bands[-1][0] != STACK_STYLES[0]:
        return (BANDS[STACK_STYLES.index(bands[-1][0])], bands[-1][0])
    lower, end = bands[0]
    if bands[-1][0] == STACK_STYLES[1]:
        # By its sign, too: its colour is close to that of a retry for some eyes and in some themes.
        return (FAILED, STACK_STYLES[1])
    if len(bands) == 1:
        return (EIGHTHS[end], lower)
    upper = bands[-1][0]
    if ends[2] == 8:
        return (EIGHTHS[end], f"{lower} on {upper}")
    return (EIGHTHS[ends[2]], upper)


def clickable(content: Content, call: str) -> Content:
    """Return a text that runs an action when it is clicked, such as ``app.help``."""
    return content.stylize(Style.from_meta({"call": call}))


def called(event: events.Click) -> str | None:
    """Return the action of the clicked text, or ``None``."""
    call = event.style.meta.get("call")
    return call if isinstance(call, str) else None
