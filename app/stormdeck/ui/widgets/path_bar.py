"""The path: the hops with their lights, the model and the time of day, on one line."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.light import Light
from stormdeck.model.path import Hop, HopKind, path
from stormdeck.ui.draw import Part, light, line, sides
from stormdeck.ui.widgets.panel import Panel


class PathBar(Panel):
    """Names give way in a narrow pane; lights never do."""

    minute = ""
    demo = False

    def part(self, deck: Deck) -> object:
        """Return the hops and the model."""
        return path(deck), _model(deck)

    def show_minute(self, minute: str) -> None:
        """Show another time of day."""
        if minute != self.minute:
            self.minute = minute
            self.refresh()

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the richest line that fits."""
        hops = path(self.deck)
        right: list[Part] = [("DEMO  ", "$warning bold")] if self.demo else []
        model = [(_model(self.deck), "$foreground"), "   "] if _model(self.deck) else []
        clock: Part = (self.minute, "$quiet")
        for arrow, draw, tail in (
            (" ──▶ ", _full, [*right, *model, clock]),
            (" ─▶ ", _full, [*right, clock]),
            (" ▶ ", _plain, [*right, clock]),
            (" ▶ ", _plain, right),
            (" ▶ ", _bare, right),
            (" ", _short, right),
        ):
            left = line(*_joined([draw(hop) for hop in hops], arrow))
            end = line(*tail)
            if left.cell_length + end.cell_length + 2 <= width:
                return [sides(left, end, width)]
        return [sides(left, line(), width)]


def _joined(hops: list[list[Part]], arrow: str) -> list[Part]:
    parts = hops[0]
    for hop in hops[1:]:
        parts = [*parts, (arrow, "$faint"), *hop]
    return parts


def _full(hop: Hop) -> list[Part]:
    figure: list[Part] = [(f" {hop.figure}", _figure_style(hop))] if hop.figure else []
    where: list[Part] = [(f" {hop.place}", "$quiet")] if hop.place else []
    return [(hop.name, "bold"), *where, " ", light(hop.light), *figure]


def _plain(hop: Hop) -> list[Part]:
    name = "claude" if hop.kind is HopKind.CLIENT else hop.name
    return _full(Hop(hop.kind, name, hop.place, hop.light, hop.figure))


def _bare(hop: Hop) -> list[Part]:
    name = "claude" if hop.kind is HopKind.CLIENT else hop.name
    return [(name, "bold"), *([(f" {hop.place}", "$quiet")] if hop.place else []), " ", light(hop.light)]


def _short(hop: Hop) -> list[Part]:
    name = {HopKind.CLIENT: "claude", HopKind.GPU: "GPU"}.get(hop.kind) or hop.place or hop.name
    figure = f" {hop.figure}" if hop.kind is HopKind.GPU and hop.figure else ""
    return [light(hop.light), name.removeprefix(":"), (figure, _figure_style(hop))]


def _figure_style(hop: Hop) -> str:
    return "$foreground" if hop.light is Light.FINE else "$error" if hop.light is Light.BROKEN else "$quiet"


def _model(deck: Deck) -> str:
    """Return the first model that vLLM serves."""
    return deck.vllm.models[0].id if deck.vllm and deck.vllm.models else ""
