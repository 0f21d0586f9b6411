"""Follow which hops are away, and for how long. A hop that flaps is one event with a count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.logs.endings import Ending
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.model.snapshots.server import ProxySnapshot, ServerState, VllmSnapshot, is_front_alone
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.timeline.event import FLAP_S, Event, Kind
from stormdeck.model.urls import place
from stormdeck.model.verdict.servers.containers import container_at

PATIENCE_S = 5.0
"""For how long a server must not answer before that is an event: one late answer is none."""
_ASKED_S = 30.0
"""The longest time between two polls."""
_MOST = 100
"""Hops that are remembered."""
FROM_START = "from the start"
"""Mark of a hop that was away when watching began: ``was``."""

DOWN = "down"
STARTING = "starting"
UNANSWERED = "unanswered"
DEGRADED = "degraded"
FRONT = "front"
REFUSING = "refusing"
UNREACHABLE = "unreachable"
STRANGE = "strange"
LOST = "lost"

_STATES = {
    ServerState.DOWN: DOWN,
    ServerState.STARTING: STARTING,
    ServerState.SILENT: UNANSWERED,
    ServerState.STALE: UNANSWERED,
    ServerState.DEGRADED: DEGRADED,
    ServerState.REFUSING: REFUSING,
    ServerState.UNREACHABLE: UNREACHABLE,
    ServerState.STRANGE: STRANGE,
}
_WEIGHTS = (STRANGE, UNREACHABLE, REFUSING, UNANSWERED, STARTING, FRONT, DEGRADED, DOWN, LOST)
"""What an outage is called if it had several states: the last of these."""
_VAGUE = {UNANSWERED, UNREACHABLE, STRANGE}
"""States that a single late answer can have."""
_CAUSES = {
    Ending.CRASHED: "its engine died",
    Ending.NOT_STARTED: "its engine did not start",
    Ending.STOPPED: "it was stopped",
    Ending.REFUSED_TO_START: "it refused to start without a master key",
}
_ENDED = {DOWN, STARTING, DEGRADED}
"""States in which the log's ending can be the cause."""
LEFT_PATH = "it left the path"


class Seen(NamedTuple):
    """A hop as one deck shows it."""

    subject: str
    name: str
    state: str
    """One of the words above; empty: it is up."""
    answered: float
    """When it last answered, in unix seconds; 0.0 if unknown."""
    cause: str = ""


@dataclass
class _Hop:
    """What is known of a hop."""

    event: Event | None = None
    """Its newest outage."""
    away_since: float | None = None
    """When it was first seen away, while that is no event yet."""
    was_up: bool = False


class Outages:
    """Turn the states of all hops into outages. ``known`` are those of earlier runs that nobody saw end."""

    def __init__(self, known: Iterable[Event] = ()) -> None:
        self._hops: dict[str, _Hop] = {}
        self._left_open = {event.subject: event for event in known if event.kind is Kind.DOWN and event.is_open}

    @property
    def is_waiting(self) -> bool:
        """Return whether a hop is away for a time that is no event yet."""
        return any(one.away_since is not None and not (one.event and one.event.is_open) for one in self._hops.values())

    def take(self, deck: Deck, now: float) -> Iterator[Event]:
        """Yield each outage that began, changed or ended."""
        shown = {seen.subject: seen for seen in _hops(deck)}
        for subject, seen in shown.items():
            yield from self._take(self._hops.setdefault(subject, _Hop()), seen, now)
        for subject, hop in self._hops.items():
            if subject not in shown and hop.event is not None and hop.event.is_open:
                hop.event = _ended(hop.event, now, now, LEFT_PATH)
                yield hop.event
        for subject in [name for name in self._hops if name not in shown][: max(0, len(self._hops) - _MOST)]:
            del self._hops[subject]

    def open_ones(self, now: float) -> Iterator[Event]:
        """Yield the outages that go on, as seen now."""
        for hop in self._hops.values():
            if hop.event is not None and hop.event.is_open:
                hop.event = replace(hop.event, seen=now)
                yield hop.event

    def was_away(self, subject: str, now: float) -> bool:
        """Return whether a hop is away, or was a short while ago."""
        hop = self._hops.get(subject, _Hop())
        return hop.away_since is not None or (hop.event is not None and now - hop.event.end < FLAP_S)

    def _take(self, hop: _Hop, seen: Seen, now: float) -> Iterator[Event]:
        before = hop.event
        if not seen.state:
            yield from self._take_up(hop, seen, now)
            return
        if hop.away_since is None:
            hop.away_since = now
        began = _began(hop, seen, now)
        if before is not None and before.is_open:
            hop.event = _continued(before, seen, now)
        elif seen.state not in _VAGUE or now - hop.away_since >= PATIENCE_S:
            hop.event = self._begun(hop, seen, began, now)
        if hop.event is not None and hop.event != before:
            yield hop.event

    def _take_up(self, hop: _Hop, seen: Seen, now: float) -> Iterator[Event]:
        """Process that a hop is up."""
        hop.away_since = None
        left_open = self._left_open.pop(seen.subject, None)
        if left_open is not None and not hop.was_up:
            # It came back while nothing was watched: when is not known.
            known = left_open.total_s + max(0.0, left_open.seen - (left_open.opened or left_open.at))
            yield replace(left_open, is_open=False, until=None, total_s=known, seen=now)
        hop.was_up = True
        if hop.event is not None and hop.event.is_open:
            back = seen.answered if (hop.event.opened or 0.0) < seen.answered <= now else now
            hop.event = _ended(hop.event, back, now)
            yield hop.event

    def _begun(self, hop: _Hop, seen: Seen, began: float, now: float) -> Event:
        """Return a new outage, or the last one with a higher count if it ended a short while ago."""
        left_open = self._left_open.pop(seen.subject, None)
        if left_open is not None and not hop.was_up:
            return _continued(replace(left_open, opened=left_open.opened or left_open.at), seen, now)
        last = hop.event
        if last is not None:
            began = max(began, last.end)
        if last is not None and began - last.end < FLAP_S:
            cause = seen.cause or last.cause
            return replace(last, is_open=True, count=last.count + 1, opened=began, until=None, cause=cause, seen=now)
        return Event(
            Kind.DOWN,
            seen.subject,
            began,
            seen.name,
            seen.state,
            seen.cause,
            was="" if hop.was_up else FROM_START,
            is_open=True,
            opened=began,
            seen=now,
            health=Health.WARNING if seen.state in {REFUSING, UNREACHABLE} else Health.ERROR,
        )


