"""The history panel: sparklines on the overview, and when it is enlarged a page with a cursor on its time axis."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message

from stormdeck.model.deck import Deck
from stormdeck.model.history.columns import SPANS_S, Columns, fit_columns, step_for, usual_span
from stormdeck.model.history.figures import Figure
from stormdeck.model.request_path import gpus_elsewhere, host_of_server
from stormdeck.model.units import duration
from stormdeck.ui.bindings import bindings
from stormdeck.ui.clock import Clock
from stormdeck.ui.rendering import Part, fit_words, line, sentences, sides
from stormdeck.ui.widgets.history.graph import graph, known_figures, newest, top_of, values_of
from stormdeck.ui.widgets.history.page import axis, frame_for, lane, lane_heights, small
from stormdeck.ui.widgets.panel import LivePanel

CELL = 36
"""The least columns of a figure in a line of its own."""
CHART, CHART_ROWS = 44, 4
"""The least columns and the rows of a small chart."""
LONGEST_SMALL_S = 3600
"""The most time that the overview's sparklines show."""
REDRAWN_S = 15
"""How often the small graphs are drawn again: all of them cost milliseconds."""
WAITS = "Figures of servers, GPUs and requests appear here as they are measured, every 5 s."
_NO_HISTORY = "Not in a recording: it holds log lines only."
_FIRST = (
    "requests_per_minute",
    "running",
    "ttft_p50_s",
    "generation_tokens_per_s",
    "waiting",
    "kv_cache_percent",
    "prefix_hit_percent",
    "gpu_percent",
    "retries_per_minute",
)
"""The order of the figures where not all fit."""


