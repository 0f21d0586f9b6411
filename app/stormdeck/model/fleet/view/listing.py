"""List a fleet in rows: instances by model, what is wrong or what is most first, then the proxies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from stormdeck.model.fleet.snapshot import FleetSnapshot, ProxyRow, Replica
from stormdeck.model.fleet.view.health import DOWN, FleetHealth
from stormdeck.model.fleet.view.query import FleetQuery
from stormdeck.model.symbols import Health
from stormdeck.model.units import grouped

NO_MODEL = "model unknown"
PROXIES = "LiteLLM"
PROBLEMS = (Health.ERROR, Health.WARNING)


class Order(StrEnum):
    """What comes first; the value is its name for the user."""

    WRONG = "what is wrong"
    NAME = "name"
    RUNNING = "running"
    WAITING = "waiting"
    KV_CACHE = "KV cache"
    FIRST_TOKEN = "first token p95"  # noqa: S105 - no password
    TOKENS = "tokens/s"

    def next(self) -> Order:
        """Return the order that follows, the first one after the last."""
        every = tuple(Order)
        return every[(every.index(self) + 1) % len(every)]


@dataclass(frozen=True, slots=True)
class Group:
    """The heading of the instances of a model, or of the proxies."""

    title: str
    counts: str
    """How many there are, and how many of them are down: ``12 instances, 1 down``."""
    brief: str
    """The same in narrow panes: ``12, 1 down``."""
    totals: Replica | None = None
    """Sums over the instances that are shown; of shares their mean, of latencies the highest."""


@dataclass(frozen=True, slots=True)
class ReplicaLine:
    """An instance with its health."""

    row: Replica
    health: Health
    word: str


@dataclass(frozen=True, slots=True)
class ProxyLine:
    """A proxy with its health."""

    row: ProxyRow
    health: Health
    word: str


RowLine = ReplicaLine | ProxyLine
FleetLine = Group | ReplicaLine | ProxyLine

_FIGURES: dict[Order, Callable[[Replica], float | None]] = {
    Order.RUNNING: lambda one: one.running,
    Order.WAITING: lambda one: one.waiting,
    Order.KV_CACHE: lambda one: one.kv_cache,
    Order.FIRST_TOKEN: lambda one: one.first_token_p95_s,
    Order.TOKENS: lambda one: one.tokens_per_s,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """The lines of a fleet, and how many of its rows pass the filter."""

    lines: tuple[FleetLine, ...]
    shown: int
    known: int


def listed(fleet: FleetSnapshot, query: FleetQuery, order: Order, *, problems_only: bool = False) -> Listing:
    """Return the lines of a fleet that pass a filter, in an order."""
    health = FleetHealth(fleet)

    def passes(row: Replica | ProxyRow) -> bool:
        return (not problems_only or health.of(row) in PROBLEMS) and query.passes(row, health.word(row))

    replicas = [one for one in fleet.replicas if passes(one)]
    proxies = [one for one in fleet.proxies if passes(one)]
    lines = (*_replica_lines(fleet, replicas, order, health), *_proxy_lines(fleet, proxies, order, health))
    return Listing(lines, len(replicas) + len(proxies), len(fleet.replicas) + len(fleet.proxies))


def _replica_lines(
    fleet: FleetSnapshot, shown: Sequence[Replica], order: Order, health: FleetHealth
) -> Iterator[FleetLine]:
    """Yield each model's heading and its instances; the models in the order of their first instances."""
    groups: dict[str, list[Replica]] = {}
    for row in _in_order(shown, order, health):
        groups.setdefault(row.model, []).append(row)
    known: dict[str, int] = {}
    for row in fleet.replicas:
        known[row.model] = known.get(row.model, 0) + 1
    for model, rows in groups.items():
        counts = _counts(rows, known[model], "instance", "instances", health)
        yield Group(model or NO_MODEL, *counts, _totals(model, rows) if len(rows) > 1 else None)
        yield from (ReplicaLine(row, health.of(row), health.word(row)) for row in rows)


def _in_order(rows: Iterable[Replica], order: Order, health: FleetHealth) -> list[Replica]:
    """Return instances in an order; what is equal stays as the snapshot has it."""
    if order is Order.WRONG:
        return sorted(rows, key=health.rank)
    if order is Order.NAME:
        return sorted(rows, key=lambda one: (one.model.casefold(), natural(one.name)))
    figure = _FIGURES[order]

    def most_first(row: Replica) -> tuple[bool, float]:
        value = figure(row)
        return value is None, -(value or 0.0)

    return sorted(rows, key=most_first)


@lru_cache(maxsize=8192)
def natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key that sorts ``gpu-2`` before ``gpu-10``."""
    return tuple(map(_part, _PARTS.findall(name.casefold())))


def _part(text: str) -> tuple[int, int | str]:
    # Digits beyond any port or index are compared as text: reading them costs time without end.
    return (0, int(text)) if text.isascii() and text.isdigit() and len(text) <= 18 else (1, text)


_PARTS = re.compile(r"\d+|\D+", re.ASCII)


def _proxy_lines(
    fleet: FleetSnapshot, shown: Sequence[ProxyRow], order: Order, health: FleetHealth
) -> Iterator[FleetLine]:
    """Yield the heading of the proxies and their rows: those that fail most first, or by name."""
    if not shown:
        return
    yield Group(PROXIES, *_counts(shown, len(fleet.proxies), "proxy", "proxies", health))
    if order is Order.NAME:
        rows = sorted(shown, key=lambda one: natural(one.name))
    else:
        rows = sorted(shown, key=lambda one: (health.rank(one), -sum(one.failures_per_s.values()), natural(one.name)))
    yield from (ProxyLine(row, health.of(row), health.word(row)) for row in rows)


def _counts(
    rows: Sequence[Replica] | Sequence[ProxyRow], known: int, one: str, many: str, health: FleetHealth
) -> tuple[str, str]:
    """Return how many rows there are, and how many of them are not fine; then the same without the noun."""
    total = grouped(known) if len(rows) == known else f"{grouped(len(rows))} of {grouped(known)}"
    words = [health.word(row) for row in rows]
    counted = ((words.count(word), word) for word in (DOWN, Health.ERROR.value, Health.WARNING.value))
    bad = [f"{count} {word}" for count, word in counted if count]
    return ", ".join([f"{total} {one if known == 1 else many}", *bad]), ", ".join([total, *bad])


def _totals(model: str, rows: Sequence[Replica]) -> Replica:
    return Replica(
        "",
        model,
        running=_sum(one.running for one in rows),
        waiting=_sum(one.waiting for one in rows),
        kv_cache=_mean(one.kv_cache for one in rows),
        prefix_hits=_mean(one.prefix_hits for one in rows),
        first_token_p95_s=max(_known(one.first_token_p95_s for one in rows), default=None),
        tokens_per_s=_sum(one.tokens_per_s for one in rows),
        requests_per_s=_sum(one.requests_per_s for one in rows),
        preemptions_per_s=_sum(one.preemptions_per_s for one in rows),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _sum(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return sum(known) if known else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return sum(known) / len(known) if known else None