def _began(hop: _Hop, seen: Seen, now: float) -> float:
    """Return when a hop went away: a silent one answered last before that, any other one was seen just now."""
    first = hop.away_since if hop.away_since is not None else now
    # After a sleep of the machine, nothing is known of the time before.
    return seen.answered if seen.state in _VAGUE and first - _ASKED_S <= seen.answered < first else first


def _continued(event: Event, seen: Seen, now: float) -> Event:
    """Return an outage that goes on; it is called by the worst that was seen."""
    words = max(event.words, seen.state, key=_weight)
    health = Health.WARNING if words in {REFUSING, UNREACHABLE} else Health.ERROR
    return replace(event, words=words, cause=seen.cause or event.cause, seen=now, health=health)


def _ended(event: Event, back: float, now: float, cause: str = "") -> Event:
    total = event.total_s + max(0.0, back - (event.opened if event.opened is not None else event.at))
    return replace(event, is_open=False, until=back, total_s=total, cause=event.cause or cause, seen=now)


def _weight(state: str) -> int:
    return _WEIGHTS.index(state) if state in _WEIGHTS else -1


def _hops(deck: Deck) -> Iterator[Seen]:
    """Yield every hop whose state is known."""
    for hop, server in ((HopKind.PROXY, deck.proxy), (HopKind.SERVER, deck.vllm)):
        if server is not None and server.state is not ServerState.ASKING:
            state = FRONT if is_front_alone(server) else _STATES.get(server.state, "")
            cause = _cause(deck, hop, server) if state in _ENDED else ""
            yield Seen(subject_of(server), name_of(server), state, server.seen, cause)
    shown = {one.url for one in (deck.proxy, deck.vllm) if one is not None}
    for backend in deck.backends.servers:
        if backend.url not in shown and backend.state is not ServerState.ASKING:
            name = f"server {_place(backend.url)}"
            yield Seen(f"server {_safe(backend.url)}", clean(name), _STATES.get(backend.state, ""), 0.0)
    if deck.gpu.state in {GpuState.OK, GpuState.LOST}:
        yield Seen("GPU driver", "the GPU driver", LOST if deck.gpu.state is GpuState.LOST else "", 0.0)
        for one in deck.gpu.gpus:
            yield Seen(f"GPU {one.index}", f"GPU {one.index}", LOST if one.lost else "", 0.0)


def _cause(deck: Deck, hop: HopKind, server: VllmSnapshot | ProxySnapshot) -> str:
    """Return why a server ended, if its log or its container shows it."""
    ended = next((one for one in deck.tails.endings.values() if one.hop is hop), None)
    if ended is not None:
        return _CAUSES[ended]
    facts = container_at(deck, server.url)
    return clean(f"its container {facts.ending}") if facts is not None and facts.ending else ""


def subject_of(server: VllmSnapshot | ProxySnapshot) -> str:
    """Return the identity of a server."""
    return f"{server.kind.value} {_safe(server.url)}"


def name_of(server: VllmSnapshot | ProxySnapshot) -> str:
    """Return a server's name as it is shown: ``vLLM :8000``."""
    return clean(f"{server.kind.value} {_place(server.url)}".strip())


@lru_cache(maxsize=64)
def _safe(url: str) -> str:
    return mask_text(clean(url))


@lru_cache(maxsize=64)
def _place(url: str) -> str:
    return place(url)
