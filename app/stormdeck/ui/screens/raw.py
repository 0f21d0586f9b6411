"""A file as text, secrets masked, with the lines that have something to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.content import Content

from stormdeck.model.finding import Finding
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.yaml_text import mask_yaml
from stormdeck.model.settings.document import Document
from stormdeck.model.settings.draft import Draft
from stormdeck.model.settings.scope import FileError, SettingsSnapshot
from stormdeck.ui.actions import bindings
from stormdeck.ui.draw import LIGHT_STYLES, hanging, light, line, lines
from stormdeck.ui.screens.dialog import Dialog


class RawScreen(Dialog[None]):
    """For reading: nothing can be changed here. ``notes`` holds a finding by line number, counted from 1."""

    BINDINGS = bindings("raw")

    def __init__(self, title: str, text: Sequence[str], notes: Mapping[int, Finding]) -> None:
        super().__init__()
        self._headline = title
        self._text = text
        self._notes = notes

    def hints(self) -> tuple[Content, ...]:
        """Return how it is closed."""
        return (self.hint("raw.close"),)

    def words(self, width: int) -> Content:
        """Return the lines with their numbers, a finding beside its line."""
        rows = [*line((self._headline, "bold")).wrap(width), line(("Secrets masked.", "$quiet")), line()]
        for number, shown in enumerate(self._text, 1):
            found = self._notes.get(number)
            said = line()
            if found is not None:
                colour = LIGHT_STYLES[found.severity.light]
                told = f" {found.severity.value} {found.code}  {found.title}"
                said = line("   ", light(found.severity.light), (told, colour))
            rows += hanging(line(shown, said), width, line((f"{number:>4}  ", "$faint")))
        return lines(rows)


def of_draft(draft: Draft) -> RawScreen:
    """Return a settings file as it would be saved."""
    text = draft.text()
    notes: dict[int, Finding] = {}
    document = Document.parse(text)
    for finding in draft.findings():
        place = None if isinstance(document, FileError) else document.position(finding.path)
        if place is not None:
            notes.setdefault(place[0], finding)
    title = f"{draft.file.path}, as it would be saved" if draft.file is not None else "no file"
    return RawScreen(title, mask_json(text).splitlines(), notes)


def of_proxy(config: ProxyConfig, findings: Sequence[Finding], settings: SettingsSnapshot) -> RawScreen:
    """Return LiteLLM's YAML."""
    hide = known_secrets(settings, config.lines)
    notes: dict[int, Finding] = {}
    for finding in findings:
        if finding.file == config.file and finding.line is not None:
            notes.setdefault(finding.line, finding)
    return RawScreen(config.file, [hide(text) for text in mask_yaml(config.lines)], notes)
