"""The current row of the form, and the input in which its value is edited."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.visual import VisualType
from textual.widget import Widget
from textual.widgets import Input

from stormdeck.model.settings.field import TIERS, Field, Kind
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import lines
from stormdeck.ui.textual_patches.memory import release_input
from stormdeck.ui.textual_patches.screen_size import is_narrow
from stormdeck.ui.widgets.settings.hidden_text import HiddenText
from stormdeck.ui.widgets.settings.row import RowState, RowStyle, row_lines


class FieldRow(Widget, can_focus=True):
    """The current row, drawn as text; an input covers the value while it is edited."""

    # Not on the screen: the container that scrolls the rows would handle the arrows first.
    BINDINGS = bindings("settings", inner=True)

    class Moved(Message):
        """The user goes to the next or the previous row."""

        def __init__(self, step: int) -> None:
            self.step = step
            super().__init__()

    class Edited(Message):
        """The user has changed the text of the row."""

        def __init__(self, path: str, text: str) -> None:
            self.path = path
            self.text = text
            super().__init__()

    class Left(Message):
        """Editing has ended; ``kept`` is whether to keep the text."""

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
        """Return the input, or ``None`` if the row is not edited."""
        # Not by a query: its cache would keep a thousand inputs.
        return next((child for child in self.children if isinstance(child, Input)), None)

    def show(self, shown: Field, state: RowState) -> None:
        """Show another field, or another state of the same one."""
        if shown is not self.field or state != self.state:
            self.field, self.state = shown, state
            self.refresh(layout=True)

    def compose(self) -> ComposeResult:
        """Compose nothing: ``begin_edit`` adds the input."""
        return iter(())

    async def begin_edit(self) -> None:
        """Cover the value with an input."""
        if self.input is not None:
            return
        choices = self._choices()
        editor = Input(
            self.state.value or "",
            placeholder=self.field.default,
            compact=True,
            select_on_focus=False,
            password=self.field.kind is Kind.SECRET and not self.state.revealed,
            highlighter=None if self.state.revealed else HiddenText(self.field.path),
            suggester=SuggestFromList(choices, case_sensitive=False) if choices else None,
        )
        editor.cursor_blink = False
        await self.mount(editor)
        editor.focus()

    async def end_edit(self) -> None:
        """Remove the input."""
        if self.input is not None:
            release_input(self.input)
            await self.input.remove()
        self.refresh(layout=True)

    @on(Input.Changed)
    def _on_typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Edited(self.field.path, event.value))

    @on(Input.Submitted)
    def _on_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left(self, kept=True))

    @on(events.DescendantBlur)
    def _on_focus_lost(self) -> None:
        if self.input is not None:
            self.post_message(self.Left(self, kept=True))

    def _choices(self) -> tuple[str, ...]:
        """Return the values to choose from, as far as the servers offer any."""
        if self.field.kind is Kind.URL:
            return self.state.servers
        if self.field.kind is Kind.TIER_ID:
            return self.state.choices
        return (*TIERS, *self.state.choices) if self.field.kind is Kind.MODEL else self.field.suggested

    @property
    def has_choices(self) -> bool:
        """Return whether there are values to choose from."""
        return bool(self._choices())

    def choose_next(self) -> None:
        """Put the next choice into the input."""
        choices, editor = self._choices(), self.input
        if choices and editor is not None:
            at = choices.index(editor.value) + 1 if editor.value in choices else 0
            editor.value = choices[at % len(choices)]
            editor.cursor_position = len(editor.value)

    async def on_click(self, event: events.Click) -> None:
        """Edit on a double click; this row is the current one already."""
        if event.chain == 2 and self.input is None:
            await self.run_action("screen.edit")

    def on_key(self, event: events.Key) -> None:
        """Handle escape (drop the text), down (next choice) and tab (next row) while the row is edited."""
        if event.key == "down" and self.input is not None and self._choices():
            event.stop()
            event.prevent_default()
            self.choose_next()
        if event.key in {"tab", "shift+tab"}:
            # Textual would stay here, since no other widget can have the focus.
            event.stop()
            event.prevent_default()
            self.action_move(1 if event.key == "tab" else -1)
        if event.key == "escape" and self.input is not None:
            event.stop()
            self.post_message(self.Left(self, kept=False))

    def on_focus(self) -> None:
        """Show the help of the row too, and scroll to it."""
        self.refresh(layout=True)
        self.scroll_into_view()

    def action_move(self, step: int) -> None:
        """Go to the next or the previous row."""
        self.post_message(self.Moved(step))

    def scroll_into_view(self) -> None:
        """Scroll to the row after the next layout."""
        # Twice: Textual scrolls after the first refresh, by the old height of the row.
        self.call_after_refresh(self.call_after_refresh, self._scroll_into_view)

    def _scroll_into_view(self) -> None:
        room = self.parent.size.height if isinstance(self.parent, Widget) else 0
        self.scroll_visible(animate=False, top=self.size.height > room, immediate=True)

    def on_blur(self) -> None:
        """Hide the help of the row."""
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines at a width."""
        return len(self._rows(width))

    def render(self) -> VisualType:
        """Draw the row."""
        return lines(self._rows(self.content_size.width)) if self.content_size.width else ""

    def _rows(self, width: int) -> list[Content]:
        editing = self.input is not None
        style = RowStyle(
            current=editing or self.has_focus,
            editing=editing,
            narrow=is_narrow(self.app),
            fix_key=self._fix_key,
            choices=self._choices(),
        )
        return row_lines(self.field, self.state, style, width)
