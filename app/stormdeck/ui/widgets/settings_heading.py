"""The line above the form: which file, how many findings; and why it cannot be edited where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual import events
from textual.content import Content
from textual.geometry import Size

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, Severity
from stormdeck.model.hop import HopKind
from stormdeck.model.settings.draft import Draft
from stormdeck.model.settings.scope import EDITABLE, SettingsFile
from stormdeck.model.settings.secrets import MaskedLines
from stormdeck.model.text import clean
from stormdeck.ui.clicks import called, clickable
from stormdeck.ui.draw import Part, light, line, sides
from stormdeck.ui.widgets.panel import Panel

AROUND = 2
"""Lines shown before and after the place of an error."""


class SettingsHeading(Panel):
    """As high as its text."""

    def __init__(self, home: Path, fix_key: str, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._home = home
        self._fix_key = fix_key
        self._draft: Draft | None = None
        self._findings: Sequence[Finding] = ()
        self._masked: tuple[SettingsFile, Sequence[str]] | None = None
        self.read_only = ""
        """Why the panel writes nothing, where that was asked for."""

    def part(self, deck: Deck) -> object:
        """Return nothing: the form hands on its draft."""
        return None

    async def on_click(self, event: events.Click) -> None:
        """Show the scope under the mouse."""
        call = called(event)
        if call is not None:
            await self.run_action(call)

    def show_draft(self, draft: Draft, findings: Sequence[Finding]) -> None:
        """Show the state of another draft."""
        self._draft, self._findings = draft, findings
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines."""
        return len(self.rows(width, 0))

    def _lines_of(self, file: SettingsFile) -> Sequence[str]:
        """Return the lines of a broken file as they may be shown; a long one is read once, not at each key."""
        if self._masked is None or self._masked[0] is not file:
            self._masked = file, MaskedLines(file.text)
        return self._masked[1]

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the scopes, the file with its counts, and what stands against editing it."""
        draft = self._draft
        file = draft.file if draft else None
        if draft is not None and draft.deck.replay is not None:
            return _wrapped("This is a replay: the settings are neither read nor changed.", width)
        if draft is None or file is None:
            return [line(("User settings", "bold"), ("   not read yet", "$quiet"))]
        place = str(file.path).replace(str(self._home), "~", 1)
        tabs = _tabs(draft)
        counts = line(*_counts(self._findings))
        for shown in (place, file.path.name, ""):
            left = line(*tabs, (shown, "$quiet"))
            if left.cell_length + counts.cell_length < width:
                break
        rows = [sides(left, counts, width)]
        if file.error is not None:
            rows += _error(file, self._lines_of(file), width, self._fix_key)
        elif draft.scope not in EDITABLE:
            rows += _wrapped("Read-only: an administrator's or a flag's settings are shown, not changed.", width)
        elif self.read_only:
            rows += _wrapped(f"{self.read_only} Values are shown and checked, not changed.", width)
        elif not file.exists:
            said = f"No such file yet. The first save makes it; {self._fix_key} proposes what a live server needs."
            rows += _wrapped(said, width)
        elif not file.writable:
            rows += _wrapped("Read-only for you: values are shown and checked, not changed.", width)
        return rows


def _tabs(draft: Draft) -> list[Part]:
    """Return the scopes, the shown one marked, each to be clicked."""
    files = {file.scope: file for file in draft.deck.settings.files}
    parts: list[Part] = []
    for scope in draft.deck.settings.scopes:
        style = "$accent bold underline" if scope is draft.scope else "" if files[scope].exists else "$quiet"
        tab = line((scope.value.capitalize(), style))
        parts += [clickable(tab, f"screen.show_scope('{scope.value}')"), "  "]
    return [*parts, " "]


def _counts(findings: Sequence[Finding]) -> list[Part]:
    counts: list[Part] = []
    for severity in (Severity.ERROR, Severity.WARNING):
        count = sum(finding.severity is severity and finding.hop is HopKind.CLIENT for finding in findings)
        counts += [light(severity.light), f" {count}  "] if count else []
    return counts


def _error(file: SettingsFile, text: Sequence[str], width: int, fix_key: str) -> list[Content]:
    """Return an error with the lines around its place, as they stand in the file."""
    assert file.error is not None  # noqa: S101 - told by the caller
    at = file.error.line
    place = f"line {at}, column {file.error.column}: " if at else ""
    rows = [line(), *_wrapped(f"✖ {place}{file.error.message}", width, "$error bold")]
    dropped = f"The client drops the whole file and says “Not logged in”. Press {fix_key} for a repaired text."
    rows += _wrapped(dropped if file.dropped else "What was read before is shown until it can be read again.", width)
    for number in range(max(1, at - AROUND), min(len(text), at + AROUND) + 1) if at else ():
        style = "$foreground" if number == at else "$quiet"
        rows.append(line((f"{number:>5}  ", "$faint"), (clean(text[number - 1])[: max(0, width - 8)], style)))
        if number == at and file.error.column:
            rows.append(line(" " * (6 + file.error.column), ("▲", "$error")))
    return [*rows, line()]


def _wrapped(text: str, width: int, style: str = "$quiet") -> list[Content]:
    return Content.styled(clean(text), style).wrap(max(1, width))
