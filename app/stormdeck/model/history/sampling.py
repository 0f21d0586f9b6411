"""Take a sample of the figures from the newest snapshots."""

from __future__ import annotations

from collections.abc import Sequence

from stormdeck.model.history.figures import DIGITS, FIGURES, Sample
from stormdeck.model.snapshots.gpu import Gpu, GpuSnapshot, GpuState
from stormdeck.model.snapshots.gpu_hosts import GpuHosts
from stormdeck.model.snapshots.server import ServerState, VllmSnapshot
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.text import clean
from stormdeck.model.urls import host_of, is_loopback, place

_LONGEST_NAME = 200
_ANSWERS = {ServerState.UP, ServerState.DEGRADED}
"""States in which an engine's figures are those of now."""


def sample_of(at: int, vllm: VllmSnapshot | None, gpu: GpuSnapshot | None, traffic: TrafficSnapshot | None) -> Sample:
    """Return the figures of a moment. What its source does not know now is ``None``, never zero."""
    known = {**_requests(traffic), **_engine(vllm), **_gpus(gpu)}
    cards = gpu.gpus if gpu is not None and gpu.state is GpuState.OK else ()
    return Sample(
        at,
        tuple(known.get(figure.key) for figure in FIGURES),
        clean(place(vllm.url))[:_LONGEST_NAME] if vllm is not None else "",
        clean(vllm.models[0].id)[:_LONGEST_NAME] if vllm is not None and vllm.models else "",
        tuple(one.index for one in cards if one.held_back),
    )


def gpus_of(vllm: VllmSnapshot | None, here: GpuSnapshot | None, hosts: GpuHosts) -> GpuSnapshot | None:
    """Return the GPUs of the server's machine if an exporter there shows them, else those of this machine."""
    host = hosts.of(vllm.url) if vllm is not None else None
    is_read_here = here is not None and here.state is GpuState.OK and bool(here.gpus)
    if host is None or (is_read_here and is_loopback(host_of(host.url))):
        return here
    return host.snapshot


def _requests(traffic: TrafficSnapshot | None) -> dict[str, float | None]:
    if traffic is None or not traffic.logs or traffic.uncounted or traffic.unwatched_s:
        return {}
    return {
        "requests_per_minute": traffic.requests_per_minute,
        "retries_per_minute": traffic.retries_per_minute,
    }


def _engine(vllm: VllmSnapshot | None) -> dict[str, float | None]:
    engine = vllm.engine if vllm is not None and vllm.state in _ANSWERS else None
    if engine is None:
        return {}
    return {
        "running": float(engine.running),
        "waiting": float(engine.waiting),
        "kv_cache_percent": engine.kv_cache_percent,
        "ttft_p50_s": engine.ttft_p50_s,
        "ttft_p95_s": engine.ttft_p95_s,
        "generation_tokens_per_s": engine.generation_tokens_per_s,
        "prompt_tokens_per_s": engine.prompt_tokens_per_s,
        "prefix_hit_percent": engine.prefix_hit_percent,
    }


def _gpus(gpu: GpuSnapshot | None) -> dict[str, float | None]:
    if gpu is None or gpu.state is not GpuState.OK:
        return {}
    cards = [one for one in gpu.gpus if not one.lost]
    busy = [one.utilization_percent for one in cards if one.utilization_percent is not None]
    power = [one.power_w for one in cards if one.power_w is not None]
    return {
        "gpu_percent": round(sum(busy) / len(busy), DIGITS) if busy else None,
        "gpu_memory_percent": _memory(cards),
        "gpu_power_w": float(sum(power)) if power else None,
    }


def _memory(cards: Sequence[Gpu]) -> float | None:
    pairs = [
        (one.memory_used_bytes, one.memory_total_bytes)
        for one in cards
        if one.memory_used_bytes is not None and one.memory_total_bytes
    ]
    total = sum(whole for _, whole in pairs)
    return round(100 * sum(used for used, _ in pairs) / total, DIGITS) if total else None
