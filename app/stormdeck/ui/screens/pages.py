"""Dialogs for reading: a file with its findings, a rule, and the causes of an error message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from stormdeck.model.editing.draft import Draft
from stormdeck.model.finding import Finding
from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.litellm.config import ProxyConfig
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.lines import MASK, mask_text
from stormdeck.model.masking.yaml_text import mask_yaml
from stormdeck.model.rules.registry import page_of
from stormdeck.model.rules.rule import page_lines
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.symptoms.evidence import Cause, Standing
from stormdeck.model.text import clean, text_lines
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import HEALTH_STYLES, clickable, hanging, health_sign, line, lines
from stormdeck.ui.screens.dialog import LEAST, Dialog, Room, in_rows
from stormdeck.ui.widgets.row_list import RowLayout, RowList

NUMBER = 7
"""Columns of a line number, one more from 100,000 lines on."""


class RawScreen(Dialog[None]):
    """Show a file that cannot be changed here. ``notes`` are findings by line number, from 1."""

    BINDINGS = bindings("raw")

    def __init__(self, title: str, text: Sequence[str], notes: Mapping[int, Finding]) -> None:
        super().__init__()
        self._headline = title
        self._text = text
        self._notes = notes
        self._cells = [
            len(shown) if shown.isascii() and shown.isprintable() else _masked_cells(shown) for shown in text
        ]
        """The width of each line; ``None`` if it must be drawn to know."""
        self._laid_out: dict[int, RowLayout] = {}

    def compose(self) -> ComposeResult:
        """Compose the lines, of which only the visible ones are drawn, and the keys."""
        with Vertical(classes="dialog"):
            with Room():
                yield RowList(self._layout_of)
            yield Static(markup=False, id="keys")

    def hints(self) -> tuple[Content, ...]:
        """Return the key that closes it."""
        return (self.hint("raw.close"),)

    def draw(self) -> None:
        """Draw the lines at the current width."""
        width = max(LEAST, self.query_one(Room).scrollable_content_region.width)
        self.query_one(RowList).show(0, len(self._text) + 1)
        self.query_one("#keys", Static).update(in_rows(self.hints(), width))

    def _layout_of(self, width: int) -> RowLayout:
        """Return the layout of the lines below the headline, at a width."""
        laid_out = self._laid_out.get(width)
        if laid_out is None:
            heights = [len(self._head(width)), *self._heights(width)]
            laid_out = RowLayout(heights, lambda at: self._line(at - 1, width) if at else self._head(width))
            self._laid_out[width] = laid_out
        return laid_out

    def _heights(self, width: int) -> list[int]:
        """Return the height of each line; only a long or unusual one, or one with a finding, is drawn for it."""
        room = width - NUMBER
        heights = [1 if cells is not None and cells <= room else 0 for cells in self._cells]
        drawn = [at for at, height in enumerate(heights) if not height]
        for at in {*drawn, *(number - 1 for number in self._notes if number <= len(heights))}:
            heights[at] = len(self._line(at, width))
        return heights

    def _head(self, width: int) -> list[Content]:
        return [*line((self._headline, "bold")).wrap(width), line(("Secrets masked.", "$quiet")), line()]

    def _line(self, at: int, width: int) -> list[Content]:
        """Return a line with its number, and its finding beside it."""
        found = self._notes.get(at + 1)
        note = line()
        if found is not None:
            colour = HEALTH_STYLES[found.severity.health]
            text = f" {found.severity.value} {found.code}  {found.title}"
            note = line("   ", health_sign(found.severity.health), (text, colour))
        return hanging(line(self._text[at], note), width, line((f"{at + 1:>4}  ", "$faint")))


def _masked_cells(shown: str) -> int | None:
    """Return the width of a line in ASCII but for masks, each of whose dots takes one cell; ``None``: it is another."""
    plain = shown.replace(MASK, "." * len(MASK))
    return len(plain) if plain.isascii() and plain.isprintable() else None


def of_draft(draft: Draft) -> RawScreen:
    """Return the dialog of a settings file as it would be saved."""
    text, file = draft.text(), draft.preview_file
    notes: dict[int, Finding] = {}
    document = file.document if file is not None else Document.parse(text)
    for finding in draft.findings:
        place = None if isinstance(document, FileError) else document.position(finding.path)
        if place is not None:
            notes.setdefault(place[0], finding)
    title = f"{draft.file.path}, as it would be saved" if draft.file is not None else "no file"
    return RawScreen(title, text_lines(mask_json(text)), notes)


def of_proxy(config: ProxyConfig, findings: Sequence[Finding], settings: SettingsSnapshot) -> RawScreen:
    """Return the dialog of LiteLLM's YAML."""
    hide = known_secrets(settings, config.all_lines)
    notes: dict[int, Finding] = {}
    for finding in findings:
        if finding.file == config.file and finding.line is not None:
            notes.setdefault(finding.line, finding)
    return RawScreen(config.file, [hide(text) for text in mask_yaml(config.lines)], notes)


