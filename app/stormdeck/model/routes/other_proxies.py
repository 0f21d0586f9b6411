"""Read the model groups of claude-code-router and claude-code-proxy."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stormdeck.model.routes.litellm import Resolve
from stormdeck.model.routes.table import MOST_ENTRIES, ModelGroup, RoutingTable, upstream

_LONGEST_URL = 2048
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
_DEFAULT, _BACKGROUND = "default", "background"


def from_claude_code_router(config: Mapping[str, object], source: str, resolve: Resolve) -> RoutingTable:
    """Return the routes of claude-code-router as groups (read from its source, 2.0.0).

    ``Router.default`` gets what no other route takes, ``background`` gets ids with claude and haiku in them. Whether
    ``think``, ``longContext`` or ``webSearch`` takes a request does not depend on its model id.
    """
    providers = config.get("Providers", config.get("providers"))
    bases = {
        one["name"]: _filled(one["api_base_url"], resolve)
        for one in (providers if isinstance(providers, list) else [])[:MOST_ENTRIES]
        if isinstance(one, dict) and isinstance(one.get("name"), str) and isinstance(one.get("api_base_url"), str)
    }
    router = config.get("Router")
    groups: list[ModelGroup] = []
    first: dict[str, str] = {}
    for route, target in (router if isinstance(router, dict) else {}).items():
        provider = target.partition(",")[0].strip() if isinstance(target, str) else ""
        if provider in bases:
            groups.append(ModelGroup(route, (upstream(bases[provider]),)))
            first.setdefault(provider, route)
    routes = {one.name for one in groups}
    # An id "provider,model" goes to that provider whatever the routes say.
    direct = [ModelGroup(name, (upstream(base),)) for name, base in bases.items() if name not in {*first, *routes}]
    patterns = [(f"{name},*", route) for name, route in first.items()]
    patterns += [(f"{one.name},*", one.name) for one in direct]
    patterns += [(haiku, _BACKGROUND) for haiku in ("*claude*haiku*", "*haiku*claude*") if _BACKGROUND in routes]
    return RoutingTable((*groups, *direct), patterns=(*patterns, ("*", _DEFAULT)), source=source)


def from_claude_code_proxy(config: object) -> RoutingTable:
    """Return the groups of claude-code-proxy, as it reports on ``/`` (read from its source): all on one server.

    haiku goes to SMALL_MODEL, sonnet to MIDDLE_MODEL, which it does not report, everything else to BIG_MODEL.
    """
    base = config.get("openai_base_url") if isinstance(config, Mapping) else None
    if not isinstance(base, str) or not base or len(base) > _LONGEST_URL:
        return RoutingTable()
    servers = (upstream(base),)
    names = ("BIG_MODEL", "MIDDLE_MODEL", "SMALL_MODEL")
    patterns = (("*haiku*", "SMALL_MODEL"), ("*sonnet*", "MIDDLE_MODEL"), ("*", "BIG_MODEL"))
    return RoutingTable(
        tuple(ModelGroup(name, servers) for name in names),
        patterns=patterns,
        source="its answer on /",
        is_reported=True,
    )


def _filled(text: str, resolve: Resolve) -> str:
    """Return a text with ``$NAME`` and ``${NAME}`` replaced; one that is not known stays, so it is no URL."""
    return _VARIABLE.sub(lambda found: resolve(found[1] or found[2]) or found[0], text[:_LONGEST_URL])
