"""State what is unusual by the history: late first tokens, slow answers, a queue, a cold cache, GPUs held back."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.history.unusual import COLD_FACTOR, LEAST_TTFT_S, SLOW_FACTOR
from stormdeck.model.history.usual import Shift
from stormdeck.model.request_path import server_gpus
from stormdeck.model.snapshots.gpu import Gpu
from stormdeck.model.snapshots.server import EngineStats, ServerKind, ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.units import duration, grouped, percent, plural, seconds
from stormdeck.model.verdict.statement import Statement, brief

STALE_S = 20.0
"""An older history says nothing about now."""
_LOAD_MINUTES_S = 600
"""After a restart of vLLM its cache is empty, and its first requests are slower."""
_SEE = "Press h for the history."


def problems(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield what is unusual now, if the history is of now and the engine still shows it."""
    steps = deck.history.steps
    if not steps or not 0 <= now - steps[-1].at <= STALE_S:
        return
    yield from _held_back(deck, now)
    vllm = deck.vllm
    if vllm is None or vllm.state is not ServerState.UP or vllm.engine is None:
        return
    yield from _queue(deck, vllm.engine, vllm.kind, now)
    if vllm.started is not None and now - vllm.started < _LOAD_MINUTES_S:
        return
    yield from _late(deck, vllm.engine, now)
    yield from _slow(deck, now)
    yield from _cold(deck, vllm.engine, now)


def _late(deck: Deck, engine: EngineStats, now: float) -> Iterator[Statement]:
    found, current = deck.history.unusual.ttft, engine.ttft_p50_s
    if found is None or current is None or current < max(found.usual * SLOW_FACTOR, found.usual + LEAST_TTFT_S):
        return
    waiting = f"{plural(engine.waiting, 'request')} wait{'s' if engine.waiting == 1 else ''}. " * bool(engine.waiting)
    yield Statement(
        Health.WARNING,
        f"First token {seconds(current)}, usually {seconds(found.usual)}, for {_lasting(found, now)}",
        f"{waiting}Longer prompts, more requests at once or a colder cache make it late. {_SEE}",
        HopKind.SERVER,
        brief=brief(f"First token {seconds(current)}", f"usually {seconds(found.usual)}"),
        cause="requests wait for their turn" if engine.waiting else "unknown",
        evidence=_evidence(found),
        step="compare waiting requests, prompt tokens and cache hits with those of earlier",
        age=now - found.since,
    )


def _slow(deck: Deck, now: float) -> Iterator[Statement]:
    found = deck.history.unusual.decode
    if found is None:
        return
    rates = f"{_rate(found.now)} tokens/s per running request, usually {_rate(found.usual)}"
    yield Statement(
        Health.WARNING,
        f"Slow answers: {rates} with as many running, for {_lasting(found, now)}",
        f"Long prompts being read, preempted requests or GPUs with a lower clock slow answers. {_SEE}",
        HopKind.SERVER,
        brief=brief("Slow answers", f"{_rate(found.now)} tokens/s each, usually {_rate(found.usual)}"),
        cause="unknown",
        evidence=_evidence(found),
        step="compare waiting requests, prompt tokens and GPU clocks with those of earlier",
        age=now - found.since,
    )


def _cold(deck: Deck, engine: EngineStats, now: float) -> Iterator[Statement]:
    found, current = deck.history.unusual.cold, engine.prefix_hit_percent
    if found is None or current is None or current > found.usual * COLD_FACTOR:
        return
    yield Statement(
        Health.WARNING,
        f"The prefix cache has gone cold: {percent(current)} hits, usually {percent(found.usual)}, "
        f"for {_lasting(found, now)}",
        "Each turn computes its whole prompt again. Either the first block of the prompt changes, or there are many "
        "new sessions. Press 3 for the attribution header.",
        HopKind.SERVER,
        "TRAFFIC402",
        brief=brief("The prefix cache has gone cold", f"{percent(current)} hits, usually {percent(found.usual)}"),
        cause="unknown: a changing prompt, or many new sessions",
        evidence=_evidence(found),
        step="stormdeck explain TRAFFIC402",
        age=now - found.since,
    )


def _queue(deck: Deck, engine: EngineStats, kind: ServerKind, now: float) -> Iterator[Statement]:
    """Yield a queue that stays; a full KV cache is a statement of its own, which says why."""
    found = deck.history.unusual.queue
    if found is None or not engine.waiting or engine.crowded:
        return
    lasting = f"{'' if found.is_whole else 'more than '}{duration((now - found.since) // 60 * 60)}"
    verb = "waits" if engine.waiting == 1 else "wait"
    yield Statement(
        Health.WARNING,
        f"The queue does not drain: {plural(engine.waiting, 'request')} {verb}, some at every look for {lasting}",
        f"More requests come than {kind.value} runs at once: fewer subagents, or a higher --max-num-seqs. {_SEE}",
        HopKind.SERVER,
        brief=brief("The queue does not drain", f"{engine.waiting} waiting, for {lasting}"),
        cause="more requests at once than the server runs",
        evidence=f"{kind.value}'s own figures, every 5 s",
        step="run fewer subagents at once",
        age=now - found.since,
    )


def _held_back(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield the GPUs that heat or power slows down, if they are those of the server."""
    found = deck.history.unusual.held
    gpus = server_gpus(deck)
    if found is None or gpus is None:
        return
    cards = [one for one in gpus.gpus if one.index in found.gpus and one.held_back]
    if not cards:
        return
    why = ", ".join(dict.fromkeys(reason for one in cards for reason in one.held_back))
    names = f"GPU{'s' if len(cards) > 1 else ''} {', '.join(str(one.index) for one in cards)}"
    verb = "are" if len(cards) > 1 else "is"
    yield Statement(
        Health.WARNING,
        f"{names} {verb} held back for {duration((now - found.since) // 10 * 10)}: {why}{_clock(cards[0])}",
        "Answers are slower until the cause is gone: look at cooling, power supply and power limit.",
        HopKind.GPU,
        brief=brief(f"{names} {verb} held back", why),
        cause=why,
        evidence=f"the driver's reasons for a lower clock, in every sample of the last "
        f"{duration((now - found.since) // 10 * 10)}",
        step="nvidia-smi -q -d PERFORMANCE,TEMPERATURE,POWER",
        age=now - found.since,
    )


def _clock(gpu: Gpu) -> str:
    if not gpu.clock_mhz or not gpu.clock_max_mhz:
        return ""
    return f", {grouped(gpu.clock_mhz)} of {grouped(gpu.clock_max_mhz)} MHz"


def _rate(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else grouped(value)


def _lasting(found: Shift, now: float) -> str:
    return duration(max(60, (now - found.since) // 60 * 60))


def _evidence(found: Shift) -> str:
    """Return what it is compared with, and how likely chance alone would look like it."""
    return (
        f"vLLM's own figures, compared with {grouped(found.before)} earlier minutes of the same server and model; "
        f"chance alone would look so less than once in {grouped(min(1e9, 1 / found.chance))} times"
    )