class PageScreen(Dialog[None]):
    """Show what a rule finds now, then its page."""

    BINDINGS = bindings("page")

    def __init__(self, code: str) -> None:
        super().__init__()
        self._code = code

    def words(self, width: int) -> Content:
        """Return the findings of the rule, then its page."""
        return lines([*self._found(width), *self._page(width)])

    def hints(self) -> tuple[Content, ...]:
        """Return the keys."""
        return self.hint("page.close"), self.hint("page.copy")

    def action_copy(self) -> None:
        """Copy the page."""
        page = page_of(self._code)
        self.app.copy_to_clipboard("\n".join(page_lines(page)) if page is not None else self._code)
        self.notify(f"Copied the page of {self._code}.", timeout=2)

    def _found(self, width: int) -> list[Content]:
        """Return the current findings of the rule."""
        found = [finding for finding in self.panel.deck.findings if finding.code == self._code]
        if not found:
            return [line(("This rule finds nothing now.", "$quiet")), line()]
        rows = []
        for finding in found:
            first, *more = Content(clean(f"{finding.severity.value}: {finding.message}")).wrap(max(1, width - 2))
            rows += [line(health_sign(finding.severity.health), " ", first), *(line("  ", row) for row in more)]
        return [*rows, line()]

    def _page(self, width: int) -> list[Content]:
        page = page_of(self._code)
        title, *rest = page_lines(page, width) if page is not None else (f"There is no rule {self._code}.",)
        return [line((title, "bold")), *(line((text, "$quiet" if text.startswith(" ") else "bold")) for text in rest)]


HEALTH_OF = {Standing.FOUND: Health.ERROR, Standing.POSSIBLE: Health.WARNING, Standing.UNLIKELY: Health.UNKNOWN}


class SymptomScreen(Dialog[None]):
    """Show the possible causes of an error message."""

    BINDINGS = bindings("symptom")

    def __init__(
        self, message: str, causes: Sequence[Cause], near: Sequence[str], *, known: bool, failures: Sequence[str]
    ) -> None:
        """Take a message with its causes; without any, the similar messages and the newest errors in the logs."""
        super().__init__()
        self._message = message
        self._causes = causes
        self._near = near
        self._known = known
        self._failures = failures

    def hints(self) -> tuple[Content, ...]:
        """Return the key that closes it, and the one that shows a rule if there is one."""
        rule = (self.hint("symptom.rule"),) if any(cause.code for cause in self._causes) else ()
        return *rule, self.hint("symptom.close")

    async def action_rule(self, code: str = "") -> None:
        """Show a rule, or that of the first cause with one."""
        code = code or next((cause.code for cause in self._causes if cause.code), "")
        if code:
            await self.app.push_screen(PageScreen(code))

    def words(self, width: int) -> Content:
        """Return the causes, the most certain first."""
        rows = [
            *hanging(line(mask_text(clean(self._message))[:200]), width, line(("MESSAGE  ", "$quiet bold"))),
            line(),
        ]
        if not self._causes and not self._known:
            rows.append(line(("Not a known message of Claude Code. The most similar:", "$warning")))
            rows += [row for text in self._near for row in hanging(line(text), width, "  ")]
        elif not self._causes:
            rows.append(line("No rule explains it."))
        if not self._causes and self._failures:
            rows.append(line(("The logs say:", "$quiet bold")))
            rows += [row for text in self._failures for row in hanging(line(mask_text(clean(text))), width, "  ")]
        shown: set[str] = set()
        for cause in self._causes:
            sign = HEALTH_OF[cause.standing]
            code = (
                (clickable(line((cause.code, "$accent")), f"screen.rule('{cause.code}')"), "  ") if cause.code else ()
            )
            rows.append(line(health_sign(sign), " ", *code, (cause.title, "bold")))
            rows.append(line(f"  {cause.standing.value}", *((f" · {cause.hop.value}",) if cause.hop else ())))
            fresh = [text for text in cause.evidence if text not in shown]
            shown.update(fresh)
            more = ["and the same lines as above"] if len(fresh) < len(cause.evidence) else []
            rows += [row for text in (*fresh, *more) for row in hanging(line((text, "$quiet")), width, "  ")]
            rows += hanging(line((cause.change, "$success")), width, "  ") if cause.change else []
            rows.append(line())
        return lines(rows[:-1] if self._causes else rows)
