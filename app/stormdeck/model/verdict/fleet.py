"""State what is wrong in the fleet that a Prometheus knows; nothing where none is given."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.statement import Statement, brief

MOST = 3
"""Statements that go into the headline's list; the rest is on the fleet's screen and in ``status --json``."""
_CALM = {FleetState.OFF, FleetState.ASKING, FleetState.OK}
_EVIDENCE = "what Prometheus scraped"


def problems(deck: Deck) -> Iterator[Statement]:
    """Yield the gravest statements about the fleet, and why a Prometheus does not answer.

    They rank as warnings: the user's own path may be well.
    """
    fleet = deck.fleet
    for one in fleet.statements[:MOST]:
        health = Health.ERROR if one.error else Health.WARNING
        yield Statement(
            health, one.text, "Press 6 for the fleet.", brief=brief(*one.brief), evidence=_EVIDENCE, rank=Health.WARNING
        )
    if fleet.state not in _CALM and fleet.note:
        yield Statement(
            Health.WARNING,
            fleet.note,
            f"{fleet.next_step[:1].upper()}{fleet.next_step[1:]}.",
            brief=brief(fleet.note.partition(": ")[0], fleet.note.partition(": ")[2]),
            evidence="the answers to stormdeck's queries",
            step=fleet.next_step,
        )
