"""Find the model groups that the tiers in force lead to."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.routes.table import ModelGroup, RoutingTable
from stormdeck.model.rules.facts import FABLE_ID, TIER_IDS, Facts
from stormdeck.model.rules.model_choice import asked_ids
from stormdeck.model.settings.scope import SettingsSnapshot

_TIERS = {path: tier for tier, path in {**TIER_IDS, "fable": FABLE_ID}.items()}


@dataclass(frozen=True, slots=True)
class TierRoute:
    """Where one tier leads."""

    tier: str
    """``opus``, or ``model`` for an id that is selected directly."""
    asked: str
    """The id that Claude Code requests."""
    group: str | None
    """``None`` if no group certainly serves it."""


def tier_routes(facts: Facts, table: RoutingTable) -> tuple[TierRoute, ...]:
    """Return the tiers in force and their groups, that of the selected model first."""
    if not table.groups:
        return ()
    routes = []
    for path, asked in asked_ids(facts):
        group = table.group_for(asked)
        routes.append(TierRoute(_TIERS.get(path, "model"), asked, group.name if group is not None else None))
    return tuple(routes)


def group_in_use(facts: Facts, table: RoutingTable) -> ModelGroup | None:
    """Return the group of the selected model, ``None`` if it is not known."""
    routes = tier_routes(facts, table)
    return table.group(routes[0].group) if routes and routes[0].group is not None else None


def important_servers(settings: SettingsSnapshot, table: RoutingTable) -> tuple[str, ...]:
    """Return the servers of the groups that the tiers in force lead to, and of the groups that stand in for them."""
    facts = Facts.effective(settings)
    names = dict.fromkeys(one.group for one in tier_routes(facts, table) if one.group is not None)
    groups = [group for name in names if (group := table.group(name)) is not None]
    groups += [group for name in names for group in table.fallbacks_of(name)]
    return tuple(dict.fromkeys(one.url for group in groups for one in group.asked))
