"""Draw requests over time as a chart, with the rates of requests, turns and retries."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.traffic.access_lines import how_to_count, why_uncounted
from stormdeck.model.traffic.counted_hop import counting_hop
from stormdeck.model.units import NONE, duration
from stormdeck.ui.rendering import Part, legend, line, nice_ceiling, sentences, sides, stack
from stormdeck.ui.widgets.panel import LivePanel

if TYPE_CHECKING:
    from stormdeck.model.snapshots.traffic import Bucket, TrafficSnapshot
    from stormdeck.model.traffic.abandoned_work import Abandoned

AXIS = 4
"""Columns of the scale."""
TODAY, SEPARATOR = "Today: ", " · "
LONG_UNITS_FROM = 62
"""Columns from which on the rates have long units."""
CHANGED, UNWATCHED = "↓", "?"
"""Signs in the chart: from here on another hop counts the requests; no log was followed."""
TODAY_FROM = 11
"""Rows from which on the last one says what was used today."""
MIDDLE_MARK_FROM = 8
"""Rows from which on the scale has a mark in the middle."""


class RequestsPanel(LivePanel):
    """Rates and a chart, or one line of each in a low pane."""

    HEADING = "REQUESTS"

    def part(self, deck: Deck) -> object:
        """Return the traffic, and what else the panel mentions."""
        return (
            deck.traffic,
            deck.discovery.done,
            deck.discovery.log_notes,
            _abandoned(deck),
            deck.wire.recorders,
            counting_hop(deck),
            why_uncounted(deck),
            deck.usage,
        )

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the rates, the chart and its axis."""
        traffic = self.deck.traffic
        if traffic is None or not traffic.logs:
            return self._empty(width, height)
        uncounted = why_uncounted(self.deck)
        if uncounted:
            return self._uncounted(uncounted, width, height)
        if height <= 2:
            chart = stack(traffic.buckets[-width:], 1, _top(traffic), plain=self.plain)[0]
            return [_rates_short(traffic), chart][:height]
        per = f"per {duration(traffic.bucket_s)}"
        if height <= 6:
            title = self.heading(self.HEADING, (per, "$quiet"))
            return [
                sides(title, _rates_beside(traffic, width - title.cell_length - 2), width),
                *self._chart(width, height - 1),
            ]
        since = f"last {_span(traffic, width)}, {per}"
        where = f"at {counting_hop(self.deck)}, " if counting_hop(self.deck) else ""
        fits = len(self.HEADING) + 2 + len(where) + len(since) <= width
        title = self.heading(self.HEADING, (where * fits + since, "$quiet"))
        note = [*_note(self.deck, traffic, width), *(_today(self.deck, width) if height >= TODAY_FROM else ())]
        gap = [line()] if height > 9 else []
        columns = self._chart(width, max(2, height - 3 - len(gap) - len(note)))
        return [title, line(), _rates(traffic, width), *gap, *columns, *note]

    def moment_at(self, x: int, y: int, now: float) -> float | None:
        """Return when the slice of time in a column of the chart began, ``None`` outside of the chart."""
        traffic, (width, height) = self.deck.traffic, self.content_size
        if traffic is None or not traffic.logs or why_uncounted(self.deck) or (y == 0 and height > 1):
            return None
        low = height <= 2
        times, begin = (1, 0) if low else (_times(traffic, width), AXIS)
        shown = len(traffic.buckets[-width:] if low else _shown(traffic, width))
        if not begin <= x < begin + shown * times:
            return None
        age = shown - 1 - (x - begin) // times
        return (floor(now / traffic.bucket_s) - age) * float(traffic.bucket_s)

    def _uncounted(self, why: str, width: int, height: int) -> list[Content]:
        """Return dashes in place of the rates, why they are unknown, and what to do."""
        dashes = _dashes(width)
        if height <= 2:
            return [dashes, *sentences(f"{why[0].upper()}{why[1:]}.", width, height - 1)]
        words = f"{why[0].upper()}{why[1:]}. {how_to_count(self.deck)}"
        gap = [line()] if height > 6 else []
        rows = [self.heading(self.HEADING), *gap, dashes, *gap]
        return [*rows, *sentences(words, width, height - len(rows), "$warning")]

    def _chart(self, width: int, height: int) -> list[Content]:
        """Return the chart with its scale, and the axis below it."""
        traffic = self.deck.traffic
        if traffic is None:
            return []
        return [*_columns(traffic, width, height - 1, self.plain), _axis(traffic, width, self.plain)]

    def _empty(self, width: int, height: int) -> list[Content]:
        title = [self.heading(self.HEADING)] if height > 2 else []
        if not self.deck.discovery.done:
            return [*title, line(("searching for a log", "$quiet"))]
        how = next(iter(self.deck.discovery.log_notes), "") or (
            "Send a server's output to a file (>> server.log 2>&1), or name a log: stormdeck --log FILE."
        )
        seen = "only sessions of stormdeck run are seen" if self.deck.wire.recorders else "retries cannot be seen"
        words = f"No log to read, so {seen}. {how} Press 4 for more."
        return [*title, *sentences(words, width, height - len(title))]


