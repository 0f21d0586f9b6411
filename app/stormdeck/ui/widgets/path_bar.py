"""The path bar: the hops of a request with their health, the model and the time, on one line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import events
from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.request_path import Hop, path
from stormdeck.model.symbols import Health
from stormdeck.ui.rendering import Part, called, clickable, fit, health_sign, line, sides
from stormdeck.ui.widgets.panel import LivePanel

if TYPE_CHECKING:
    from stormdeck.model.snapshots.replay import Replay

FIGURE = 6
"""Columns reserved for a latency: ``999 ms``."""
GROUP = 20
"""Most columns of a model group's name."""
SHARE = 5
"""Columns reserved for the GPU load: ``100 %``."""


class PathBar(LivePanel):
    """In a narrow pane names are left out, health signs never."""

    minute = ""
    demo = False

    def part(self, deck: Deck) -> object:
        """Return the hops and the model."""
        return path(deck), _model(deck), deck.replay

    def on_click(self, event: events.Click) -> None:
        """Show the clicked hop."""
        call = called(event)
        if call is not None:
            self.app.call_later(self.run_action, call)

    def show_minute(self, minute: str) -> None:
        """Update the time."""
        if minute != self.minute:
            self.minute = minute
            self.refresh()

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the fullest line that fits. Arrows grow where a figure is shorter, so that hops do not move."""
        if self.deck.replay is not None:
            return [_replay_line(self.deck.replay, self.minute, width)]
        hops = cast("tuple[tuple[Hop, ...], str, object]", self.shown_part())[0]
        right: list[Part] = [("DEMO  ", "$warning bold")] if self.demo else []
        model = [(_model(self.deck), "$foreground"), "   "] if _model(self.deck) else []
        clock: Part = (self.minute, "$quiet")
        for arrow, draw, tail in (
            (_long, _full, [*right, *model, clock]),
            (_long, _full, [*right, clock]),
            (_steady, _plain, [*right, clock]),
            (_bare_arrow, _plain, [*right, clock]),
            (_bare_arrow, _plain, right),
            (_bare_arrow, _busy, [*right, clock]),
            (_bare_arrow, _busy, right),
            (_bare_arrow, _bare, right),
            (_blank, _named, right),
            (_blank, _short, right),
        ):
            left = line(*_joined(hops, draw, arrow))
            end = line(*tail)
            widest = line(*_joined([*map(_widest, hops)], draw, arrow))
            if widest.cell_length + end.cell_length + 2 <= width:
                return [sides(left, end, width)]
        return [sides(left, line(), width)]


def _replay_line(replay: Replay, minute: str, width: int) -> Content:
    """Return the name, span, speed and time of the recording that is played."""
    pace = f"×{replay.speed:g}" if replay.pace == "playing" else replay.pace.value
    end = line((pace, "$warning bold"), "  ", (minute, "$foreground"))
    head: list[Part] = [("REPLAY ", "$warning bold"), (replay.name, "bold")]
    whole = line(*head, (f"  {replay.span}", "$quiet"))
    if whole.cell_length + end.cell_length + 2 <= width:
        return sides(whole, end, width)
    return sides(line(("REPLAY ", "$warning bold"), fit(replay.name, max(0, width - end.cell_length - 9))), end, width)


def _joined(hops: Sequence[Hop], draw: Callable[[Hop], list[Part]], arrow: Callable[[Hop], str]) -> list[Part]:
    drawn = [clickable(line(*draw(hop)), f"app.hop('{hop.kind.value}')") for hop in hops]
    parts: list[Part] = [drawn[0]]
    for before, shown in zip(hops, drawn[1:], strict=False):
        parts += [(arrow(before), "$faint"), shown]
    return parts


def _widest(hop: Hop) -> Hop:
    """Return a hop with the widest figure that it may get, so that its digits do not change what is shown."""
    columns = SHARE if hop.kind is HopKind.GPU else FIGURE
    return replace(hop, figure=f"{hop.figure:<{columns}}") if hop.figure else hop


def _unused_columns(hop: Hop) -> int:
    """Return the reserved columns that a server's figure does not use."""
    server = hop.kind in {HopKind.PROXY, HopKind.SERVER} and hop.figure and hop.health is not Health.UNKNOWN
    return max(0, FIGURE - len(hop.figure)) if server else 0


def _long(hop: Hop) -> str:
    return f" ─{'─' * _unused_columns(hop)}▶ "


def _steady(hop: Hop) -> str:
    return f" {' ' * _unused_columns(hop)}▶ "


def _bare_arrow(_hop: Hop) -> str:
    return " ▶ "


def _blank(_hop: Hop) -> str:
    return " "


def _full(hop: Hop) -> list[Part]:
    figure: list[Part] = [(f" {hop.figure}", _figure_style(hop))] if hop.figure else []
    where: list[Part] = [(f" {hop.place}", "$quiet")] if hop.place else []
    group: list[Part] = [(f"{_group_name(hop)} ", "$accent bold")] if hop.group else []
    return [*group, (hop.name, "bold"), *where, " ", health_sign(hop.health), *figure]


def _group_name(hop: Hop) -> str:
    """Return the model group, cut to what a line has room for."""
    return hop.group if len(hop.group) <= GROUP else hop.group[: GROUP - 1] + "…"


def _plain_name(hop: Hop) -> str:
    """Return the name without details; the model group says more than the kind of its server."""
    return "claude" if hop.kind is HopKind.CLIENT else _group_name(hop) or hop.name


def _plain(hop: Hop) -> list[Part]:
    return _full(replace(hop, name=_plain_name(hop), group=""))


def _bare(hop: Hop) -> list[Part]:
    name = _plain_name(hop)
    return [(name, "bold"), *([(f" {hop.place}", "$quiet")] if hop.place else []), " ", health_sign(hop.health)]


def _busy(hop: Hop) -> list[Part]:
    return _plain(hop) if hop.kind is HopKind.GPU else _bare(hop)


def _named(hop: Hop) -> list[Part]:
    """Return the sign and the name: a port says less."""
    return _short(replace(hop, place="") if hop.name else hop)


def _short(hop: Hop) -> list[Part]:
    name = {HopKind.CLIENT: "claude", HopKind.GPU: "GPU"}.get(hop.kind) or hop.place or hop.name
    figure = f" {hop.figure}" if hop.kind is HopKind.GPU and hop.figure else ""
    return [health_sign(hop.health), name.removeprefix(":"), (figure, _figure_style(hop))]


def _figure_style(hop: Hop) -> str:
    return "$foreground" if hop.health is Health.OK else "$error" if hop.health is Health.ERROR else "$quiet"


def _model(deck: Deck) -> str:
    """Return the first model that vLLM serves."""
    return deck.vllm.models[0].id if deck.vllm and deck.vllm.models else ""
