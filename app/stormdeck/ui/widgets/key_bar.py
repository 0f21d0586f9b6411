"""The bottom line: the areas with their findings, and the keys of the shown area."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, auto

from textual import events
from textual.content import Content
from textual.visual import VisualType

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Finding, Severity
from stormdeck.model.keys.action import Action
from stormdeck.model.keys.actions import SHORT
from stormdeck.model.keys.offered import offered_areas
from stormdeck.ui.rendering import Part, called, clickable, health_sign, line, sides
from stormdeck.ui.widgets.panel import Panel


class Names(Enum):
    """Which areas have a name beside their number."""

    ALL = auto()
    SHORT = auto()
    """All by their short names, so that they do not move when another area is shown."""
    HERE = auto()
    """Only the shown one."""
    NONE = auto()


_LEAST = {Names.ALL: 4, Names.SHORT: 3, Names.HERE: 3, Names.NONE: 0}
"""With fewer keys than that, names are shortened first."""


class KeyBar(Panel):
    """Shows areas and keys; each can be clicked."""

    def __init__(self, area: str, actions: Sequence[Action]) -> None:
        super().__init__()
        self._area = area
        self._usual = self._actions = actions
        self.note = ""

    def part(self, deck: Deck) -> object:
        """Return the areas, and the counts of errors and warnings."""
        return offered_areas(deck), _counts(deck.findings)

    def show_note(self, note: str) -> None:
        """Show a note before the keys, such as ``2 unsaved``."""
        if note != self.note:
            self.note = note
            self.refresh()

    def show_keys(self, actions: Sequence[Action] | None) -> None:
        """Show other keys, while no others act; ``None``: the area's again."""
        self._actions = self._usual if actions is None else actions
        self.refresh()

    def render(self) -> VisualType:
        """Draw the areas on the left and the keys on the right, as many as fit."""
        width = self.content_size.width
        for named, keys, terse in self._choices():
            left, right = self._areas(named), self._keys(keys, terse=terse)
            if left.cell_length + right.cell_length + 2 <= width:
                break
        return sides(left, right, width)

    def _choices(self) -> Iterator[tuple[Names, list[Action], bool]]:
        """Yield what may be shown, the widest first: then fewer keys, then shorter names."""
        fewer = list(self._fewer())
        yield from ((named, keys, False) for named in Names for keys in fewer if len(keys) >= _LEAST[named])
        yield Names.NONE, fewer[-1], True

    def _fewer(self) -> Iterator[list[Action]]:
        """Yield the keys, fewer each time: first without the palette, then without the last key of the area."""
        kept = [*self._actions]
        yield kept
        kept = [one for one in kept if one.id != "app.palette"]
        yield kept
        while own := [one for one in kept if one.place != "app"]:
            kept = [one for one in kept if one is not own[-1]]
            yield kept

    def on_click(self, event: events.Click) -> None:
        """Run the clicked action."""
        call = called(event)
        if call is not None:
            self.app.call_later(self.run_action, call)

    def _areas(self, named: Names) -> Content:
        counts = _counts(self.deck.findings)
        parts: list[Content] = []
        for number, (area, title) in enumerate(offered_areas(self.deck), 1):
            here = area == self._area
            text = line((str(number), "$accent"), _name(area, title, named, here=here))
            shown = Content.styled(text.plain, "$accent bold underline") if here else text
            marks = _marks(counts) if area == "checks" else line()
            parts.append(
                clickable(Content.assemble(shown, line(" ", marks) if marks.plain else line()), f"app.show('{area}')")
            )
        return Content("  " if named is Names.ALL else " ").join(parts)

    def _keys(self, actions: Sequence[Action], *, terse: bool) -> Content:
        parts: list[Content] = [Content.styled(self.note, "$warning")] if self.note else []
        for action in actions:
            words = line((action.shown, "$accent"), ("" if terse else f" {action.words}", "$quiet"))
            parts.append(clickable(words, action.target))
        return Content("  ").join(parts)


def _name(area: str, title: str, named: Names, *, here: bool) -> str:
    """Return an area's name, long or short, or an empty text."""
    if named is Names.NONE or (named is Names.HERE and not here):
        return ""
    return f" {SHORT[area] if named is Names.SHORT else title}"


def _counts(findings: tuple[Finding, ...]) -> tuple[int, int]:
    severities = [finding.severity for finding in findings]
    return severities.count(Severity.ERROR), severities.count(Severity.WARNING)


def _marks(counts: tuple[int, int]) -> Content:
    pairs = zip((Severity.ERROR, Severity.WARNING), counts, strict=True)
    shown: list[Part] = []
    for severity, count in pairs:
        if count:
            shown += [health_sign(severity.health), (f"{count} ", "$quiet")]
    return line(*shown).rstrip()
