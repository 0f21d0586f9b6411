"""Leave out the areas and actions that have nothing to show."""

from __future__ import annotations

from collections.abc import Sequence

from stormdeck.model.deck import Deck
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.model.keys.action import Action
from stormdeck.model.keys.actions import AREAS

FLEET = "fleet"


def has_area(area: str, deck: Deck) -> bool:
    """Return whether an area can be shown: the fleet only where a Prometheus is given."""
    return area != FLEET or deck.fleet.state is not FleetState.OFF


def offered_areas(deck: Deck) -> tuple[tuple[str, str], ...]:
    """Return the areas that can be shown, in the order of their number keys."""
    return tuple(one for one in AREAS if has_area(one[0], deck))


def offered_actions(actions: Sequence[Action], deck: Deck) -> tuple[Action, ...]:
    """Return the actions of the areas that can be shown, and those that show them."""
    if has_area(FLEET, deck):
        return tuple(actions)
    return tuple(one for one in actions if FLEET not in one.id.split("."))
