"""Build the document that ``status --json`` prints, and its short form for status bars."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.gpu_places import GpuPlace, gpu_places
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.request_path import (
    Hop,
    gpus_elsewhere,
    path,
    remote_gpus,
    server_gpus,
    unknown_base,
    unknown_front,
)
from stormdeck.model.retries.storms.report import storm_as_json
from stormdeck.model.routes.health import groups_of, main_group
from stormdeck.model.routes.table import is_same_server
from stormdeck.model.settings.trust import withheld
from stormdeck.model.snapshots.gpu import Gpu
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.status.bar import Bar, shortened
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.traffic.access_lines import why_uncounted
from stormdeck.model.verdict.all_well import WELL
from stormdeck.model.verdict.statement import Statement
from stormdeck.model.wire.in_flight import flight_as_json, progress_words

VERSION = 1
NO_LOG = "no log is read"
OK, DEGRADED, DOWN = "ok", "degraded", "down"

_STATES = {Health.OK: OK, Health.ERROR: DOWN}
_STATE_OF = {**_STATES, Health.UNKNOWN: "unknown"}


def status_json(deck: Deck, statements: tuple[Statement, ...]) -> dict[str, object]:
    """Return the status of a deck with its statements, as ``status --json`` prints it."""
    first, traffic = statements[0], deck.traffic
    storm = traffic.live_storm if traffic is not None else None
    reason = _why_unknown(deck)
    counted = traffic if not reason else None
    return {
        "version": VERSION,
        "state": state_of(first),
        "headline": {"text": clean(first.headline), "hop": _kind(first.hop), "code": first.code},
        "hops": [*(_hop(hop, deck) for hop in path(deck, by_group=False)), *_other_servers(deck)],
        "gpus": [_gpu(gpu, place) for place in gpu_places(deck) for gpu in place.snapshot.gpus],
        "gpu_hosts": [_gpu_host(place) for place in gpu_places(deck) if place.name],
        "requests": {
            "per_minute": counted.requests_per_minute if counted is not None else None,
            "turns_per_minute": counted.turns_per_minute if counted is not None else None,
            "retries_per_minute": counted.retries_per_minute if counted is not None else None,
            "reason": reason or None,
            "storm": storm_as_json(storm) if storm is not None else None,
            "lines_not_analysed": deck.own_faults.unanalysed,
            "window": _window(counted),
        },
        "statements": [_statement(one) for one in statements],
        "in_flight": [flight_as_json(one) for one in deck.wire.in_flight] if deck.wire.recorders else None,
    }


def _gpu(gpu: Gpu, place: GpuPlace) -> dict[str, object]:
    return {
        "index": gpu.index,
        "name": clean(gpu.name),
        "utilization_percent": gpu.utilization_percent,
        "memory_used_bytes": gpu.memory_used_bytes,
        "memory_total_bytes": gpu.memory_total_bytes,
        "temperature_c": gpu.temperature_c,
        "power_w": gpu.power_w,
        "of_server": place.is_of_server,
        "host": mask_text(clean(place.name)) or None,
    }


def _gpu_host(place: GpuPlace) -> dict[str, object]:
    """Return a machine whose exporter is read, and the servers that run there."""
    return {
        "name": mask_text(clean(place.name)),
        "url": mask_text(clean(place.url)),
        "state": place.snapshot.state.value,
        "detail": mask_text(clean(place.snapshot.detail)),
        "servers": [mask_text(url) for url in place.servers],
        "of_server": place.is_of_server,
    }


def _why_unknown(deck: Deck) -> str:
    """Return why the rates are unknown; empty if they are counted."""
    if deck.traffic is None:
        return why_uncounted(deck) or ("no log has times in its lines" if deck.discovery.logs else NO_LOG)
    return why_uncounted(deck) if deck.traffic.logs else NO_LOG


def _window(traffic: TrafficSnapshot | None) -> dict[str, object] | None:
    """Return the counts of the whole window and the log they come from; ``None`` while no log is read."""
    if traffic is None or not traffic.logs:
        return None
    return {
        "seconds": traffic.bucket_s * len(traffic.buckets),
        "turns": traffic.turns,
        "requests": traffic.requests,
        "retries": traffic.retries,
        "log": traffic.counted or None,
    }


def bar_of(deck: Deck, statements: tuple[Statement, ...]) -> Bar:
    """Return what a status bar shows of a deck."""
    first = statements[0]
    is_well = first.health is Health.OK and first.headline.startswith(WELL)
    headline = "all well" if is_well else clean(first.brief.replace("\n", " · ") or first.headline)
    traffic = deck.traffic
    live = [storm for storm in traffic.storms if storm.fails] if traffic is not None else []
    words = [f"STORM attempt {storm.attempts} of {storm.limit} · {clean(storm.cause)}" for storm in live]
    if live:
        words[0] = headline
    return Bar(
        health=first.health,
        words=shortened(headline),
        code=first.code or "",
        hops=[(_kind(hop.kind) or "", clean(hop.name), hop.health) for hop in path(deck)],
        storms=[(clean(storm.session or ""), shortened(one)) for storm, one in zip(live, words, strict=True)],
        flights=[(clean(one.session), one.started, progress_words(one)) for one in deck.wire.in_flight],
    )


def is_complete(deck: Deck) -> bool:
    """Return whether every source has answered once: before, a status would be empty."""
    servers = (deck.vllm, deck.proxy)
    return deck.discovery.done and all(one is None or one.state is not ServerState.ASKING for one in servers)


def state_of(first: Statement) -> str:
    """Return the state of the stack by its first statement; an error that fails no turn is only degraded."""
    return _STATES.get(first.health if first.rank is None else Health.WARNING, DEGRADED)


def _statement(one: Statement) -> dict[str, object]:
    return {
        "text": clean(one.headline),
        "state": _STATE_OF.get(one.health, DEGRADED),
        "hop": _kind(one.hop),
        "code": one.code,
        "cause": clean(one.cause),
        "evidence": clean(one.evidence),
        "next": clean(one.step),
        "age_s": round(one.age) if one.age is not None else None,
    }


def _kind(hop: HopKind | None) -> str | None:
    return hop.value.lower() if hop is not None else None


def _hop(hop: Hop, deck: Deck) -> dict[str, object]:
    server = {HopKind.PROXY: deck.proxy, HopKind.SERVER: deck.vllm}.get(hop.kind)
    unknown = {HopKind.PROXY: unknown_front, HopKind.SERVER: unknown_base}.get(hop.kind)
    base = unknown(deck) if unknown is not None and server is None else None
    url = server.url if server is not None else base.url if base is not None else None
    gpus = server_gpus(deck) if hop.kind is HopKind.GPU else None
    detail = server.detail if server is not None else gpus.detail if gpus is not None else hop.figure
    held_back = withheld(deck.settings) if hop.kind is HopKind.CLIENT else None
    hosted = deck.discovery.hosted if hop.kind is HopKind.SERVER and server is None else None
    if held_back is not None:
        detail = held_back.words
    elif hosted is not None and base is None:
        detail = hosted.why
    elif hop.kind is HopKind.SERVER and server is None and base is None and deck.discovery.hidden is not None:
        detail = f"it runs {deck.discovery.hidden.where}"
    elif hop.kind is HopKind.GPU and gpus is None:
        detail = remote_gpus(gpus_elsewhere(deck))
    return {
        "name": clean(hop.name),
        "kind": _kind(hop.kind),
        "url": mask_text(url) if url is not None else None,
        "state": _hop_state(hop, up=server is not None and server.state is ServerState.UP),
        "latency_ms": server.latency_ms if server is not None else None,
        "detail": mask_text(clean(detail)),
        "group": _group(deck) if hop.kind is HopKind.SERVER else None,
    }


def _group(deck: Deck) -> str | None:
    """Return the model group of the server on the path."""
    found = main_group(deck)
    return mask_text(clean(found.group.name)) if found is not None else None


def _other_servers(deck: Deck) -> Iterator[dict[str, object]]:
    """Yield the servers of all model groups, but for the one on the path: a hop for each group that it serves."""
    main = main_group(deck)
    for group in groups_of(deck):
        is_main = main is not None and group.group.name == main.group.name
        for one in group.servers:
            if is_main and (len(group.servers) == 1 or _is_polled(deck, one.upstream.url)):
                continue
            backend = one.backend
            yield {
                "name": "server",
                "kind": _kind(HopKind.SERVER),
                "url": mask_text(one.upstream.url) or None,
                "state": _STATE_OF.get(one.health, DEGRADED),
                "latency_ms": backend.latency_ms if backend is not None else None,
                "detail": mask_text(clean(one.words)),
                "group": mask_text(clean(group.group.name)),
            }


def _is_polled(deck: Deck, url: str) -> bool:
    return deck.vllm is not None and is_same_server(url, deck.vllm.url)


def _hop_state(hop: Hop, *, up: bool) -> str:
    """Return the state of a hop; a server that answers is never down, only degraded."""
    return DEGRADED if up and hop.health is Health.ERROR else _STATE_OF.get(hop.health, DEGRADED)
