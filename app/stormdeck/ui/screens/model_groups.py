"""Show where a proxy sends each tier: its model groups, and the servers behind each."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.routes.health import GroupHealth, ServerHealth, groups_of, routing_table
from stormdeck.model.units import plural
from stormdeck.model.verdict.groups import shown_name
from stormdeck.ui.bindings import bindings
from stormdeck.ui.rendering import Part, hanging, health_sign, line, lines
from stormdeck.ui.screens.dialog import Dialog


class GroupsScreen(Dialog[None]):
    """The groups at the moment when it was opened, those of the tiers in force first."""

    BINDINGS = bindings("groups")

    def __init__(self, deck: Deck) -> None:
        super().__init__()
        self._deck = deck

    def words(self, width: int) -> Content:
        """Return each group with the tiers that lead to it, and its servers."""
        table = routing_table(self._deck)
        rows = [line(("Model groups", "bold"), (f"  from {mask_text(table.source)}", "$quiet"))]
        for group in groups_of(self._deck):
            rows += [line(), *_group(group, width)]
        if table.left_out:
            rows += [line(), line((f"{plural(table.left_out, 'more entry', 'more entries')} not shown", "$quiet"))]
        return lines(rows)

    def hints(self) -> tuple[Content, ...]:
        """Return the key that closes it."""
        return (self.hint("groups.close"),)


def _group(one: GroupHealth, width: int) -> Iterator[Content]:
    tiers = ", ".join(one.tiers) if one.tiers else "no tier in force"
    yield from line(
        health_sign(one.health),
        " ",
        (shown_name(one.group.name), "bold"),
        (f"  {tiers}", "$quiet" if not one.tiers else "$accent"),
    ).wrap(width)
    for server in one.servers:
        yield from hanging(line(*_server(server)), width, line("  ", health_sign(server.health), " "))


def _server(one: ServerHealth) -> Iterator[Part]:
    if one.upstream.url:
        yield f"{mask_text(one.upstream.url)}  "
    words = mask_text(one.words)
    if one.backend is not None and one.backend.latency_ms is not None and not words:
        words = f"{one.backend.latency_ms} ms"
    if one.upstream.is_idle:
        words = f"{words}, weight 0".removeprefix(", ")
    yield (words, "$quiet")
