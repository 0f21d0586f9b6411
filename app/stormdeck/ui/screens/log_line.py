"""The dialog of one log line: whole, with its parts, its storm, and what other logs say of the same moment."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.logs.book import Line
from stormdeck.model.logs.line_facts import beside, fields_of, storm_of
from stormdeck.model.logs.spec import display_name, short_name
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.text import clean
from stormdeck.model.units import grouped, plural
from stormdeck.ui.bindings import bindings
from stormdeck.ui.panel_app import PanelApp
from stormdeck.ui.rendering import fit, hanging, line, lines
from stormdeck.ui.screens.dialog import Dialog, Room
from stormdeck.ui.widgets.logs.line import body
from stormdeck.ui.widgets.logs.view import LogView

NAME = 9
"""Columns of the names of the parts."""
MOST_LINES = 200
"""Lines of a traceback that are shown."""
COLOURS = {"error": "$error", "warning": "$warning", "quiet": "$quiet", "retry": "$error"}


class LineScreen(Dialog[None]):
    """Show the current line of a log view; the next and the previous line without closing it."""

    BINDINGS = bindings("line")

    def __init__(self, view: LogView, panel: PanelApp) -> None:
        super().__init__()
        self._view = view
        self._book = panel.book
        self._clock = panel.clock
        self._deck = panel.deck

    def hints(self) -> tuple[Content, ...]:
        """Return the keys."""
        return tuple(self.hint(f"line.{name}") for name in ("next", "previous", "copy", "close"))

    def action_step(self, step: int) -> None:
        """Show the next line, or the one before."""
        if self._view.step(step) is None:
            self.notify("That was the last line." if step > 0 else "That was the first line.", timeout=2)
            return
        self.draw()
        self.query_one(Room).scroll_home(animate=False)

    def action_copy(self) -> None:
        """Copy the line, or the whole traceback that it is in; secrets are masked."""
        texts = [mask_text(clean(one.text)) for one in self._record()]
        if texts:
            self.app.copy_to_clipboard("\n".join(texts))
        self.notify(f"Copied {plural(len(texts), 'line')}." if texts else "The line is no longer kept.", timeout=2)

    def words(self, width: int) -> Content:
        """Return all that is known of the line."""
        shown = self._book.line(self._view.mark)
        if shown is None:
            return line(("This line is no longer kept.", "$quiet"))
        when = self._clock.second(shown.arrived) if shown.arrived is not None else "written before stormdeck started"
        title = f"LINE {grouped(shown.number + 1)}  "
        rows = [line((title, "$quiet bold"), (display_name(shown.log), "bold"), (f"  {when}", "$quiet")), line()]
        record = self._record()
        for one in record[:MOST_LINES]:
            rows += Content(mask_text(clean(one.text))).wrap(width)
        if len(record) > MOST_LINES:
            rows.append(line((f"and {grouped(len(record) - MOST_LINES)} more lines", "$quiet")))
        rows += self._fields(shown, width) + self._storm(shown, width) + self._beside(shown, width)
        return lines(rows)

    def _record(self) -> list[Line]:
        """Return the line, or all lines of the traceback that it is in."""
        numbers = self._view.rows.record(self._view.mark)
        return [one for number in numbers if (one := self._book.line(number)) is not None]

    def _fields(self, shown: Line, width: int) -> list[Content]:
        fields = fields_of(shown)
        rows = [line(), line(("FIELDS", "$quiet bold"))] if fields else []
        for name, text in fields:
            rows += hanging(line(mask_text(clean(text))), width, line((fit(name, NAME), "$quiet")))
        return rows

    def _storm(self, shown: Line, width: int) -> list[Content]:
        traffic = self._deck.traffic
        storm = storm_of(shown, traffic.storms) if traffic is not None else None
        return [line(), line(("STORM", "$quiet bold")), *self._of_storm(storm, width)] if storm is not None else []

    def _of_storm(self, storm: Storm, width: int) -> list[Content]:
        times = f"{self._clock.second(storm.started)} to {self._clock.second(storm.last)}"
        parts = [
            ("attempts", f"{storm.attempts} of {storm.limit}, {storm.outcome.value}"),
            ("from", times),
            ("cause", f"{storm.cause}  {storm.reason}".strip()),
            ("session", storm.session or ""),
            ("counted", storm.basis),
        ]
        rows = []
        for name, text in parts:
            if text:
                rows += hanging(line(mask_text(clean(text))), width, line((fit(name, NAME), "$quiet")))
        return rows

    def _beside(self, shown: Line, width: int) -> list[Content]:
        """Return what the other logs say of the same moment."""
        others = beside(self._book, shown)
        traffic = self._deck.traffic
        if not others:
            has_others = traffic is not None and len(traffic.logs) > 1 and shown.arrived is not None
            words = "Nothing but polls in the other logs within two seconds."
            return [line(), line((words, "$quiet"))] if has_others else []
        rows = [line(), line(("AT THE SAME MOMENT", "$quiet bold"))]
        for one in others:
            lead = f"{self._clock.second(one.arrived or 0.0)}  {fit(short_name(one.log).removesuffix('.log'), NAME)} "
            drawn = body(one, width - len(lead))
            fragments = [*drawn.fixed, *drawn.text]
            text = line(*((fragment.text, COLOURS.get(fragment.look, "")) for fragment in fragments))
            text = text.truncate(max(1, width - len(lead)), ellipsis=True)
            rows.append(line((lead, "$quiet"), text))
        return rows
