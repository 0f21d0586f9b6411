"""Explain and complete a filter of the fleet while it is typed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from stormdeck.model.fleet.snapshot import FleetSnapshot
from stormdeck.model.fleet.view.health import STATES
from stormdeck.model.fleet.view.query import FIELDS, FIGURES
from stormdeck.model.logs.query_help import last_part

SYNTAX = ("words  -word  /re/", *(f"{name}:" for name in FIELDS), "waiting>5  kv>90  ttft>2")
"""What a filter may consist of."""
_OFFERED = 5
"""How many values are listed."""


def values_of(name: str, fleet: FleetSnapshot) -> tuple[str, ...]:
    """Return the values that are offered for a term, each once, in the order of the rows."""
    found: Iterable[str] = ()
    if name == "state":
        found = STATES
    elif name == "model":
        found = (one.model for one in fleet.replicas)
    elif name == "host":
        found = (one.host for one in fleet.replicas)
    elif name == "version":
        found = chain((one.version for one in fleet.replicas), (one.version for one in fleet.proxies))
    elif name == "agent":
        found = (agent for one in fleet.proxies for agent in one.user_agents)
    return tuple(dict.fromkeys(value for value in found if value and " " not in value))


def explanation(text: str, fleet: FleetSnapshot) -> str:
    """Return what may be typed next: the values of what is being typed, or everything.

    >>> explanation("waiting>", FleetSnapshot())
    'waiting: requests that wait, above or below a number: waiting>5'
    """
    part = last_part(text)
    name, colon, _ = part.partition(":")
    if colon and name in FIELDS:
        offered = values_of(name, fleet)[:_OFFERED]
        return f"{name}: {', '.join(offered) or FIELDS[name]}, several with a comma; -{name}: is the opposite"
    figure = part.partition(">")[0].partition("<")[0]
    if figure in FIGURES:
        return f"{figure}: {FIGURES[figure]}, above or below a number: {figure}>5"
    return "  ".join(SYNTAX)


def completion(text: str, fleet: FleetSnapshot) -> str | None:
    """Return the text with its last part completed, ``None`` if there is nothing to complete.

    >>> completion("-mod", FleetSnapshot()), completion("state:d", FleetSnapshot()), completion("xyz", FleetSnapshot())
    ('-model:', 'state:down', None)
    """
    part = last_part(text)
    name, colon, value = part.partition(":")
    if not colon:
        terms = (*(f"{one}:" for one in FIELDS), *(f"{one}>" for one in FIGURES))
        found = next((one for one in terms if len(part) > 1 and one.startswith(part)), None)
        return None if found is None else f"{text[: len(text) - len(part)]}{found}"
    last = value.rpartition(",")[2]
    offered = values_of(name, fleet) if name in FIELDS else ()
    found = next((one for one in offered if last and one.casefold().startswith(last.casefold())), None)
    if found is None or found == last:
        return None
    return f"{text[: len(text) - len(last)]}{found}"
