"""The screen of the first minute: what was found, what was not and why, what to press."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.first_look import Fact, FirstLook, Step, first_look
from stormdeck.ui.rendering import fit_words, hanging, health_sign, line, sentences
from stormdeck.ui.widgets.panel import LivePanel

KEYS = 8
"""Columns of the keys."""
NARROW = 60
"""Columns below which the short texts are shown."""


class FirstLookPanel(LivePanel):
    """The facts with their reasons, as far as there is room, and always the next steps."""

    def part(self, deck: Deck) -> object:
        """Return what is shown."""
        return first_look(deck)

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the most detailed rows that fit."""
        look = first_look(self.deck)
        if width >= NARROW:
            for details, airy in ((3, True), (2, True), (1, True), (1, False), (0, True), (0, False)):
                rows = self._full(look, width, details=details, airy=airy)
                if len(rows) <= height:
                    return rows
        return self._brief(look, width, height)

    def _full(self, look: FirstLook, width: int, *, details: int, airy: bool) -> list[Content]:
        gap = [line()] if airy else []
        rows = [self.heading("FOUND ON THIS MACHINE"), *gap]
        rows += [row for fact in look.found for row in _fact(fact, width, details)]
        rows += [] if look.found else [line(("  nothing yet", "$quiet"))]
        rows += [*gap, line(("NOT FOUND, AND WHY", "$quiet bold")), *gap]
        rows += [row for fact in look.missing for row in _fact(fact, width, details)]
        rows += [*gap, line(("WHAT TO DO", "$quiet bold")), *gap]
        return rows + [row for step in look.steps for row in _step(step, width)]

    def _brief(self, look: FirstLook, width: int, height: int) -> list[Content]:
        """Return one row for each fact, the found ones first, and the steps."""
        steps = [
            line((step.keys.ljust(KEYS), "$accent bold"), fit_words(step.short, width - KEYS))
            for step in look.steps
            if step.short
        ]
        heading = [self.heading("FIRST LOOK")] if height > len(steps) + 2 else []
        room = max(0, height - len(heading) - len(steps))
        texts = {fact.short or fact.text: fact for fact in (*look.found, *look.missing)}
        facts = [_brief_fact(fact, width) for fact in texts.values()]
        return [*heading, *_limited(facts, room), *steps][:height]


def _fact(fact: Fact, width: int, details: int) -> list[Content]:
    """Return a fact, and its reason in up to that many rows below it; 0: beside it, as far as it fits."""
    head = line(health_sign(fact.health), " ", fit_words(fact.text, width - 2))
    if not fact.detail:
        return [head]
    beside = line(head, (f"   {fact.detail}", "$quiet"))
    if beside.cell_length <= width:
        return [beside]
    if not details:
        return [line(head, (f"   {fit_words(fact.detail, width - head.cell_length - 3, '…')}", "$quiet"))]
    rows = sentences(fact.detail, width - 4, details)
    return [head, *(line("    ", row) for row in rows)]


def _brief_fact(fact: Fact, width: int) -> Content:
    return line(health_sign(fact.health), " ", fit_words(fact.short or fact.text, width - 2, "…"))


def _limited(rows: Sequence[Content], room: int) -> list[Content]:
    """Return the rows that fit; the last one counts those left out."""
    if len(rows) <= room:
        return list(rows)
    shown = list(rows[: max(0, room - 1)])
    return [*shown, line((f"+{len(rows) - len(shown)} more: press 4", "$quiet"))][:room]


def _step(step: Step, width: int) -> list[Content]:
    head = line("  ", (f"{step.keys:<{KEYS}}", "$accent bold"))
    return hanging(Content(step.text), width, head)
