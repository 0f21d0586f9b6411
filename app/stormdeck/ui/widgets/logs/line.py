"""Draw one log line: its time, its log, and its text or the columns of an access line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from stormdeck.model.logs.book import Line
from stormdeck.model.logs.spec import short_name
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.text import clean
from stormdeck.ui.rendering import MORE, fit

if TYPE_CHECKING:
    from stormdeck.model.logs.records import Record
    from stormdeck.model.logs.requests.access import Access

NARROW = 60
"""Columns below which an access line shows only status, method and path, and no line its log's name."""

TIME = 8
"""Columns of the time."""
CLOCK_WITHIN = 120
"""Characters at the start of a line that may hold its clock; later ones may quote another."""

LEVEL_CLASSES = {"error": "error", "critical": "error", "warning": "warning", "debug": "quiet"}
"""The component class of a record, by its level."""


_TIME = re.compile(r"\d\d:\d\d:\d\d")


class Fragment(NamedTuple):
    """A piece of a line and its component class without ``log--``; an empty one is plain text."""

    text: str
    look: str = ""


class LineDrawer(Widget):
    """The base of both log views: turn a line of the log book into a strip."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"log--{name}" for name in ("text", "quiet", "time", "error", "warning", "ok", "retry", "mark", "cursor")
    }

    def draw(
        self,
        head: Sequence[Fragment],
        body: Sequence[Fragment],
        width: int,
        column: int = 0,
        mark: bool = False,
        tail: Sequence[Fragment] = (),
    ) -> Strip:
        """Return a strip whose body starts at ``column``, with ``…`` where it is cut; head and tail do not scroll."""
        base = self.get_component_rich_style("log--text")
        marked = self.get_component_rich_style("log--mark", partial=True) if mark else None

        def segment(fragment: Fragment) -> Segment:
            style = self.get_component_rich_style(f"log--{fragment.look}") if fragment.look else base
            return Segment(fragment.text, style + marked if marked else style)

        begin, rest, end = (Strip(map(segment, fragments)) for fragments in (head, body, tail))
        room = max(0, width - begin.cell_length - end.cell_length)
        long = rest.cell_length
        if rest and (column or long > room):
            more = segment(Fragment(MORE, "quiet"))
            shown = rest.crop(column, column + room)
            if column and room > 1:
                shown = Strip([more, *shown.crop(1)])
            if long - column > room > 1:
                shown = Strip([*shown.crop(0, room - 1), more])
            rest = shown
        whole = Strip([*begin, *rest, *end]).crop(0, width)
        return whole.extend_cell_length(width, base + marked if marked else base)


def head(line: Line, clock: Callable[[float], str], *, named: bool) -> list[Fragment]:
    """Return the time when the line arrived and, if ``named``, its log's name.

    Lines older than the panel have the time that their source or they themselves tell, or none. Of a line that was read
    long after it was written, only the minutes are known: ``12:17-18``.
    """
    at = line.arrived if line.arrived is not None else written(line)
    when = (clock(at) if at is not None else time_of_day(line.text)).ljust(TIME)
    if line.arrived is not None and line.since is not None:
        begun, ended = clock(line.since)[:5], when[:5]
        when = (begun if begun == ended else f"{begun}-{ended[3:]}").ljust(len(when))
    shown = [Fragment(f"{when} ", "time")]
    if named:
        shown.append(Fragment(fit(short_name(line.log).removesuffix(".log"), 9) + " ", "quiet"))
    return shown


def written(line: Line) -> float | None:
    """Return when a line was written, as its source or its own text tells; ``None`` if neither does."""
    from stormdeck.model.logs.prefixes.clocks import clock_in

    if line.written is not None:
        return line.written
    found = clock_in(line.text, 0, min(len(line.text), CLOCK_WITHIN), datetime.timestamp)
    return found.time if found is not None else None


def time_of_day(text: str) -> str:
    """Return the time in a record that has no date, as its server wrote it; empty if it has none."""
    from stormdeck.model.logs.records import classify

    record = classify(text)
    found = _TIME.search(record.clock) if record is not None else None
    return found[0] if found is not None else ""


class Body(NamedTuple):
    """What is drawn of a line after its time and log."""

    fixed: list[Fragment]
    """The columns of a request, which do not scroll."""
    text: list[Fragment]


def body(line: Line, width: int, *, whole: bool = False) -> Body:
    """Return the columns of an access line, or what any other line says in the colour of its level.

    A record is shown without its time, level and source, and an error by its reason, unless the ``whole`` message is
    wanted.
    """
    from stormdeck.model.logs.records import classify
    from stormdeck.model.logs.requests.access_line import parse_access

    access = parse_access(line.text)
    if access is not None:
        return Body(columns(access, line.attempt, width), [])
    record = classify(line.text)
    if record is None:
        return Body([], [Fragment(mask_text(clean(line.text)), "quiet")])
    return Body([], message(record, mask_text(clean(record.message)) if whole else short_message(record)))


def short_message(record: Record) -> str:
    """Return the reason in an error, or else the message of a record."""
    from stormdeck.model.logs.reasons import reason

    text = mask_text(clean(record.message))
    return (reason(record.message) or text) if record.level.is_failure else text


def exception(line: Line) -> list[Fragment]:
    """Return the text of a traceback's last line, without the time and level of a log record."""
    from stormdeck.model.logs.records import classify

    record = classify(line.text)
    text = mask_text(clean(record.message if record is not None else line.text))
    return [Fragment(text)] if record is None else message(record, text)


def message(record: Record, text: str) -> list[Fragment]:
    """Return the text of a record, without its time and level."""
    return [Fragment(text, LEVEL_CLASSES.get(record.level, ""))]


def columns(access: Access, attempt: int, width: int) -> list[Fragment]:
    """Return the columns of an access line: method, path, status, attempt."""
    failed = access.status >= 400
    is_main = access.kind == "main"
    status = "error" if failed else "ok" if is_main else "quiet"
    look = "" if is_main or failed else "quiet"
    target = mask_text(clean(access.path))
    if width < NARROW:
        retry = [Fragment(f"#{attempt} ", "retry")] if attempt > 1 else []
        return [Fragment(f"{access.status} ", status), *retry, Fragment(f"{access.method} {target}", look)]
    path_width = max(24, min(40, width - 44))
    parts = [
        Fragment(f"{access.method:<5}", look),
        Fragment(fit(target, path_width), look),
        Fragment(f" {access.status}", status),
    ]
    if attempt > 1:
        parts.append(Fragment(f"   attempt {attempt}", "retry"))
    return parts
