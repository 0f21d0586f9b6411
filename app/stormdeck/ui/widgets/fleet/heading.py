"""The top of the fleet: how many there are, what is wrong with the answers, and what is wrong with the servers."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.fleet.snapshot import FleetSnapshot
from stormdeck.model.fleet.view.advice import trouble
from stormdeck.model.symbols import Health
from stormdeck.model.units import grouped
from stormdeck.ui.clock import Clock
from stormdeck.ui.rendering import HEALTH_STYLES, MORE, Part, fit, fit_words, hanging, health_sign, line, sides
from stormdeck.ui.widgets.panel import LivePanel

MOST = 5
"""Statements that are shown where there is room."""
_ROOMY, _LOW = 30, 16
"""Rows of the terminal from which on all statements are shown, and below which only one line is."""
_OF_TROUBLE = 3
"""Lines of what is wrong with the answers, which ends in what to do."""


class FleetHeading(LivePanel):
    """As high as it has lines: without statements it is one line."""

    def __init__(self, clock: Clock, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self._clock = clock

    def part(self, deck: Deck) -> object:
        """Return the counts, the statements and the state."""
        fleet = deck.fleet
        return counts(fleet), fleet.statements, fleet.state, fleet.note, fleet.sources, fleet.taken_at, fleet.omitted

    def watch_deck(self, old: Deck, new: Deck) -> None:
        """Change the height with the number of lines."""
        super().watch_deck(old, new)
        self.fit_height()

    def fit_height(self) -> None:
        """Take as many lines as there are to show."""
        height = len(self._wanted(max(1, self.content_size.width)))
        if self.styles.height is None or self.styles.height.value != height:
            self.styles.height = height

    def on_resize(self) -> None:
        """Take the lines that the new size has room for."""
        self.fit_height()

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the counts, the trouble with the answers, and the statements."""
        return self._wanted(width)[:height]

    def _wanted(self, width: int) -> list[Content]:
        fleet, terminal = self.deck.fleet, self.app.size.height
        # Without rows, their place says what is wrong.
        text = trouble(fleet) if fleet.replicas or fleet.proxies else ""
        said = [
            (Health.ERROR if one.error else Health.WARNING, one.text, "  ".join(filter(None, one.brief)))
            for one in fleet.statements
        ]
        if terminal < _LOW:
            said = [(Health.STALE, text, ""), *said] if text else said
            return [_said(*said[0], width, len(said) - 1)] if said else [self._counts(width)]
        old = hanging(line((text, HEALTH_STYLES[Health.STALE])), width, line(health_sign(Health.STALE), " "))
        old = old[:_OF_TROUBLE] if text else []
        most = (MOST if terminal >= _ROOMY else 2) - max(0, len(old) - 1)
        rest = len(said) - most
        shown = [_said(*one, width, rest if at == most - 1 else 0) for at, one in enumerate(said[:most])]
        return [self._counts(width), *old, *shown]

    def _counts(self, width: int) -> Content:
        fleet = self.deck.fleet
        # Under the heading of the titles: the same margin as the rows.
        left = self.heading("FLEET", (counts(fleet), "$foreground"))
        tail = "  ".join(filter(None, (", ".join(fleet.sources), self._time(fleet))))
        room = width - left.cell_length - 3
        shown = tail if len(tail) <= room else self._time(fleet)
        return sides(left, line((shown if len(shown) <= room else "", "$quiet")), width)

    def _time(self, fleet: FleetSnapshot) -> str:
        return self._clock.second(fleet.taken_at) if fleet.taken_at is not None else ""


def counts(fleet: FleetSnapshot) -> str:
    """Return how many instances, models and proxies there are, and how many are down."""
    if not fleet.replicas and not fleet.proxies:
        return ""
    down = sum(one.up is False for one in fleet.replicas)
    models = len({one.model for one in fleet.replicas if one.model})
    parts = [f"{grouped(len(fleet.replicas))} vLLM"]
    parts += [f"{down} down"] if down else []
    parts += [f"{models} models"] if models > 1 else []
    if fleet.proxies:
        failing = sum(one.up is False for one in fleet.proxies)
        parts.append(f"{grouped(len(fleet.proxies))} LiteLLM{f' ({failing} down)' if failing else ''}")
    return " · ".join(parts)


def _said(health: Health, text: str, brief: str, width: int, rest: int) -> Content:
    """Return a sentence after its sign, the brief one where the whole one has no room, and how many more there are."""
    more: Part = (f"  +{rest}", "$quiet") if rest > 0 else ""
    tail = line(more)
    room = max(1, width - 2 - tail.cell_length)
    text = brief if brief and len(text) > room else text
    shown = fit_words(text, room, more=MORE)
    # Long names leave whole words little room in a narrow pane.
    shown = fit(text, room).rstrip() if len(shown) < room * 2 // 3 < len(text) else shown
    return line(health_sign(health), " ", (shown, HEALTH_STYLES[health]), tail)
