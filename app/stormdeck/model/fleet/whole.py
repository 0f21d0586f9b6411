"""Join what several Prometheus servers know to one fleet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stormdeck.model.fleet.order import in_order, proxies_in_order
from stormdeck.model.fleet.rows import numbered
from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState, ProxyRow, Replica
from stormdeck.model.fleet.statements import statements
from stormdeck.model.urls import place

_ANSWERS = {FleetState.OK, FleetState.PARTLY, FleetState.TOO_MANY, FleetState.NO_SERVERS}


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """What one Prometheus knows."""

    url: str
    state: FleetState = FleetState.ASKING
    note: str = ""
    """What is wrong, to follow the name of the Prometheus; empty if nothing is."""
    next_step: str = ""
    replicas: tuple[Replica, ...] = ()
    """The last known ones, also while it does not answer."""
    proxies: tuple[ProxyRow, ...] = ()
    taken_at: float | None = None
    """When the figures came, in unix seconds of this machine."""
    interval_s: float | None = None
    omitted: int = 0


def joined(answers: Sequence[SourceAnswer]) -> FleetSnapshot:
    """Return the fleet, sorted by what is wrong. Only what a Prometheus answers now is stated."""
    if not answers:
        return FleetSnapshot()
    rows = answers[0].replicas if len(answers) == 1 else numbered(row for one in answers for row in one.replicas)
    proxies = [row for one in answers for row in one.proxies]
    known = {one.url for one in answers if one.state in _ANSWERS}
    current = {row.key for one in answers if one.url in known for row in one.replicas}
    current |= {row.key for one in answers if one.url in known for row in one.proxies}
    stated = statements([row for row in rows if row.key in current], [row for row in proxies if row.key in current])
    troubled = next((one for one in answers if one.note), None)
    intervals = [one.interval_s for one in answers if one.interval_s is not None]
    return FleetSnapshot(
        state=_state(answers),
        note=f"Prometheus {place(troubled.url)}: {troubled.note}" if troubled is not None else "",
        next_step=troubled.next_step if troubled is not None else "",
        sources=tuple(one.url for one in answers),
        replicas=in_order(rows, stated),
        proxies=proxies_in_order(proxies, stated),
        statements=stated,
        taken_at=max((one.taken_at for one in answers if one.taken_at is not None), default=None),
        omitted=sum(one.omitted for one in answers),
        interval_s=max(intervals, default=None),
    )


def _state(answers: Sequence[SourceAnswer]) -> FleetState:
    """Return the state of all: that of each if they agree, else partly; who has not answered yet does not count."""
    states = {one.state for one in answers if one.state is not FleetState.ASKING}
    if not states:
        return FleetState.ASKING
    return states.pop() if len(states) == 1 else FleetState.PARTLY
