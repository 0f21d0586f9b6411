"""The lines of one row of the form: label, value and finding; of the current one also what the value does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.content import Content

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.masking.values import mask_value
from stormdeck.model.settings.field import Field, Kind
from stormdeck.model.text import clean
from stormdeck.ui.draw import LIGHT_STYLES, Part, fit, light, line

LABEL = 20
MARK = 2
COLUMN = MARK + LABEL + 2
"""Where a value begins."""
VALUE = 32
"""Columns kept for a value where the finding stands beside it."""
BESIDE = 34
"""Columns that a finding needs there; with less it stands below."""
LONGEST = 1000
"""Characters of a value that are shown; the raw file holds all of it."""


@dataclass(frozen=True, slots=True)
class RowState:
    """What a row shows."""

    value: str | None = None
    modified: bool = False
    revealed: bool = False
    findings: tuple[Finding, ...] = ()
    problem: str | None = None
    note: str = ""
    """Who else sets it, and who wins."""
    loses: bool = False
    """A stronger scope sets it: the value here is not in force."""
    choices: tuple[str, ...] = ()
    """The ids that are served."""
    servers: tuple[str, ...] = ()
    """The URLs of the servers that were found."""


@dataclass(frozen=True, slots=True)
class RowLook:
    """How a row is drawn at the moment."""

    current: bool = False
    typed: bool = False
    """An input stands in the place of the value."""
    narrow: bool = False
    """The input stands below the label, over the whole width."""
    fix_key: str = "f"
    offers: tuple[str, ...] = ()
    """What can be picked while it is edited."""

    @property
    def indent(self) -> int:
        """Return the columns before what stands below the label."""
        return 3 if self.narrow else 4


def row_lines(field: Field, state: RowState, look: RowLook, width: int) -> list[Content]:
    """Return the lines of a row; nothing in them is cut."""
    mark: Part = ("• ", "$accent bold") if state.modified else "  "
    label = line(mark, (fit(field.label, LABEL), "$accent bold" if look.current else ""), "  ")
    beside, below = _beside(state), " " * look.indent

    def wrapped(text: Content) -> list[Content]:
        return [line(below, row) for row in text.wrap(max(1, width - look.indent))] if text.plain else []

    value = _value(field, state, width - COLUMN)
    start = max(COLUMN + VALUE, COLUMN + value.cell_length + 2)
    if look.typed:
        rows = [label, line()] if look.narrow else [label]
        rows += wrapped(beside)
    elif width - start >= BESIDE and beside.plain:
        first, *more = beside.wrap(width - start)
        rows = [line(label, value, " " * (start - COLUMN - value.cell_length), first)]
        rows += [line(" " * start, row) for row in more]
    elif COLUMN + value.cell_length <= width:
        rows = [line(label, value), *wrapped(beside)]
    else:
        rows = [label, *wrapped(value), *wrapped(beside)]
    for text, style in _below(field, state, look):
        rows += wrapped(Content.styled(clean(text), style))
    return rows


def plain_height(value: str, note: str, look: RowLook, width: int) -> int | None:
    """Return the lines of a row with a value of plain letters and a note; ``None`` where it must be laid out."""
    start = max(COLUMN + VALUE, COLUMN + len(value) + 2)
    room = max(1, width - look.indent)
    if note and width - start >= BESIDE:
        return 1 if len(note) <= width - start else None
    if len(note) > room:
        return None
    rows = 1 + bool(note)
    if COLUMN + len(value) <= width:
        return rows
    # A word that is longer than a line is broken where the line ends.
    return rows + -(-min(len(value), LONGEST) // room) if " " not in value and "-" not in value else None


def _value(field: Field, state: RowState, room: int) -> Content:
    """Return the value with its unit; what holds without one where there is room for it."""
    if state.value is None:
        unset = line(("not set", "$quiet"))
        whole = line(unset, (f"  {field.default}", "$faint"))
        return whole if whole.cell_length <= room else unset
    if not state.value and field.kind is Kind.SECRET:
        return line(("empty", "$quiet"))
    shown = state.value if state.revealed else mask_value(field.path, state.value)
    unit = f" {field.unit}" if field.unit else ""
    return line((clean(shown)[:LONGEST], "$quiet strike" if state.loses else ""), (unit, "$quiet"))


def _beside(state: RowState) -> Content:
    """Return the worst thing to say, short: its sign, how bad it is, its code."""
    if state.problem:
        return line((f"✖ error  {state.problem}", "$error"))
    if not state.findings:
        return line((state.note, "$quiet"))
    worst = state.findings[0]
    colour = LIGHT_STYLES[worst.severity.light]
    return line(light(worst.severity.light), (f" {worst.severity.value} {worst.code}  {worst.title}", colour))


def _below(field: Field, state: RowState, look: RowLook) -> Iterator[tuple[str, str]]:
    """Yield what stands under the row: errors always, the rest on the current row."""
    for number, finding in enumerate(state.findings):
        if look.current or finding.severity is Severity.ERROR:
            named = f"{finding.severity.value} {finding.code}: " if number or state.problem else ""
            yield f"{named}{finding.message}", "$quiet"
            if finding.fix:
                yield f"{look.fix_key}  {finding.fix.description}", "$success"
    if not look.current:
        return
    yield field.help, "$quiet italic"
    yield f"{field.path}   default: {field.default}", "$faint"
    if look.offers:
        yield f"↓ picks while you edit: {', '.join(look.offers)}", "$quiet"
    if state.note and state.findings:
        yield state.note, "$quiet"
