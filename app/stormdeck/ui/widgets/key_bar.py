"""The bottom line: the work areas with their counts, and the keys that matter here."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.style import Style
from textual.visual import VisualType

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, Severity
from stormdeck.ui.actions import AREAS, Action, footer
from stormdeck.ui.draw import Part, light, line, sides
from stormdeck.ui.widgets.panel import Panel

ALL, HERE, NONE = "all", "here", "none"
"""Which areas are named beside their numbers."""


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
        shown = footer(self._area)
        own = [one for one in shown if one.id != "palette"]
        least = shown[-2:]
        for named, keys in (
            (ALL, shown),
            (ALL, own),
            (HERE, shown),
            (HERE, own),
            (ALL, least),
            (HERE, least),
            (NONE, own),
            (NONE, least),
        ):
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

    def _areas(self, named: str) -> Content:
        counts = _counts(self.deck.findings)
        parts: list[Content] = []
        for number, (area, title) in enumerate(AREAS, 1):
            here = area == self._area
            word = f" {title}" if named == ALL or (named == HERE and here) else ""
            text = line((str(number), "$accent"), word)
            shown = Content.styled(text.plain, "$accent bold underline") if here else text
            marks = _marks(counts) if area == "checks" else line()
            parts.append(
                _clickable(Content.assemble(shown, line(" ", marks) if marks.plain else line()), f"app.show('{area}')")
            )
        return Content(" " if named == NONE else "  ").join(parts)

    def _keys(self, actions: Sequence[Action]) -> Content:
        parts: list[Content] = [Content.styled(self.note, "$warning")] if self.note else []
        for action in actions:
            words = line((action.shown, "$accent"), (f" {action.words}", "$quiet"))
            parts.append(_clickable(words, action.target))
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
