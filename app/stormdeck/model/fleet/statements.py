"""State what is wrong in the fleet, in sentences that the figures prove."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from stormdeck.model.fleet.outliers import outliers
from stormdeck.model.fleet.queries import COOLED_S, LATE_S
from stormdeck.model.fleet.snapshot import FleetStatement, ProxyRow, Replica
from stormdeck.model.units import duration, percent, plural, seconds

FULL, CROWDED_PREEMPTIONS_PER_S = 0.95, 0.02
"""The use of the KV cache, and the preemptions a second over minutes, of an instance that is too full."""
COLD, WARM = 0.2, 0.5
"""The hit rates of a cache that has gone cold, now and in the hour before: as in the alerting rule."""
LEAST_PROMPT_TOKENS_PER_S = 100.0
IDLE_SIBLING = 0.5
_MOST_NAMES = 3
_MOST = 50


def statements(rows: Sequence[Replica], proxies: Sequence[ProxyRow]) -> tuple[FleetStatement, ...]:
    """Return all statements, errors first; within a kind in the order of the rows."""
    found = [one for model in by_model(rows).values() for one in _of_model(model)]
    found += [one for proxy in proxies for one in _of_proxy(proxy)]
    return tuple(sorted(found, key=lambda one: not one.error)[:_MOST])


def by_model(rows: Iterable[Replica]) -> dict[str, list[Replica]]:
    """Return the rows of each model."""
    found: dict[str, list[Replica]] = {}
    for row in rows:
        found.setdefault(row.model, []).append(row)
    return found


def _of_model(rows: Sequence[Replica]) -> Iterator[FleetStatement]:
    yield from _down(rows)
    yield from _slow(rows)
    idle = sorted(one.running or 0.0 for one in rows if one.up and one.waiting == 0)
    for row in rows:
        yield from _queue(row, rows, bisect_right(idle, IDLE_SIBLING * (row.running or 0.0)))
        yield from _full(row, rows)
    yield from _cold(rows)


def _down(rows: Sequence[Replica]) -> Iterator[FleetStatement]:
    down = [one for one in rows if one.up is False]
    if not down:
        return
    keys = tuple(one.key for one in down)
    if len(down) == 1:
        yield FleetStatement(
            f"{called(down[0], rows)} is down: Prometheus's scrapes of it fail",
            error=True,
            keys=keys,
            brief=(short(down[0], rows), "is down"),
        )
        return
    which = f"All {len(rows)}" if len(down) == len(rows) else f"{len(down)} of {len(rows)}"
    names = _listed([one.name for one in down])
    yield FleetStatement(
        f"{which} replicas of {_model(rows)} are down, their scrapes fail: {names}",
        error=True,
        keys=keys,
        brief=(f"{which} replicas of {_model(rows)}", "are down"),
    )


def _slow(rows: Sequence[Replica]) -> Iterator[FleetStatement]:
    for one in outliers(rows):
        own = one.row.first_token_p50_s or 0.0
        times = own / one.usual_s if one.usual_s else 0.0
        factor = f"{times:.0f} times" if times >= 2.5 else f"{times:.1f} times"
        yield FleetStatement(
            f"{called(one.row, rows)}: first token {seconds(own)}, {factor} its siblings' {seconds(one.usual_s)} "
            f"(medians of {duration(LATE_S)})",
            keys=(one.row.key,),
            brief=(short(one.row, rows), f"first token {seconds(own)}, siblings {seconds(one.usual_s)}"),
        )


def _queue(row: Replica, rows: Sequence[Replica], idle: int) -> Iterator[FleetStatement]:
    if not row.up or row.waited_for_s is None or not row.waiting:
        return
    others = "sibling has no queue and runs" if idle == 1 else "siblings have no queue and run"
    beside = f"; {idle} {others} half as many at most" if idle else ""
    verb = "waits" if row.waiting == 1 else "wait"
    yield FleetStatement(
        f"The queue of {called(row, rows)} does not drain: {plural(round(row.waiting), 'request')} {verb}, some at "
        f"every scrape for {duration(row.waited_for_s)}{beside}",
        keys=(row.key,),
        brief=(short(row, rows), f"queue does not drain: {round(row.waiting)} waiting"),
    )


def _full(row: Replica, rows: Sequence[Replica]) -> Iterator[FleetStatement]:
    rate = row.preemptions_per_s or 0.0
    if row.up and rate >= CROWDED_PREEMPTIONS_PER_S:
        full = row.kv_cache or 0.0
        cache = f", KV cache {percent(100 * full)} full" if full >= FULL else ""
        yield FleetStatement(
            f"{called(row, rows)} preempts requests and computes them again: about {round(rate * LATE_S)} in "
            f"{duration(LATE_S)}{cache}",
            keys=(row.key,),
            brief=(short(row, rows), "preempts requests"),
        )


def _cold(rows: Sequence[Replica]) -> Iterator[FleetStatement]:
    cold = [
        one
        for one in rows
        if one.up
        and one.prefix_hits is not None
        and one.prefix_hits_before is not None
        and one.prefix_hits < COLD
        and one.prefix_hits_before > WARM
        and (one.prefix_tokens_per_s or 0.0) >= LEAST_PROMPT_TOKENS_PER_S
    ]
    for one in cold:
        yield FleetStatement(
            f"The prefix cache of {called(one, rows)} has gone cold: {percent(100 * (one.prefix_hits or 0))} hits in "
            f"{duration(LATE_S)}, {percent(100 * (one.prefix_hits_before or 0))} in the hour before",
            keys=(one.key,),
            brief=(short(one, rows), f"cache gone cold: {percent(100 * (one.prefix_hits or 0))} hits"),
        )


def _of_proxy(proxy: ProxyRow) -> Iterator[FleetStatement]:
    if proxy.up is False:
        yield FleetStatement(
            f"LiteLLM {proxy.name} is down: Prometheus's scrapes of it fail",
            error=True,
            keys=(proxy.key,),
            brief=(f"LiteLLM {proxy.name}", "is down"),
        )
    if proxy.cooldowns:
        named = _listed(proxy.cooldowns)
        yield FleetStatement(
            f"LiteLLM {proxy.name} put {named} into cooldown in the last {duration(COOLED_S)}: meanwhile it may answer "
            "429 by itself",
            keys=(proxy.key,),
            brief=(f"LiteLLM {proxy.name}", "cools deployments down"),
        )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def short(row: Replica, rows: Sequence[Replica]) -> str:
    """Return what a narrow pane calls an instance."""
    return f"replica {row.number} of {row.model}" if row.model and len(rows) != 1 else row.model or row.name


def called(row: Replica, rows: Sequence[Replica] = ()) -> str:
    """Return what a statement calls an instance: ``replica 3 of qwen (gpu-3:8000)``; alone, without its number."""
    if not row.model:
        return row.name
    return f"replica {row.number} of {row.model} ({row.name})" if len(rows) != 1 else f"{row.model} ({row.name})"


def _model(rows: Sequence[Replica]) -> str:
    return rows[0].model or "an unnamed model"
