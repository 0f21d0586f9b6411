"""Requests per minute as a stacked strip, beside turns, retries and amplification."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.retries.abandoned import POSSIBLE, Abandoned, abandoned_work
from stormdeck.model.retries.hops import amplification
from stormdeck.model.traffic import Bucket, TrafficSnapshot
from stormdeck.model.units import duration
from stormdeck.ui.draw import STACK_STYLES, Part, line, nice_ceiling, sentences, sides, stack
from stormdeck.ui.widgets.panel import Panel

AXIS = 4
"""Columns that the scale takes."""


class RequestsPanel(Panel):
    """One line in a narrow pane, numbers and a strip with its scale in a wide one."""

    HEADING = "REQUESTS"

    def part(self, deck: Deck) -> object:
        """Return the traffic, and what it is compared with."""
        return deck.traffic, deck.discovery.done, _for_nobody(deck)

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the numbers, the strip and its axis."""
        traffic = self.deck.traffic
        if traffic is None or not traffic.logs:
            return self._empty(width, height)
        if height <= 2:
            return [_numbers_short(traffic), stack(traffic.buckets[-width:], 1, _top(traffic))[0]][:height]
        per = f", per {duration(traffic.bucket_s)}" if width > 50 else ""
        title = self.heading(self.HEADING, (f"last {_span(traffic, width)}{per}", "$quiet"))
        if height <= 6:
            numbers = line(f"{traffic.requests_per_minute:.1f}/min", *_amplified(traffic))
            return [sides(title, numbers, width), *_chart(traffic, width, height - 2), _axis(traffic, width)]
        said = _sentence(self.deck, traffic, width)
        gap = [line()] if height > 9 else []
        body = _chart(traffic, width, max(1, height - 4 - len(gap) - len(said)))
        return [title, line(), _numbers(traffic), *gap, *body, _axis(traffic, width), *said]

    def _empty(self, width: int, height: int) -> list[Content]:
        title = [self.heading(self.HEADING)] if height > 2 else []
        if not self.deck.discovery.done:
            return [*title, line(("Looking for a log …", "$quiet"))]
        words = (
            "No log to read, so retries stay unseen. Send a server's output to a file (>> server.log 2>&1), or name "
            "one: stormdeck --log FILE. Press 4 for more."
        )
        return [*title, *sentences(words, width, height - len(title))]


def _numbers(traffic: TrafficSnapshot) -> Content:
    hot = "$error bold" if traffic.retries_per_minute else ""
    return line(
        (f"{traffic.requests_per_minute:5.1f}", "bold"),
        (" requests/min  ", "$quiet"),
        (f"{traffic.turns_per_minute:5.1f}", "bold"),
        (" turns/min  ", "$quiet"),
        (f"{traffic.retries_per_minute:5.1f}", hot or "bold"),
        (" retries/min  ", "$quiet"),
        *_amplified(traffic),
    )


def _numbers_short(traffic: TrafficSnapshot) -> Content:
    return line(
        (f"{traffic.requests_per_minute:.1f}", "bold"),
        ("/min  ", "$quiet"),
        (f"{traffic.turns_per_minute:.1f}", "bold"),
        (" turns  ", "$quiet"),
        *_amplified(traffic),
    )


def _amplified(traffic: TrafficSnapshot) -> list[Part]:
    """Return requests per turn, where it is more than one."""
    factor = traffic.amplification
    return [(f" ×{factor:.1f}", "$error bold")] if factor is not None and factor >= 1.05 else []


def _sentence(deck: Deck, traffic: TrafficSnapshot, width: int) -> list[Content]:
    """Return what the turns became on their way, or what is worked on for nobody; two lines at most."""
    lost = _for_nobody(deck)
    text = f"{lost.words} ({lost.confidence})." if lost is not None else f"{amplification(traffic).words}."
    return Content.styled(text, "$warning" if lost is not None else "$quiet").wrap(max(1, width))[:2]


def _for_nobody(deck: Deck) -> Abandoned | None:
    """Return work without a client, where more speaks for it than two counts that were taken at two moments."""
    lost = abandoned_work(deck)
    return lost if lost is not None and lost.confidence != POSSIBLE else None


def _span(traffic: TrafficSnapshot, width: int) -> str:
    """Return how far back the strip reaches."""
    seconds = len(_shown(traffic, width)) * traffic.bucket_s
    return duration(round(seconds / 60) * 60) if seconds >= 60 else duration(seconds)


def _shown(traffic: TrafficSnapshot, width: int) -> tuple[Bucket, ...]:
    return traffic.buckets[-(width - AXIS) :]


def _widened(buckets: tuple[Bucket, ...], width: int) -> list[Bucket]:
    """Return each slice as many columns wide as there is room for."""
    times = max(1, (width - AXIS) // max(1, len(buckets)))
    return [bucket for bucket in buckets for _ in range(times)]


def _top(traffic: TrafficSnapshot) -> int:
    return nice_ceiling(max((sum(bucket) for bucket in traffic.buckets), default=1))


def _chart(traffic: TrafficSnapshot, width: int, height: int) -> list[Content]:
    """Return the strip with its scale in requests a slice; it moves to the left as time goes by."""
    buckets, top = _shown(traffic, width), _top(traffic)
    scale = str(top)
    rows = stack(_widened(buckets, width), height, top)
    marks = [f"{scale:>{AXIS - 1}}┤", *([" " * (AXIS - 1) + "│"] * (height - 2)), f"{'0':>{AXIS - 1}}┤"]
    if height == 1:
        marks = [f"{scale:>{AXIS - 1}}┤"]
    return [line((mark, "$faint"), row) for mark, row in zip(marks, rows, strict=True)]


def _axis(traffic: TrafficSnapshot, width: int) -> Content:
    """Return the legend below the strip, between how far back it reaches and now."""
    columns = len(_widened(_shown(traffic, width), width))
    names = zip(("ok", "failed", "retry"), STACK_STYLES, strict=True)
    legend = line(*[part for name, style in names for part in (("█ ", style), (f"{name}  ", "$quiet"))])
    back = f"-{_span(traffic, width)}"
    space = columns - len(back) - legend.cell_length - 3
    if space < 2:
        return line(" " * AXIS, legend)
    left = space // 2
    return line(" " * AXIS, (back, "$quiet"), " " * left, legend, " " * (space - left), ("now", "$quiet"))
