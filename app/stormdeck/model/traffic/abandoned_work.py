"""Find work that servers do for requests whose client has disconnected."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stormdeck.model.deck import Deck
from stormdeck.model.snapshots.server import ProxySnapshot, VllmSnapshot
from stormdeck.model.units import grouped, plural

LIKELY = "likely, unless other clients than Claude Code send requests"
POSSIBLE = "possible: requests may also bypass the proxy"
MEASURED = "measured by the engine's own counters"


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Requests that a server works on although their client has disconnected, or tokens it read for such requests."""

    number: int
    """How many such requests run now."""
    evidence: str
    """The evidence, in words."""
    confidence: str
    """How certain it is, in words."""
    tokens: int | None = None
    """Lower bound of the prompt tokens in the last window that belong to no finished request; ``None``: unknown."""

    @property
    def words(self) -> str:
        """Return a sentence for the user: ``2 requests run without a client``."""
        if self.number:
            return f"{plural(self.number, 'request runs', 'requests run')} without a client"
        return f"{grouped(self.tokens or 0)} prompt tokens or more were read for requests that never finished"


def abandoned_work(deck: Deck) -> Abandoned | None:
    """Return the abandoned work of the server on the path, now or in the last window; ``None`` if there is none."""
    engine = deck.vllm.engine if deck.vllm is not None else None
    waiting = deck.traffic.waiting if deck.traffic is not None else None
    running = abandoned(deck.vllm, deck.proxy, waiting)
    tokens = (engine.prompt_tokens_unfinished or None) if engine is not None else None
    if running is not None:
        return replace(running, tokens=tokens)
    if engine is None or tokens is None:
        return None
    evidence = (
        f"in the last {engine.window_s} s vLLM counted {grouped(tokens)} prompt tokens more than its finished requests "
        "had, and none runs now"
    )
    return Abandoned(0, evidence, MEASURED, tokens)


def abandoned(vllm: VllmSnapshot | None, proxy: ProxySnapshot | None, waiting: int | None) -> Abandoned | None:
    """Return the requests that run without a client, ``None`` if there is no evidence for any.

    ``waiting``: requests that clients are waiting for, by their transcripts; ``None`` if these are not read. A client
    that disconnects before the answer starts does not stop LiteLLM, nor vLLM behind it (measured, 1.80 and 1.109):
    both continue for up to 6000 s.
    """
    running = None if vllm is None or vllm.engine is None else vllm.engine.running + vllm.engine.waiting
    inside = None if proxy is None else proxy.in_flight
    if waiting is None or (inside is None and running is None):
        return _beside_the_proxy(running, inside)
    held, where = (inside, "the proxy has") if inside is not None else (running or 0, "vLLM has")
    if held <= waiting:
        return None
    evidence = f"{where} {plural(held, 'request')} in flight, clients wait for {waiting or 'none'}"
    return Abandoned(held - waiting, evidence, LIKELY)


def _beside_the_proxy(running: int | None, inside: int | None) -> Abandoned | None:
    """Return the requests in vLLM that did not come through the proxy, or that the proxy gave up on."""
    if running is None or inside is None or running <= inside:
        return None
    return Abandoned(
        running - inside,
        f"vLLM works on {plural(running, 'request')}, the proxy waits for {inside or 'none'}: "
        "the others were abandoned, or bypassed the proxy",
        POSSIBLE,
    )
