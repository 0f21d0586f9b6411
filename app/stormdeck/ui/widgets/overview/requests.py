"""Requests per minute as a stacked strip, beside turns, retries and amplification."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.traffic.counted_hop import counting_hop
from stormdeck.model.units import duration
from stormdeck.ui.rendering import Part, legend, line, nice_ceiling, sentences, sides, stack
from stormdeck.ui.widgets.panel import LivePanel

if TYPE_CHECKING:
    from stormdeck.model.snapshots.traffic import Bucket, TrafficSnapshot
    from stormdeck.model.traffic.abandoned_work import Abandoned

AXIS = 4
"""Columns that the scale takes."""
WORDY = 62
"""Columns from which on rates have whole words beside them."""
CHANGED, UNWATCHED = "↓", "?"
"""Signs in the strip: another hop is the nearest to the client from there on; nothing was watched."""
HALVED = 8
"""Rows from which on the scale has a mark in its middle."""


class RequestsPanel(LivePanel):
    """One line in a narrow pane, numbers and a strip with its scale in a wide one."""

    HEADING = "REQUESTS"

    def part(self, deck: Deck) -> object:
        """Return the traffic, and what it is compared with."""
        return deck.traffic, deck.discovery.done, _for_nobody(deck), counting_hop(deck)

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the numbers, the strip and its axis."""
        traffic = self.deck.traffic
        if traffic is None or not traffic.logs:
            return self._empty(width, height)
        if height <= 2:
            strip = stack(traffic.buckets[-width:], 1, _top(traffic), plain=self.plain)[0]
            return [_numbers_short(traffic), strip][:height]
        per = f"per {duration(traffic.bucket_s)}"
        if height <= 6:
            title = self.heading(self.HEADING, (per, "$quiet"))
            return [
                sides(title, _numbers_beside(traffic, width - title.cell_length - 2), width),
                *self._strip(width, height - 1),
            ]
        since = f"last {_span(traffic, width)}, {per}"
        where = f"at {counting_hop(self.deck)}, " if counting_hop(self.deck) else ""
        room = len(self.HEADING) + 2 + len(where) + len(since) <= width
        title = self.heading(self.HEADING, (where * room + since, "$quiet"))
        said = _sentence(self.deck, traffic, width)
        gap = [line()] if height > 9 else []
        strip_rows = self._strip(width, max(2, height - 3 - len(gap) - len(said)))
        return [title, line(), _numbers(traffic, width), *gap, *strip_rows, *said]

    def _strip(self, width: int, height: int) -> list[Content]:
        """Return the strip with its scale, and the axis below it."""
        traffic = self.deck.traffic
        if traffic is None:
            return []
        return [*_chart(traffic, width, height - 1, self.plain), _axis(traffic, width, self.plain)]

    def _empty(self, width: int, height: int) -> list[Content]:
        title = [self.heading(self.HEADING)] if height > 2 else []
        if not self.deck.discovery.done:
            return [*title, line(("looking for a log", "$quiet"))]
        words = (
            "No log to read, so retries stay unseen. Send a server's output to a file (>> server.log 2>&1), or name "
            "one: stormdeck --log FILE. Press 4 for more."
        )
        return [*title, *sentences(words, width, height - len(title))]


def _numbers(traffic: TrafficSnapshot, width: int) -> Content:
    """Return the three rates, each in columns of its own; their units are shorter in a narrow pane."""
    hot = "$error bold" if traffic.retries_per_minute else "bold"
    told = (
        (traffic.requests_per_minute, " requests/min", "/min", "bold"),
        (traffic.turns_per_minute, " turns/min", " turns", "bold"),
        (traffic.retries_per_minute, " retries/min", " retries", hot),
    )
    wide = width >= WORDY
    parts: list[Part] = []
    for rate, unit, short, style in told:
        parts += [(f"{rate:5.1f}", style), (f"{unit if wide else short}  ", "$quiet")]
    return line(*parts, *_amplified(traffic))


def _numbers_beside(traffic: TrafficSnapshot, room: int) -> Content:
    """Return the rates that fit beside a heading: all three, or requests alone."""
    hot = "$error bold" if traffic.retries_per_minute else "bold"
    every = line(
        *_amplified(traffic),
        (f"{traffic.requests_per_minute:6.1f}", "bold"),
        ("/min", "$quiet"),
        (f"{traffic.turns_per_minute:6.1f}", "bold"),
        (" turns", "$quiet"),
        (f"{traffic.retries_per_minute:6.1f}", hot),
        (" retries", "$quiet"),
    )
    few = line(*_amplified(traffic), f"{traffic.requests_per_minute:7.1f}/min")
    return every if every.cell_length <= room else few


