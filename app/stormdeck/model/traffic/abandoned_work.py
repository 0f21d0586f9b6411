"""Work that a server does, or has done, for requests whose client has gone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stormdeck.model.deck import Deck
from stormdeck.model.snapshots.server import ProxySnapshot, VllmSnapshot
from stormdeck.model.units import grouped, plural

LIKELY = "likely: other clients than Claude Code are not known"
POSSIBLE = "possible: requests may also come past the proxy"
MEASURED = "measured by the engine's own counters"


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Requests that the server works on though their client has gone, or worked on until the client went."""

    number: int
    """Of those that run now."""
    evidence: str
    """What tells it, in words."""
    confidence: str
    """How sure it is, in words."""
    tokens: int | None = None
    """Prompt tokens of the last window that no finished request accounts for, at least; ``None``: not told."""

    @property
    def words(self) -> str:
        """Return it as a sentence: ``2 requests run without a client``."""
        if self.number:
            return f"{plural(self.number, 'request runs', 'requests run')} without a client"
        return f"{grouped(self.tokens or 0)} prompt tokens or more were read for requests that never finished"


def abandoned_work(deck: Deck) -> Abandoned | None:
    """Tell what the server on the path does, or did in the last window, for nobody; ``None`` where nothing says so."""
    engine = deck.vllm.engine if deck.vllm is not None else None
    waiting = deck.traffic.waiting if deck.traffic is not None else None
    running = abandoned(deck.vllm, deck.proxy, waiting)
    tokens = (engine.prompt_tokens_unfinished or None) if engine is not None else None
    if running is not None:
        return replace(running, tokens=tokens)
    if engine is None or tokens is None:
        return None
    told = (
        f"in the last {engine.window_s} s vLLM counted {grouped(tokens)} prompt tokens more than its finished requests "
        "had, and none runs now"
    )
    return Abandoned(0, told, MEASURED, tokens)


def abandoned(vllm: VllmSnapshot | None, proxy: ProxySnapshot | None, waiting: int | None) -> Abandoned | None:
    """Tell which requests run without a client, ``None`` where nothing speaks for any.

    ``waiting``: requests that clients wait for an answer to, as the client's transcripts tell; ``None`` where they
    are not read. A client that leaves before the answer starts does not stop LiteLLM, nor vLLM behind it (measured,
    1.80 and 1.109): both go on, for 6000 s at most.
    """
    running = None if vllm is None or vllm.engine is None else vllm.engine.running + vllm.engine.waiting
    inside = None if proxy is None else proxy.in_flight
    if waiting is None or (inside is None and running is None):
        return _beside_the_proxy(running, inside)
    held, where = (inside, "the proxy has") if inside is not None else (running or 0, "vLLM has")
    if held <= waiting:
        return None
    told = f"{where} {plural(held, 'request')} in flight, clients wait for {waiting or 'none'}"
    return Abandoned(held - waiting, told, LIKELY)


def _beside_the_proxy(running: int | None, inside: int | None) -> Abandoned | None:
    """Tell what vLLM works on that did not come through the proxy, or that the proxy gave up on."""
    if running is None or inside is None or running <= inside:
        return None
    return Abandoned(
        running - inside,
        f"vLLM works on {plural(running, 'request')}, the proxy waits for {inside or 'none'}: "
        "the others were left behind, or came past the proxy",
        POSSIBLE,
    )
