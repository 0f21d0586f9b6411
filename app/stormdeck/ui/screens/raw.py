"""A file as text, secrets masked, with the lines that have something to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from stormdeck.model.finding import Finding
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.settings.document import Document
from stormdeck.model.settings.draft import Draft
from stormdeck.model.settings.scope import FileError
from stormdeck.model.settings.secrets import MaskedLines
from stormdeck.model.text import mask_text
from stormdeck.ui.actions import bindings
from stormdeck.ui.draw import LIGHT_STYLES, hanging, light, line
from stormdeck.ui.screens.dialog import LEAST, Dialog, Room, in_rows
from stormdeck.ui.widgets.row_list import RowLayout, RowList

NUMBER = 7
"""Columns of a line's number; one more where there are 100,000 lines."""
SPARE = 24
"""Columns that a line may be longer when its secrets are masked."""
TAB = 3
"""Columns that a tab is wider than a letter."""


class RawScreen(Dialog[None]):
    """For reading: nothing can be changed here. ``notes`` holds a finding by line number, counted from 1."""

    BINDINGS = bindings("raw")

    def __init__(self, title: str, text: Sequence[str], notes: Mapping[int, Finding]) -> None:
        super().__init__()
        self._headline = title
        self._text = text
        self._notes = notes
        self._bare = text.bare if isinstance(text, MaskedLines) else text
        """The lines by their length: to mask thousands that nobody sees would take the longest."""
        self._laid_out: tuple[int, RowLayout] | None = None

    def compose(self) -> ComposeResult:
        """Compose the lines, drawn as far as they are seen, and the keys."""
        with Vertical(classes="dialog"):
            with Room():
                yield RowList(self._layout_of)
            yield Static(markup=False, id="keys")

    def hints(self) -> tuple[Content, ...]:
        """Return how it is closed."""
        return (self.hint("raw.close"),)

    def draw(self) -> None:
        """Show the lines at the width that there is now."""
        width = max(LEAST, self.query_one(Room).scrollable_content_region.width)
        self.query_one(RowList).show(0, len(self._text) + 1)
        self.query_one("#keys", Static).update(in_rows(self.hints(), width))

    def _layout_of(self, width: int) -> RowLayout:
        """Return how the lines stand at a width, under the headline."""
        if self._laid_out is None or self._laid_out[0] != width:
            heights = [len(self._head(width)), *(self._height(at, width) for at in range(len(self._text)))]
            self._laid_out = (
                width,
                RowLayout(heights, lambda at: self._line(at - 1, width) if at else self._head(width)),
            )
        return self._laid_out[1]

    def _head(self, width: int) -> list[Content]:
        return [*line((self._headline, "bold")).wrap(width), line(("Secrets masked.", "$quiet")), line()]

    def _height(self, at: int, width: int) -> int:
        shown = self._bare[at]
        room = width - NUMBER - SPARE - TAB * shown.count("\t")
        is_short = shown.isascii() and len(shown) <= room and at + 1 not in self._notes
        return 1 if is_short else len(self._line(at, width))

    def _line(self, at: int, width: int) -> list[Content]:
        """Return a line with its number, a finding beside it."""
        found = self._notes.get(at + 1)
        said = line()
        if found is not None:
            colour = LIGHT_STYLES[found.severity.light]
            told = f" {found.severity.value} {found.code}  {found.title}"
            said = line("   ", light(found.severity.light), (told, colour))
        return hanging(line(self._text[at], said), width, line((f"{at + 1:>4}  ", "$faint")))


def of_draft(draft: Draft) -> RawScreen:
    """Return a settings file as it would be saved."""
    text, file = draft.text(), draft.would_file
    notes: dict[int, Finding] = {}
    document = file.document if file is not None else Document.parse(text)
    for finding in draft.findings:
        place = None if isinstance(document, FileError) else document.position(finding.path)
        if place is not None:
            notes.setdefault(place[0], finding)
    title = f"{draft.file.path}, as it would be saved" if draft.file is not None else "no file"
    return RawScreen(title, MaskedLines(text), notes)


def of_proxy(config: ProxyConfig, findings: Sequence[Finding]) -> RawScreen:
    """Return LiteLLM's YAML."""
    notes: dict[int, Finding] = {}
    for finding in findings:
        if finding.file == config.file and finding.line is not None:
            notes.setdefault(finding.line, finding)
    return RawScreen(config.file, [mask_text(text) for text in config.lines], notes)
