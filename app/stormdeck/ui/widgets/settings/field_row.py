"""The current row of the form, and the input that takes the place of its value while it is edited."""

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
from stormdeck.ui.widgets.settings.row import RowLook, RowState, row_lines


class FieldRow(Widget, can_focus=True):
    """Drawn as one text; an input lies over the value while it is edited."""

    # Here and not on the screen: the container that scrolls the rows would take the arrows first.
    BINDINGS = bindings("settings", inner=True)

    class Moved(Message):
        """Another row is asked for: the next one, or the one before."""

        def __init__(self, step: int) -> None:
            self.step = step
            super().__init__()

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
        # A query's cache would keep a thousand of them.
        return next((child for child in self.children if isinstance(child, Input)), None)

    def show(self, shown: Field, state: RowState) -> None:
        """Show another field, or another state of it."""
        if shown is not self.field or state != self.state:
            self.field, self.state = shown, state
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
            highlighter=None if self.state.revealed else HiddenText(self.field.path),
            suggester=SuggestFromList(offers, case_sensitive=False) if offers else None,
        )
        editor.cursor_blink = False
        await self.mount(editor)
        editor.focus()

    async def end_edit(self) -> None:
        """Take the input away."""
        if self.input is not None:
            release_input(self.input)
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
        """Let escape drop what was typed, the down key pick the next offer, and tab go to the next row."""
        if event.key == "down" and self.input is not None and self._offers():
            event.stop()
            event.prevent_default()
            self._pick(self.input)
        if event.key in {"tab", "shift+tab"}:
            # No other widget can have the focus: Textual would stay here.
            event.stop()
            event.prevent_default()
            self.action_move(1 if event.key == "tab" else -1)
        if event.key == "escape" and self.input is not None:
            event.stop()
            self.post_message(self.Left(self, kept=False))

    def on_focus(self) -> None:
        """Show what the value does, and all of it if there is room; the label in any case."""
        self.refresh(layout=True)
        self.come_into_sight()

    def action_move(self, step: int) -> None:
        """Ask for the next row, or the one before."""
        self.post_message(self.Moved(step))

    def come_into_sight(self) -> None:
        """Scroll the row into sight once it has its place."""
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
        typed = self.input is not None
        look = RowLook(
            current=typed or self.has_focus,
            typed=typed,
            narrow=is_narrow(self.app),
            fix_key=self._fix_key,
            offers=self._offers(),
        )
        return row_lines(self.field, self.state, look, width)
