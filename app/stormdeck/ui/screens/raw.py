"""The settings file as text, secrets masked, with the lines that have something to say."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from stormdeck.model.finding import Finding
from stormdeck.model.settings.document import Document
from stormdeck.model.settings.draft import Draft
from stormdeck.model.settings.scope import FileError
from stormdeck.model.settings.secrets import masked_json
from stormdeck.model.text import clean
from stormdeck.ui.draw import LIGHT_STYLES, light, line, lines


class RawScreen(ModalScreen[None]):
    """For reading: nothing can be changed here."""

    BINDINGS = [Binding("escape,j,q,enter", "dismiss", "close", id="raw.close", tooltip="Back to the form.")]  # noqa: RUF012 - Textual's own form

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft

    def compose(self) -> ComposeResult:
        """Compose the text."""
        with VerticalScroll(id="raw"):
            yield Static(_text(self._draft), markup=False)


def _text(draft: Draft) -> Content:
    file = draft.file
    text = draft.text()
    notes = _notes(text, draft.findings())
    title = line(("JSON  ", "$quiet bold"), (str(file.path) if file else "no file", "bold"))
    rows = [title, line(("As it would be saved, secrets masked.   esc closes.", "$quiet")), line()]
    for number, shown in enumerate(masked_json(text).splitlines(), 1):
        found = notes.get(number)
        said = (
            line("   ", light(found.severity.light), (f" {found.code} {found.title}", _style(found)))
            if found
            else line()
        )
        rows.append(Content.assemble((f"{number:>4}  ", "$faint"), clean(shown), said))
    return lines(rows)


def _notes(text: str, findings: tuple[Finding, ...]) -> dict[int, Finding]:
    """Return the worst finding of each line."""
    document = Document.parse(text)
    if isinstance(document, FileError):
        return {}
    notes: dict[int, Finding] = {}
    for finding in findings:
        place = document.position(finding.path)
        if place is not None:
            notes.setdefault(place[0], finding)
    return notes


def _style(finding: Finding) -> str:
    return LIGHT_STYLES[finding.severity.light]
