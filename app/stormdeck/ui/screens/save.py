"""What a save would change, before it is done."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from stormdeck.model.settings.diff import DiffKind, DiffLine
from stormdeck.model.settings.draft import Draft
from stormdeck.model.text import clean
from stormdeck.ui.draw import line, lines

STYLES = {DiffKind.CONTEXT: "$quiet", DiffKind.REMOVED: "$error", DiffKind.ADDED: "$success"}


class SaveScreen(ModalScreen[bool]):
    """Enter writes, escape does not."""

    BINDINGS = [  # noqa: RUF012 - Textual's own form
        Binding("enter,y", "dismiss(True)", "write", id="save.write", tooltip="Write the file."),
        Binding("escape,n,q", "dismiss(False)", "back", id="save.back", tooltip="Write nothing."),
    ]

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft

    def compose(self) -> ComposeResult:
        """Compose the diff."""
        with VerticalScroll(id="save"):
            yield Static(self._text(), markup=False)

    def _text(self) -> Content:
        file = self._draft.file
        rows = [line(("SAVE  ", "$quiet bold"), (str(file.path) if file else "", "bold")), line()]
        rows += [_row(one) for one in self._draft.diff()]
        rows += [
            line(),
            line(("Only these lines change. A copy of the file is kept first.", "$quiet")),
            line(("enter", "$accent"), (" write    ", "$quiet"), ("esc", "$accent"), (" back to the form", "$quiet")),
        ]
        return lines(rows)


def _row(one: DiffLine) -> Content:
    number = one.new if one.kind is DiffKind.ADDED else one.old
    return line((f"{number:>4} ", "$faint"), (f"{one.kind.value} {clean(one.text)}", STYLES[one.kind]))
