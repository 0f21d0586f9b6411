"""Build what ``status --json`` says of the fleet."""

from __future__ import annotations

from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState, ProxyRow, Replica
from stormdeck.model.fleet.statements import by_model
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.text import clean

MOST_ROWS = 100
"""Rows of each kind, those first that something is wrong with."""


def fleet_as_json(fleet: FleetSnapshot) -> dict[str, object] | None:
    """Return the fleet for scripts; ``None`` where no Prometheus is given."""
    if fleet.state is FleetState.OFF:
        return None
    return {
        "state": fleet.state.value,
        "note": mask_text(clean(fleet.note)),
        "next": mask_text(clean(fleet.next_step)),
        "sources": [mask_text(one) for one in fleet.sources],
        "scrape_interval_s": fleet.interval_s,
        "taken_at": fleet.taken_at,
        "models": [_model(name, rows) for name, rows in by_model(fleet.replicas).items()],
        "replicas": [_replica(one) for one in fleet.replicas[:MOST_ROWS]],
        "proxies": [_proxy(one) for one in fleet.proxies[:MOST_ROWS]],
        "statements": [
            {
                "text": clean(one.text),
                "state": "down" if one.error else "degraded",
                "replicas": list(one.keys[:MOST_ROWS]),
            }
            for one in fleet.statements
        ],
        "omitted": fleet.omitted + max(0, len(fleet.replicas) - MOST_ROWS),
    }


def _model(name: str, rows: list[Replica]) -> dict[str, object]:
    return {
        "model": name,
        "replicas": len(rows),
        "down": sum(one.up is False for one in rows),
        "running": _sum([one.running for one in rows]),
        "waiting": _sum([one.waiting for one in rows]),
        "tokens_per_s": _sum([one.tokens_per_s for one in rows]),
    }


def _sum(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known), 1) if known else None


def _replica(row: Replica) -> dict[str, object]:
    return {
        "key": row.key,
        "name": row.name,
        "number": row.number,
        "model": row.model,
        "up": row.up,
        "running": row.running,
        "waiting": row.waiting,
        "kv_cache": row.kv_cache,
        "prefix_hits": row.prefix_hits,
        "first_token_p50_s": row.first_token_p50_s,
        "first_token_p95_s": row.first_token_p95_s,
        "tokens_per_s": row.tokens_per_s,
        "preemptions_per_s": row.preemptions_per_s,
        "version": row.version or None,
        "host": row.host or None,
    }


def _proxy(row: ProxyRow) -> dict[str, object]:
    return {
        "key": row.key,
        "name": row.name,
        "up": row.up,
        "requests_per_s": row.requests_per_s,
        "failures_per_s": dict(row.failures_per_s),
        "cooldowns": list(row.cooldowns),
        "user_agents": dict(row.user_agents),
    }
