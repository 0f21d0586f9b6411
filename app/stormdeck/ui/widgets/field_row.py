"""One row of the form: label, value, finding; below it what the value does, while the row is the current one."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.visual import VisualType
from textual.widget import Widget
from textual.widgets import Input

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.settings.field import TIERS, Field, Kind
from stormdeck.model.text import clean
from stormdeck.ui.actions import bindings
from stormdeck.ui.draw import LIGHT_STYLES, Part, fit, light, line, lines

LABEL = 20
HIDDEN = "••••••••"
SIDE_BY_SIDE = 90
"""From this width on the finding stands beside the value, else below it."""


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


class FieldRow(Widget, can_focus=True):
    """Drawn as one text; an input lies over the value while it is edited."""

    # Here and not on the screen: the container that scrolls the rows would take the arrows first.
    BINDINGS = bindings("settings", inner=True)

    class Edited(Message):
        """The text of a row changed while it is typed."""

        def __init__(self, path: str, text: str) -> None:
            self.path = path
            self.text = text
            super().__init__()

    class Left(Message):
        """Editing ended; ``kept`` says whether the text is to stay."""

        def __init__(self, row: FieldRow, kept: bool) -> None:
            self.row = row
            self.kept = kept
            super().__init__()

    def __init__(self, shown: Field, fix_key: str = "f") -> None:
        super().__init__()
        self.field = shown
        self._fix_key = fix_key
        self.state = RowState()

    @property
    def input(self) -> Input | None:
        """Return the input while the row is edited."""
        return self.query_one_optional(Input)

    def show(self, state: RowState) -> None:
        """Show another state."""
        if state != self.state:
            self.state = state
            self.refresh(layout=True)

    def compose(self) -> ComposeResult:
        """Compose nothing: the input comes when it is needed."""
        return iter(())

    async def begin_edit(self) -> None:
        """Put an input over the value."""
        if self.input is not None:
            return
        offers = self._offers()
        editor = Input(
            self.state.value or "",
            placeholder=self.field.default,
            compact=True,
            select_on_focus=False,
            password=self.field.kind is Kind.SECRET and not self.state.revealed,
            suggester=SuggestFromList(offers, case_sensitive=False) if offers else None,
        )
        editor.cursor_blink = False
        await self.mount(editor)
        editor.focus()

    async def end_edit(self) -> None:
        """Take the input away."""
        if self.input is not None:
            await self.input.remove()
        self.refresh(layout=True)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self.field.path, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left(self, kept=True))

    @on(events.DescendantBlur)
    def _walked_away(self) -> None:
        if self.input is not None:
            self.post_message(self.Left(self, kept=True))

    def _offers(self) -> tuple[str, ...]:
        """Return what can be picked for this field, as far as the servers tell."""
        if self.field.kind is Kind.URL:
            return self.state.servers
        if self.field.kind is Kind.TIER_ID:
            return self.state.choices
        return (*TIERS, *self.state.choices) if self.field.kind is Kind.MODEL else ()

    def _pick(self, editor: Input) -> None:
        """Put the next of the offers into the input."""
        offers = self._offers()
        if offers:
            at = offers.index(editor.value) + 1 if editor.value in offers else 0
            editor.value = offers[at % len(offers)]
            editor.cursor_position = len(editor.value)

    async def on_click(self, event: events.Click) -> None:
        """Edit on a double click; a single one has made the row the current one."""
        if event.chain == 2 and self.input is None:
            await self.run_action("screen.edit")

    def on_key(self, event: events.Key) -> None:
        """Let escape drop what was typed, and the down key pick the next offer."""
        if event.key == "down" and self.input is not None and self._offers():
            event.stop()
            event.prevent_default()
            self._pick(self.input)
        if event.key == "escape" and self.input is not None:
            event.stop()
            self.post_message(self.Left(self, kept=False))

    def on_focus(self) -> None:
        """Show what the value does, and all of it if there is room; the label in any case."""
        self.refresh(layout=True)
        # Textual centres the row after a refresh, by its old height: this comes after that.
        self.call_after_refresh(self.call_after_refresh, self._come_into_sight)

    def _come_into_sight(self) -> None:
        room = self.parent.size.height if isinstance(self.parent, Widget) else 0
        self.scroll_visible(animate=False, top=self.size.height > room, immediate=True)

    def on_blur(self) -> None:
        """Hide it again."""
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the lines of the row at a width."""
        return len(self._rows(width))

    def render(self) -> VisualType:
        """Draw the row."""
        return lines(self._rows(self.content_size.width)) if self.content_size.width else ""

    def _rows(self, width: int) -> list[Content]:
        state = self.state
        beside = self._beside()
        value = self._value()
        mark: Part = ("• ", "$accent bold") if state.modified else "  "
        current = self.has_focus or self.input is not None
        label: Part = (fit(self.field.label, LABEL), "$accent bold" if current else "")
        first = line(mark, label, "  ", value)
        column = LABEL + 4
        if beside.plain and width >= SIDE_BY_SIDE and self.input is None:
            room = max(36, first.cell_length - column + 2)
            first = Content.assemble(first, " " * (column + room - first.cell_length), beside)
            rows = [first]
        else:
            rows = [first, *([line(" " * min(column, 4), beside)] if beside.plain else [])]
        for text, style in self._below(current):
            rows += [line("    ", piece) for piece in Content.styled(clean(text), style).wrap(max(1, width - 6))]
        return rows

    def _value(self) -> Content:
        value = self.state.value
        if value is None:
            return line(("not set", "$quiet"), (f"  {self.field.default}", "$faint"))
        if self.field.kind is Kind.SECRET and not self.state.revealed:
            return line(HIDDEN if value else ("empty", "$quiet"))
        unit = f" {self.field.unit}" if self.field.unit else ""
        return line((clean(value), "$quiet strike" if self.state.loses else ""), (unit, "$quiet"))

    def _beside(self) -> Content:
        """Return the worst thing to say, short."""
        if self.state.problem:
            return line(("✖ ", "$error"), (self.state.problem, "$error"))
        if not self.state.findings:
            return line((self.state.note, "$quiet"))
        worst = self.state.findings[0]
        colour = LIGHT_STYLES[worst.severity.light]
        return line(light(worst.severity.light), " ", (worst.code, colour), (f"  {worst.title}", colour))

    def _below(self, current: bool) -> list[tuple[str, str]]:
        """Return what stands under the row: errors always, the rest on the current row."""
        below: list[tuple[str, str]] = []
        for finding in self.state.findings:
            if current or finding.severity is Severity.ERROR:
                below.append((f"{finding.severity.value}: {finding.message}", "$quiet"))
                if finding.fix:
                    below.append((f"{self._fix_key}  {finding.fix.description}", "$success"))
        if current:
            below.append((self.field.help, "$quiet italic"))
            below.append((f"{self.field.path}   default: {self.field.default}", "$faint"))
            if self._offers():
                below.append((f"↓ picks while you edit: {', '.join(self._offers())}", "$quiet"))
            if self.state.note and self.state.findings:
                below.append((self.state.note, "$quiet"))
        return below