def _numbers_short(traffic: TrafficSnapshot) -> Content:
    parts: list[Part] = []
    for rate, unit in ((traffic.requests_per_minute, "/min"), (traffic.turns_per_minute, " turns")):
        number = f"{rate:.1f}"
        parts += [(number, "bold"), (unit.ljust(12 - len(number)), "$quiet")]
    return line(*parts, *_amplified(traffic))


def _amplified(traffic: TrafficSnapshot) -> list[Part]:
    """Return requests per turn, where it is more than one."""
    factor = traffic.amplification
    return [(f"×{factor:.1f}", "$error bold")] if factor is not None and factor >= 1.05 else []


def _sentence(deck: Deck, traffic: TrafficSnapshot, width: int) -> list[Content]:
    """Return what was not watched, what is worked on for nobody, or what the turns became; two lines at most."""
    from stormdeck.model.traffic.amplification import amplification

    if traffic.unwatched_s:
        text = f"Not watched for {duration(traffic.unwatched_s)}: the rates may hold requests of that time."
        return Content.styled(text, "$warning").wrap(max(1, width))[:2]
    lost = _for_nobody(deck)
    text = f"{lost.words} ({lost.confidence})." if lost is not None else f"{amplification(traffic).words}."
    return Content.styled(text, "$warning" if lost is not None else "$quiet").wrap(max(1, width))[:2]


def _for_nobody(deck: Deck) -> Abandoned | None:
    """Return work without a client, where more speaks for it than two counts that were taken at two moments."""
    from stormdeck.model.traffic.abandoned_work import POSSIBLE, abandoned_work

    lost = abandoned_work(deck)
    return lost if lost is not None and lost.confidence != POSSIBLE else None


def _span(traffic: TrafficSnapshot, width: int) -> str:
    """Return how far back the strip reaches."""
    seconds = len(_shown(traffic, width)) * traffic.bucket_s
    return duration(round(seconds / 60) * 60) if seconds >= 60 else duration(seconds)


def _times(traffic: TrafficSnapshot, width: int) -> int:
    """Return how many columns a slice is wide: whole ones, and a tenth of the history may go for the next."""
    slices = max(1, len(traffic.buckets))
    return max(1, (width - AXIS + slices // 10) // slices)


def _shown(traffic: TrafficSnapshot, width: int) -> tuple[Bucket, ...]:
    return traffic.buckets[-((width - AXIS) // _times(traffic, width)) :]


def _widened(traffic: TrafficSnapshot, width: int) -> list[Bucket]:
    """Return each slice that is shown as many columns wide as there is room for."""
    return [bucket for bucket in _shown(traffic, width) for _ in range(_times(traffic, width))]


def _top(traffic: TrafficSnapshot) -> int:
    return nice_ceiling(max((sum(bucket) for bucket in traffic.buckets), default=1))


def _chart(traffic: TrafficSnapshot, width: int, height: int, plain: bool) -> list[Content]:
    """Return the strip with its scale in requests a slice; it moves to the left as time goes by."""
    top = _top(traffic)
    rows = _marked(stack(_widened(traffic, width), height, top, plain=plain), traffic, width)
    marks = [" " * (AXIS - 1) + "│"] * height
    marks[-1] = f"{'0':>{AXIS - 1}}┤"
    marks[0] = f"{top:>{AXIS - 1}}┤"
    if height >= HALVED and height % 2 == 0 and top % 2 == 0:
        marks[height // 2] = f"{top // 2:>{AXIS - 1}}┤"
    return [line((mark, "$faint"), row) for mark, row in zip(marks, rows, strict=True)]


def _marked(rows: list[Content], traffic: TrafficSnapshot, width: int) -> list[Content]:
    """Return the strip with a mark where the path changed, at its top, and where nothing was watched, at its foot."""
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
    """Return the legend below the strip, between how far back it reaches and now."""
    columns = len(_widened(traffic, width))
    meaning = legend(plain=plain)
    back = f"-{_span(traffic, width)}"
    space = columns - len(back) - meaning.cell_length - 3
    if space < 2:
        return line(" " * AXIS, meaning)
    left = space // 2
    return line(" " * AXIS, (back, "$quiet"), " " * left, meaning, " " * (space - left), ("now", "$quiet"))
