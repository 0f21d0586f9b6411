"""State what is wrong in a running vLLM and its GPUs: full KV cache, cold prefix cache, slow or abandoned answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.settings.schema import timeout_ms
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.model.snapshots.server import EngineLoad, EngineStats, ServerKind, ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.symptoms.blame import proxy_name
from stormdeck.model.units import duration, percent, plural, seconds
from stormdeck.model.verdict.statement import Statement, brief
from stormdeck.model.versions import version_key

NEAR = 0.7
"""Fraction of the client's timeout from which a slow first token is reported."""
COLD_S = 60.0
RECENT_S = 600.0
"""How long after a timeout vLLM may still work on the abandoned request."""
_DEFAULT_TIMEOUT_S = 600.0
_CEILING_S, _CEILING_NEW_S = 300.0, 360.0
"""Seconds without a byte after which the client drops a request, whatever API_TIMEOUT_MS is.

Measured with 2.1.112 and 2.1.329.
"""


def problems(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield what is wrong with the GPUs, and inside a vLLM that is up."""
    yield from _gpus(deck)
    is_up = deck.vllm is not None and deck.vllm.state is ServerState.UP and deck.vllm.kind is ServerKind.VLLM
    engine = deck.vllm.engine if deck.vllm is not None and is_up else None
    if engine is None:
        return
    yield from _hung_engines(engine)
    yield from _full_cache(engine)
    yield from _slow(deck, engine)
    yield from _abandoned(deck, engine, now)
    yield from _cold(deck, now)


def _gpus(deck: Deck) -> Iterator[Statement]:
    state, gpus = deck.gpu.state, deck.gpu.gpus
    if state in {GpuState.LOST, GpuState.FAILED}:
        lost = state is GpuState.LOST
        headline = "The GPU driver stopped answering" if lost else "The GPUs cannot be read"
        yield Statement(
            Health.ERROR, headline, deck.gpu.detail, HopKind.GPU, evidence=deck.gpu.detail, step="nvidia-smi"
        )
    for gpu in gpus:
        if gpu.lost:
            headline = f"GPU {gpu.index} ({gpu.name}) is lost"
            yield Statement(Health.ERROR, headline, gpu.detail, HopKind.GPU, evidence=gpu.detail, step="nvidia-smi")


def _full_cache(engine: EngineStats) -> Iterator[Statement]:
    crowded = engine.crowded
    if not crowded:
        return
    waiting, preempted = sum(one.waiting for one in crowded), sum(one.preemptions for one in crowded)
    fullest = max((one.kv_cache_percent for one in crowded if one.kv_cache_percent is not None), default=None)
    cache = f"KV cache {'up to ' if len(crowded) > 1 else ''}{percent(fullest)}"
    parts = [cache, f"{plural(waiting, 'request')} waiting"]
    if preempted:
        parts.append(f"{plural(preempted, 'request')} preempted and computed again")
    who, verb = _engine_names(engine, crowded)
    yield Statement(
        Health.WARNING,
        f"{who} {verb} short of memory: {', '.join(parts)}",
        "Slow answers time out and are retried. Run fewer subagents at once, or give the KV cache more memory.",
        HopKind.SERVER,
        "SERVER907",
        brief=brief(f"{who} {verb} short of memory", f"{cache}, {waiting} waiting"),
        cause="more requests than the KV cache can hold",
        evidence=f"vLLM's own figures of the last {duration(engine.window_s)}",
        step="stormdeck explain SERVER907",
    )


def _engine_names(engine: EngineStats, some: Sequence[EngineLoad]) -> tuple[str, str]:
    """Return which engines are meant, and the verb for them."""
    if not engine.engines:
        return "vLLM", "is"
    if len(some) == 1:
        return f"vLLM's engine {some[0].name}, one of {len(engine.engines)},", "is"
    return f"{len(some)} of {len(engine.engines)} vLLM engines", "are"


def _hung_engines(engine: EngineStats) -> Iterator[Statement]:
    """Yield that some data-parallel engines hang; if all do, the server's state already shows it."""
    hung = engine.stalled
    if not hung or len(hung) == len(engine.engines):
        return
    who, _ = _engine_names(engine, hung)
    running, span = sum(one.running for one in hung), duration(max(one.stalled_s for one in hung))
    verb = "hang" if len(hung) > 1 else "hangs"
    yield Statement(
        Health.WARNING,
        f"{who} {verb}: {plural(running, 'request runs', 'requests run')} there and no token came out for {span}",
        "The other engines work. Requests on this one time out and are retried. Restart vLLM.",
        HopKind.SERVER,
        "SERVER905",
        brief=brief(f"{len(hung)} of {len(engine.engines)} vLLM engines {verb}", f"no token for {span}"),
        cause="an engine hangs",
        evidence="vLLM's own figures, engine by engine",
        step="restart vLLM",
    )


def _slow(deck: Deck, engine: EngineStats) -> Iterator[Statement]:
    slowest, limit = engine.ttft_p95_s, timeout_s(deck)
    if slowest is None or slowest < NEAR * limit:
        return
    over = slowest >= limit
    yield Statement(
        Health.WARNING,
        f"The first token takes {seconds(slowest)}, and Claude Code gives up after {seconds(limit)}",
        ("It drops such requests and retries them." if over else "If it gets a little slower, requests are retried.")
        + " Press 3 for the timeout.",
        HopKind.SERVER,
        "TIME504",
        brief=brief(f"First token takes {seconds(slowest)}", f"Claude Code gives up after {seconds(limit)}"),
        cause="answers start late",
        evidence=f"95th percentile, vLLM's own figures of the last {duration(engine.window_s)}",
        step="stormdeck explain TIME504",
    )


def timeout_s(deck: Deck) -> float:
    """Return the seconds after which the client drops a request without a byte."""
    configured = timeout_ms(deck.settings.text("env.API_TIMEOUT_MS"))
    own = configured / 1000 if configured else _DEFAULT_TIMEOUT_S
    newest = deck.client_version is None or version_key(deck.client_version) >= (2, 1, 329)
    idle = (deck.settings.text("env.CLAUDE_STREAM_IDLE_TIMEOUT_MS") or "").strip()
    if newest and idle.isdecimal():
        return min(own, max(int(idle) / 1000, _CEILING_S))
    return min(own, _CEILING_NEW_S if newest else _CEILING_S)


def _abandoned(deck: Deck, engine: EngineStats, now: float) -> Iterator[Statement]:
    """Yield that vLLM still works on requests that the client has dropped, if three signs agree."""
    traffic = deck.traffic
    if traffic is None or deck.proxy is None or traffic.waiting is None:
        return
    timed_out = any(one.cause in {"timeout", "408"} and now - one.last < RECENT_S for one in traffic.storms)
    at_work = max(engine.running, deck.proxy.in_flight or 0)
    if not timed_out or at_work < traffic.waiting + 2:
        return
    yield Statement(
        Health.WARNING,
        f"vLLM may be working on abandoned requests: {at_work} in flight, "
        f"{plural(traffic.waiting, 'turn')} waiting for an answer",
        f"Without cancel_on_disconnect, {proxy_name(deck)} does not tell vLLM that a client hung up. Restarting the "
        "proxy ends the work.",
        HopKind.PROXY,
        "PROXY811",
        brief=brief("vLLM may work on abandoned requests", f"{at_work} in flight, {traffic.waiting} waited for"),
        cause="the client timed out and hung up, but its requests keep running",
        evidence="a storm of timeouts, the requests in flight, and the transcripts' open turns; clients other than "
        "Claude Code are not counted",
        step="stormdeck explain PROXY811",
    )


def _cold(deck: Deck, now: float) -> Iterator[Statement]:
    cache = deck.prefix
    rate = deck.vllm.engine.prefix_hit_percent if deck.vllm is not None and deck.vllm.engine is not None else None
    if cache.cold_since is None or cache.usual_percent is None or rate is None or now - cache.cold_since < COLD_S:
        return
    before, after = cache.usual_version, deck.client_version
    changed = f" with Claude Code {before}" if before and before != after else ""
    now_with = f" with {after}" if changed and after else ""
    yield Statement(
        Health.WARNING,
        f"The prefix cache has gone cold: {percent(rate)} hits{now_with}, {percent(cache.usual_percent)} before"
        + changed,
        "Each turn computes its whole prompt again. Either the first block of the prompt changes, or there are many "
        "new sessions. Press 3 for the attribution header.",
        HopKind.CLIENT if changed else None,
        "TRAFFIC402",
        brief=brief("The prefix cache has gone cold", f"{percent(rate)} hits, {percent(cache.usual_percent)} before"),
        cause="the client changed" if changed else "unknown: a changing prompt, or many new sessions",
        evidence=f"vLLM's own hit rates, below half of the usual rate for {duration(now - cache.cold_since)}",
        step="stormdeck explain TRAFFIC402",
        age=now - cache.cold_since,
    )