def _dashes(width: int) -> Content:
    """Return the rates where none is known."""
    units = ("requests/min", "turns/min", "retries/min") if width >= LONG_UNITS_FROM else ("/min", "turns", "retries")
    parts: list[Part] = []
    for unit in units:
        parts += [(f"{NONE:>5}", "bold"), (f" {unit}  ", "$quiet")]
    return line(*parts)


def _rates(traffic: TrafficSnapshot, width: int) -> Content:
    """Return the three rates in fixed columns, with short units in a narrow pane."""
    hot = "$error bold" if traffic.retries_per_minute else "bold"
    rates = (
        (traffic.requests_per_minute, " requests/min", "/min", "bold"),
        (traffic.turns_per_minute, " turns/min", " turns", "bold"),
        (traffic.retries_per_minute, " retries/min", " retries", hot),
    )
    wide = width >= LONG_UNITS_FROM
    parts: list[Part] = []
    for rate, unit, short, style in rates:
        parts += [(f"{rate:5.1f}", style), (f"{unit if wide else short}  ", "$quiet")]
    return line(*parts, *_amplification(traffic))


def _rates_beside(traffic: TrafficSnapshot, room: int) -> Content:
    """Return the rates that fit beside a heading: all three, or only requests."""
    hot = "$error bold" if traffic.retries_per_minute else "bold"
    all_rates = line(
        *_amplification(traffic),
        (f"{traffic.requests_per_minute:6.1f}", "bold"),
        ("/min", "$quiet"),
        (f"{traffic.turns_per_minute:6.1f}", "bold"),
        (" turns", "$quiet"),
        (f"{traffic.retries_per_minute:6.1f}", hot),
        (" retries", "$quiet"),
    )
    requests = line(*_amplification(traffic), f"{traffic.requests_per_minute:7.1f}/min")
    return all_rates if all_rates.cell_length <= room else requests


def _rates_short(traffic: TrafficSnapshot) -> Content:
    parts: list[Part] = []
    for rate, unit in ((traffic.requests_per_minute, "/min"), (traffic.turns_per_minute, " turns")):
        number = f"{rate:.1f}"
        parts += [(number, "bold"), (unit.ljust(12 - len(number)), "$quiet")]
    return line(*parts, *_amplification(traffic))


def _amplification(traffic: TrafficSnapshot) -> list[Part]:
    """Return the requests per turn if they are more than one."""
    factor = traffic.amplification
    return [(f"×{factor:.1f}", "$error bold")] if factor is not None and factor >= 1.05 else []


def _note(deck: Deck, traffic: TrafficSnapshot, width: int) -> list[Content]:
    """Return a note of up to two lines: on unwatched time, on abandoned work, or on requests per turn."""
    from stormdeck.model.traffic.amplification import amplification

    if traffic.unwatched_s:
        text = f"Not watched for {duration(traffic.unwatched_s)}: the rates may include requests of that time."
        return Content.styled(text, "$warning").wrap(max(1, width))[:2]
    work = _abandoned(deck)
    text = f"{work.words} ({work.confidence})." if work is not None else f"{amplification(traffic).words}."
    return Content.styled(text, "$warning" if work is not None else "$quiet").wrap(max(1, width))[:2]


