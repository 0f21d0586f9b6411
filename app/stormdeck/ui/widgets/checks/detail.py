"""Explain the selected row: what was found, why it matters, and what to change."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from stormdeck.model.canary.check import Check
from stormdeck.model.deck import Deck
from stormdeck.model.editing.draft import Draft
from stormdeck.model.finding import Finding
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.locations import located
from stormdeck.model.rules.registry import page_of
from stormdeck.model.rules.rule import page_lines
from stormdeck.model.settings.scope import Scope
from stormdeck.model.snapshots.discovery import Found, Missed
from stormdeck.model.text import clean
from stormdeck.ui.rendering import HEALTH_STYLES, health_sign, line
from stormdeck.ui.widgets.checks.list import Item
from stormdeck.ui.widgets.diff_lines import diff_rows
from stormdeck.ui.widgets.panel import Panel


class CheckDetail(Panel):
    """The explanation. It is as high as its text."""

    def __init__(self, fix_key: str, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._fix_key = fix_key
        self._item: Item | None = None

    def part(self, deck: Deck) -> object:
        """Return what an explanation quotes from the deck."""
        return deck.settings, deck.proxy_config

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Update the explanation if what it quotes has changed."""
        if self.part(old) != self.part(new):
            self.refresh(layout=True)

    def show(self, item: Item | None) -> None:
        """Explain another row."""
        if item != self._item:
            self._item = item
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines at a width."""
        return max(1, len(self.rows(width, 0)))

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the explanation."""
        match self._item:
            case Finding():
                return _finding(self._item, self.deck, width, self._fix_key)
            case Check():
                return _check(self._item, width)
            case Found():
                return _found(self._item, width)
            case Missed():
                return [line((mask_text(self._item.what), "bold")), line(), *_wrapped(self._item.why, width)]
            case _:
                return [line(("Nothing selected.", "$quiet"))]


def _finding(finding: Finding, deck: Deck, width: int, fix_key: str) -> list[Content]:
    [placed] = located(deck.settings, [finding])
    name = finding.path.removeprefix("env.") or (finding.file or "").rsplit("/", 1)[-1]
    colour = HEALTH_STYLES[finding.severity.health]
    severity = line(health_sign(finding.severity.health), (f" {finding.severity.value}  ", colour))
    rows = list(line(severity, (f"{finding.code}  ", "$accent bold"), (name, "bold")).wrap(max(1, width)))
    rows += _wrapped(finding.title, width, colour)
    if placed.file is not None:
        place = ":".join(str(part) for part in (placed.file, placed.line, placed.column) if part is not None)
        rows += _wrapped(place, width, "$quiet")
    rows += [line(), *_wrapped(finding.message, width, "")]
    if finding.fix is not None:
        rows += [line(), line(("FIX", "$quiet bold"), (f"   {fix_key} applies it in the form", "$quiet"))]
        rows += _wrapped(finding.fix.description, width, "$success")
        rows += [
            row
            for one in Draft(deck, finding.fix.scope or Scope.USER).take(finding.fix.edits).diff()
            for row in diff_rows(one, width)
        ]
    if finding.paste is not None:
        where = f"line {finding.paste.first}" if finding.paste.first else "the top"
        rows += [line(), line((f"PASTE AT {where.upper()}", "$quiet bold"))]
        rows += _wrapped(finding.paste.description, width, "$success")
        rows += [line((clean(text), "$foreground")) for text in finding.paste.text.split("\n")]
    page = page_of(finding.code)
    if page is not None:
        rows += [line(), line(("THE RULE", "$quiet bold"))]
        rows += [line((text, "$quiet")) for text in page_lines(page, max(20, width))[1:]]
    return rows


def _check(check: Check, width: int) -> list[Content]:
    rows = [line(("CANARY  ", "$quiet bold"), (check.name, "bold"))]
    rows += _wrapped(check.verdict.value, width, HEALTH_STYLES[check.verdict.health])
    rows += [line(), *_wrapped(check.message, width, "")]
    page = page_of(check.code) if check.code else None
    if page is not None:
        rows += [line(), line((f"THE RULE  {page.code}", "$quiet bold"))]
        rows += [line((text, "$quiet")) for text in page_lines(page, max(20, width))[1:]]
    return rows


def _found(found: Found, width: int) -> list[Content]:
    rows = [line((found.kind.value, "bold"), f"  {mask_text(found.url)}"), *_wrapped(f"found: {found.how}", width)]
    process = found.process
    if found.holder is not None:
        rows += _wrapped(f"{found.holder_words}.", width)
    if process is None and found.holder is not None:
        return rows
    if process is None:
        return [
            *rows,
            *_wrapped("Its process cannot be seen: it runs elsewhere, in a container, or as another user.", width),
        ]
    rows += [line(), *_wrapped(f"process {process.pid}", width, "")]
    rows += _wrapped(" ".join(process.command), width)
    return [*rows, line(), *_wrapped(f"its output goes {process.log_note}", width)]


def _wrapped(text: str, width: int, style: str = "$quiet") -> list[Content]:
    return list(Content.styled(mask_text(clean(text)), style).wrap(max(1, width))) if text else []