class HistoryPanel(LivePanel):
    """Figures of the last hours. Enlarged, a cursor shows all values of a moment, and leads to its log lines."""

    HEADING = "HISTORY"
    BINDINGS = bindings("history", inner=True)

    class LinesWanted(Message):
        """The user wants to see the log lines of a moment."""

        def __init__(self, at: float) -> None:
            self.at = at
            super().__init__()

    def __init__(self, clock: Clock, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._clock = clock
        self._cursor: float | None = None
        """The moment under the cursor, in unix seconds; ``None``: the newest."""
        self._span_s: int | None = None
        """The span that the user chose; ``None``: the shortest that shows all."""
        self._first = 0
        """The first lane, where not all fit."""

    def part(self, deck: Deck) -> object:
        """Return the history, and whose GPUs these are."""
        history = deck.history
        end = history.steps[-1].at if history.steps else 0
        shown = history if self._is_page else (history.since, end // REDRAWN_S)
        return shown, deck.replay is not None, gpus_elsewhere(deck), host_of_server(deck) is not None

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the page if the panel is enlarged, else small charts or sparklines."""
        history = self.deck.history
        if not history.is_known:
            words = _NO_HISTORY if self.deck.replay is not None else WAITS
            return [self.heading(self.HEADING), *sentences(words, width, height - 1)]
        if self._is_page:
            return self._page(width, height)
        return self._charts(width, height) if height > CHART_ROWS + 2 else self._lines(width, height)

    @property
    def _is_page(self) -> bool:
        return self.has_class("-zoomed")

    @property
    def _end(self) -> int:
        """Return the newest moment of the graphs."""
        history = self.deck.history
        return max(part[-1].at for part in (history.steps, history.minutes) if part)

    @property
    def moment(self) -> float:
        """Return the moment that is shown, in unix seconds."""
        return self._cursor if self._cursor is not None else self._end

    def show_moment(self, at: float) -> None:
        """Move the cursor to a moment, and choose a span that contains it."""
        if self.deck.history.since is None:
            return
        back = self._end - at
        self._cursor = min(at, float(self._end))
        if back > self._span():
            self._span_s = next((span for span in SPANS_S if span >= back), SPANS_S[-1])
        self.refresh()

    def _span(self) -> int:
        return self._span_s or usual_span(self.deck.history, self._end)

    def _step(self) -> int:
        return step_for(self._span(), frame_for(self.content_size.width).graph)

    def _lines(self, width: int, height: int) -> list[Content]:
        """Return a heading and lines of sparklines, several figures in each."""
        count = max(1, width // CELL)
        cell = (width - 2 * (count - 1)) // count
        columns, span = self._small_columns(cell)
        figures = self._chosen(columns, count * (height - 1))
        rows = [self._small_heading(span)]
        lines = -(-len(figures) // count)
        for place in range(lines):
            cells = [small(one, columns, cell, plain=self.plain) for one in figures[place::lines]]
            rows.append(Content("  ").join(cells))
        return rows

    def _charts(self, width: int, height: int) -> list[Content]:
        """Return a heading and rows of small charts, each with its value and its scale."""
        count = max(1, width // CHART)
        lines = (height - 1) // CHART_ROWS
        cell = (width - 3 * (count - 1)) // count
        columns, span = self._small_columns(cell, all_room=True)
        figures = self._chosen(columns, count * lines)
        tall = (height - 1) // max(1, -(-len(figures) // count)) - 1
        rows = [self._small_heading(span)]
        for begin in range(0, len(figures), count):
            charts = [self._chart(one, columns, cell, tall) for one in figures[begin : begin + count]]
            rows += [Content("   ").join(row) for row in zip(*charts, strict=True)]
        return rows

    def _chart(self, figure: Figure, columns: Columns, width: int, height: int) -> list[Content]:
        values, sample = values_of(columns, figure), newest(columns)
        value = figure.text(sample.of(figure.key) if sample is not None else None)
        scale = f"0 to {figure.text(top_of(figure, values))}"
        title = sides(line((figure.name, "$quiet"), f"  {value}"), line((scale, "$faint")), width)
        return [title, *(row.pad_right(width - row.cell_length) for row in graph(figure, values, height))]

    def _small_columns(self, cell: int, *, all_room: bool = False) -> tuple[Columns, int]:
        """Return the columns of a small graph, and how much time they show."""
        span = min(LONGEST_SMALL_S, usual_span(self.deck.history, self._end))
        room = cell if all_room else max(1, cell - 22)
        step = step_for(span, room)
        shown = step * room
        return fit_columns(self.deck.history, step, room, self._end), shown - shown % 60 if shown > 60 else shown

    def _small_heading(self, span: int) -> Content:
        return self.heading(self.HEADING, (f"last {duration(span)}", "$quiet"))

    def _chosen(self, columns: Columns, most: int) -> list[Figure]:
        """Return the figures that fit, the most useful ones, in their usual order."""
        known = known_figures(columns)
        ranked = sorted(known, key=lambda one: _FIRST.index(one.key) if one.key in _FIRST else len(_FIRST))
        return [one for one in known if one in ranked[:most]]

    def _page(self, width: int, height: int) -> list[Content]:
        frame, step, end = frame_for(width), self._step(), self._end
        columns = fit_columns(self.deck.history, step, frame.graph, end)
        at = self._place(step, len(columns), end)
        shown = known_figures(columns)
        room = max(1, height - 4 if height >= 10 else height - 3)
        self._first = max(0, min(self._first, len(shown) - room))
        heights = lane_heights(room, len(shown))
        rows = [self._page_heading(step, len(columns), width)]
        for figure, tall in zip(shown[self._first :], heights, strict=False):
            rows += lane(figure, columns, frame, tall, at, plain=self.plain)
        line_row, times = axis(columns, end, step, frame, at, self._clock.local)
        rows += [line_row, times] if height >= 10 else [times]
        return [*rows, self._foot(columns, at, step, len(shown) - len(heights), width)]

    def _page_heading(self, step: int, count: int, width: int) -> Content:
        each = f"last {duration(step * count)}, {duration(step)} a column"
        note: list[Part] = [(each if len(each) + 40 <= width else f"last {duration(step * count)}", "$quiet")]
        if self.deck.history.problem and width >= 100:
            note += [("  not kept for the next start", "$warning")]
        elif (host := host_of_server(self.deck)) is not None and width >= 100:
            note += [(f"  GPUs: of {fit_words(host.name, 24)}", "$quiet")]
        elif gpus_elsewhere(self.deck) and width >= 100:
            note += [("  GPUs: of this machine", "$quiet")]
        return self.heading(self.HEADING, *note)

    def _foot(self, columns: Columns, at: int, step: int, hidden: int, width: int) -> Content:
        """Return the moment under the cursor, and what the keys do."""
        column = columns[at]
        moment = self._end // step * step - (len(columns) - 1 - at) * step
        when = "now" if self._cursor is None else self._clock.second(moment)
        if column is None:
            state: Part = ("not watched", "$warning")
        else:
            state = (f"{column.server}  {column.model}".strip(), "$quiet")
        keys = ["←→ moment", "enter its log lines", "[ ] time shown", *(["↑↓ more figures"] if hidden > 0 else [])]
        left = line((f"{when:<8}", "bold"), "  ", state)
        room = width - left.cell_length - 2
        while keys and len("  ".join(keys)) > room:
            keys.pop()
        if not keys:
            return line((f"{when:<8}", "bold"), "  ", (fit_words(line(state).plain, width - 10), "$quiet"))
        return sides(left, line(("  ".join(keys), "$quiet")), width)

    def _place(self, step: int, count: int, end: int) -> int:
        """Return the column of the cursor; a moment that is no longer shown is at the left edge."""
        if self._cursor is None:
            return count - 1
        return max(0, min(count - 1, count - 1 - (end // step - int(self._cursor // step))))

    def action_move(self, columns: int) -> None:
        """Move the cursor along the time axis; at its end it stays at the newest moment."""
        if not self._can_move():
            return
        step = self._step()
        oldest = self._end - (frame_for(self.content_size.width).graph - 1) * step
        at = self.moment + columns * step
        self._cursor = max(float(oldest), at) if at // step < self._end // step else None
        self.refresh()

    def action_edge(self, edge: int) -> None:
        """Move the cursor to the oldest moment that was watched and is shown, or to the newest."""
        if not self._can_move():
            return
        step, room = self._step(), frame_for(self.content_size.width).graph
        columns = fit_columns(self.deck.history, step, room, self._end)
        oldest = next((one for one in columns if one is not None), None)
        self._cursor = float(oldest.at) if edge < 0 and oldest is not None else None
        self.refresh()

    def action_scroll(self, lanes: int) -> None:
        """Show other figures, where not all fit."""
        self._first = max(0, self._first + lanes)
        self.refresh()

    def action_span(self, change: int) -> None:
        """Show less or more time."""
        if not self._can_move():
            return
        at = SPANS_S.index(self._span()) + change
        self._span_s = SPANS_S[max(0, min(len(SPANS_S) - 1, at))]
        self.refresh()

    def action_open(self) -> None:
        """Show the log lines of the moment under the cursor."""
        if self._can_move():
            self.post_message(self.LinesWanted(self.moment))

    def _can_move(self) -> bool:
        return self._is_page and self.deck.history.since is not None

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked moment; the overview handles clicks elsewhere."""
        place = event.get_content_offset(self)
        if place is None or not self._can_move():
            return
        frame, step = frame_for(self.content_size.width), self._step()
        column = place.x - frame.left
        if column >= 0 and place.y > 0:
            event.stop()
            back = frame.graph - 1 - column
            self._cursor = float(self._end // step * step - back * step) if back > 0 else None
            self.refresh()
