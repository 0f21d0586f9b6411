"""State what is wrong with the containers of the servers on the path: ended, restarted again and again, unhealthy."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.snapshots.containers import ContainerFacts, ContainerState
from stormdeck.model.snapshots.discovery import LogPlace
from stormdeck.model.symbols import Health
from stormdeck.model.urls import same_place
from stormdeck.model.verdict.statement import Clock, Statement, brief

RECENT_S = 600.0
"""How long a restart is worth a word."""


def container_at(deck: Deck, url: str) -> ContainerFacts | None:
    """Return the container of the server at a URL, as it is now; ``None`` if it is in none."""
    place = next((one for one in deck.discovery.places if one.url and same_place(one.url, url)), None)
    return _now(deck, place) if place is not None else None


def problems(deck: Deck, now: float, clock: Clock) -> Iterator[Statement]:
    """Yield what the runtimes say of containers, but for the end of one whose server is polled: that is said there."""
    for place in deck.discovery.places:
        facts = _now(deck, place)
        if facts is None:
            continue
        if facts.ending and not place.url:
            yield _ended(place, facts)
        elif facts.is_running and facts.health == "unhealthy":
            yield _unhealthy(place, facts)
        if facts.restarts and facts.started is not None and 0 <= now - facts.started < RECENT_S:
            yield _restarted(place, facts, clock)


def start_command(facts: ContainerFacts) -> str:
    """Return what starts a container again: a command, or words where it has to be created."""
    if facts.state is not ContainerState.REMOVED:
        return f"{facts.runtime} start {facts.name}"
    return f"{facts.runtime} compose up -d {facts.service}" if facts.service else f"create {facts.name} again"


def _now(deck: Deck, place: LogPlace) -> ContainerFacts | None:
    return deck.containers.of(place.log.name) or place.container


def _hop(place: LogPlace) -> HopKind:
    return HopKind.PROXY if place.kind.is_proxy else HopKind.SERVER


def _who(place: LogPlace, facts: ContainerFacts) -> str:
    return f"{place.kind.value}'s container {facts.name}"


def _ended(place: LogPlace, facts: ContainerFacts) -> Statement:
    memory = "give it more memory, then " if facts.oom_killed else ""
    return Statement(
        Health.ERROR,
        f"{_who(place, facts)} {facts.ending}",
        "Requests that need it fail until it runs again.",
        _hop(place),
        brief=brief(f"container {facts.name}", facts.ending.partition(":")[0]),
        cause="its memory limit" if facts.oom_killed else "unknown: its log says more",
        evidence=f"{facts.runtime} inspect {facts.name}: {facts.ending}",
        step=memory + start_command(facts),
    )


def _unhealthy(place: LogPlace, facts: ContainerFacts) -> Statement:
    return Statement(
        Health.WARNING,
        f"The health check of {_who(place, facts)} fails",
        f"{facts.runtime} calls it unhealthy. What its check asks is in its image or compose file.",
        _hop(place),
        brief=brief("unhealthy container", facts.name),
        cause="unknown: the check's own output says why",
        evidence=f"{facts.runtime} inspect {facts.name}: Health.Status is unhealthy",
        step=f"{facts.runtime} inspect {facts.name}",
    )


def _restarted(place: LogPlace, facts: ContainerFacts, clock: Clock) -> Statement:
    times = "once" if facts.restarts == 1 else f"{facts.restarts} times"
    last = f", last at {clock(facts.started)}" if facts.started is not None else ""
    again = " and is restarted right now" if facts.state is ContainerState.RESTARTING else ""
    return Statement(
        Health.WARNING,
        f"{_who(place, facts)} was restarted {times} by its restart policy{last}{again}",
        "Each restart cuts the requests that run, and vLLM loads its model anew.",
        _hop(place),
        brief=brief(f"container {facts.name}", f"was restarted {times}"),
        cause="unknown: the end of its log before the restart says why",
        evidence=f"{facts.runtime} inspect {facts.name}: RestartCount {facts.restarts}",
        step=f"{facts.runtime} logs --tail 200 {facts.name}",
    )
