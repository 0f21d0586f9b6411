"""The bottom line: the work areas with their counts, and the keys that matter here."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.style import Style
from textual.visual import VisualType

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, Severity
from stormdeck.ui.actions import AREAS, footer
from stormdeck.ui.draw import Part, light, line, sides
from stormdeck.ui.widgets.panel import Panel


class KeyBar(Panel):
    """Everything on it can be clicked too."""

    def __init__(self, area: str) -> None:
        super().__init__()
        self._area = area
        self.note = ""
        self._calls: list[tuple[int, int, str]] = []

    def part(self, deck: Deck) -> object:
        """Return the findings that the areas count."""
        return _counts(deck.findings)

    def say(self, note: str) -> None:
        """Show a few words before the keys: what waits, what is unsaved."""
        if note != self.note:
            self.note = note
            self.refresh()

    def render(self) -> VisualType:
        """Draw the areas at the left and the keys at the right, shorter in a narrow pane."""
        width = self.content_size.width
        for named, keys in ((True, True), (True, False), (False, True), (False, False)):
            left, right = self._areas(named), self._keys(keys)
            if left.cell_length + right.cell_length + 2 <= width:
                break
        self._lay_out(left, right, width)
        return sides(left, right, width)

    def on_click(self, event: events.Click) -> None:
        """Do what stands under the mouse."""
        place = event.get_content_offset(self)
        for start, end, call in self._calls:
            if place is not None and start <= place.x < end:
                self.app.call_later(self.run_action, call)

    def _lay_out(self, left: Content, right: Content, width: int) -> None:
        """Remember which columns carry which action."""
        self._calls = []
        for content, offset in ((left, 0), (right, max(left.cell_length + 1, width - right.cell_length))):
            for span in content.spans:
                if isinstance(span.style, Style) and (call := span.style.meta.get("call")):
                    self._calls.append((offset + span.start, offset + span.end, str(call)))

    def _areas(self, named: bool) -> Content:
        counts = _counts(self.deck.findings)
        parts: list[Content] = []
        for number, (area, title) in enumerate(AREAS, 1):
            here = area == self._area
            text = line((str(number), "$accent"), f" {title}" if named else "")
            shown = Content.styled(text.plain, "$accent bold underline") if here else text
            marks = _marks(counts) if area == "checks" else line()
            parts.append(
                _clickable(Content.assemble(shown, line(" ", marks) if marks.plain else line()), f"app.show('{area}')")
            )
        return Content("  " if named else " ").join(parts)

    def _keys(self, many: bool) -> Content:
        parts: list[Content] = [Content.styled(self.note, "$warning")] if self.note else []
        for action in footer(self._area):
            if many or action.id in {"help", "quit"}:
                owner = "app" if action.area == "app" else "screen"
                words = line((action.shown, "$accent"), (f" {action.words}", "$quiet"))
                parts.append(_clickable(words, f"{owner}.{action.call}"))
        return Content("  ").join(parts)


def _counts(findings: tuple[Finding, ...]) -> tuple[int, int]:
    severities = [finding.severity for finding in findings]
    return severities.count(Severity.ERROR), severities.count(Severity.WARNING)


def _marks(counts: tuple[int, int]) -> Content:
    pairs = zip((Severity.ERROR, Severity.WARNING), counts, strict=True)
    shown: list[Part] = []
    for severity, count in pairs:
        if count:
            shown += [light(severity.light), (f"{count} ", "$quiet")]
    return line(*shown).rstrip()


def _clickable(content: Content, call: str) -> Content:
    return content.stylize(Style.from_meta({"call": call}))