def _today(deck: Deck, width: int) -> list[Content]:
    """Return what was used today, as much of it as fits; nothing where no source knows."""
    shown: list[str] = []
    for part in deck.usage.parts():
        if len(TODAY) + len(SEPARATOR.join([*shown, part])) <= width:
            shown.append(part)
    return [line((TODAY, "$quiet"), SEPARATOR.join(shown))] if shown else []


def _abandoned(deck: Deck) -> Abandoned | None:
    """Return the work whose client has gone, unless only two counts of different moments suggest it."""
    from stormdeck.model.traffic.abandoned_work import POSSIBLE, abandoned_work

    work = abandoned_work(deck)
    return work if work is not None and work.confidence != POSSIBLE else None


def _span(traffic: TrafficSnapshot, width: int) -> str:
    """Return how far back the chart reaches."""
    seconds = len(_shown(traffic, width)) * traffic.bucket_s
    return duration(round(seconds / 60) * 60) if seconds >= 60 else duration(seconds)


def _times(traffic: TrafficSnapshot, width: int) -> int:
    """Return the columns for each bucket. Up to a tenth of the history is left out for one column more."""
    buckets = max(1, len(traffic.buckets))
    return max(1, (width - AXIS + buckets // 10) // buckets)


def _shown(traffic: TrafficSnapshot, width: int) -> tuple[Bucket, ...]:
    return traffic.buckets[-((width - AXIS) // _times(traffic, width)) :]


def _widened(traffic: TrafficSnapshot, width: int) -> list[Bucket]:
    """Return the shown buckets, each repeated for its columns."""
    return [bucket for bucket in _shown(traffic, width) for _ in range(_times(traffic, width))]


def _top(traffic: TrafficSnapshot) -> int:
    return nice_ceiling(max((sum(bucket) for bucket in traffic.buckets), default=1))


def _columns(traffic: TrafficSnapshot, width: int, height: int, plain: bool) -> list[Content]:
    """Return the columns with the scale in requests per bucket, the newest on the right."""
    top = _top(traffic)
    rows = _marked(stack(_widened(traffic, width), height, top, plain=plain), traffic, width)
    marks = [" " * (AXIS - 1) + "│"] * height
    marks[-1] = f"{'0':>{AXIS - 1}}┤"
    marks[0] = f"{top:>{AXIS - 1}}┤"
    if height >= MIDDLE_MARK_FROM and height % 2 == 0 and top % 2 == 0:
        marks[height // 2] = f"{top // 2:>{AXIS - 1}}┤"
    return [line((mark, "$faint"), row) for mark, row in zip(marks, rows, strict=True)]


def _marked(rows: list[Content], traffic: TrafficSnapshot, width: int) -> list[Content]:
    """Add marks: on top where the request path changed, at the bottom where no log was followed."""
    times, first = _times(traffic, width), len(traffic.buckets) - len(_shown(traffic, width))
    for change in traffic.changes:
        if change.slice >= first:
            rows[0] = _with_sign(rows[0], (change.slice - first) * times, CHANGED, "$accent")
    for at in traffic.unwatched:
        for column in range((at - first) * times, (at - first + 1) * times) if at >= first else ():
            if not rows[-1].plain[column : column + 1].strip():
                rows[-1] = _with_sign(rows[-1], column, UNWATCHED, "$quiet")
    return rows


def _with_sign(row: Content, column: int, sign: str, style: str) -> Content:
    return Content.assemble(row[:column], (sign, style), row[column + 1 :])


def _axis(traffic: TrafficSnapshot, width: int, plain: bool) -> Content:
    """Return the line below the chart: its oldest time, the legend, and ``now``."""
    columns = len(_widened(traffic, width))
    colours = legend(plain=plain)
    back = f"-{_span(traffic, width)}"
    space = columns - len(back) - colours.cell_length - 3
    if space < 2:
        return line(" " * AXIS, colours)
    left = space // 2
    return line(" " * AXIS, (back, "$quiet"), " " * left, colours, " " * (space - left), ("now", "$quiet"))
