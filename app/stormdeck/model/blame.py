"""Which hop a storm comes from, told from its status and the first error record beside it."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.deck import Deck
from stormdeck.model.finding import Severity
from stormdeck.model.path import HopKind
from stormdeck.model.retries.storm import Storm
from stormdeck.model.server import ServerState


@dataclass(frozen=True, slots=True)
class Blame:
    """The hop, the cause in a few words, and what to do."""

    hop: HopKind | None
    cause: str
    """``500 from vLLM: EngineCore encountered an issue``."""
    advice: str
    who: str = ""
    """The program that answers with it, where that is known."""


def blame(storm: Storm, deck: Deck) -> Blame:
    """Return the hop that a storm comes from, ``None`` in it where nothing tells."""
    reason = storm.reason.rstrip(".")
    hop, advice = _told(storm.cause, reason.lower(), deck)
    unreached = reason.lower().startswith("cannot connect") and deck.proxy is not None
    who = _proxy_name(deck) if hop is HopKind.PROXY or unreached else "vLLM" if hop is HopKind.SERVER else ""
    cause = f"{storm.cause} from {who}" if who else storm.cause
    return Blame(hop, f"{cause}: {reason}" if reason else cause, advice, who)


def _told(cause: str, reason: str, deck: Deck) -> tuple[HopKind | None, str]:
    others = _innocent(deck)
    if "enginecore" in reason or ("engine" in reason and "dead" in reason):
        return HopKind.SERVER, f"vLLM's engine died; its log has the stack trace. Restart vLLM. {others}".rstrip()
    if "does not exist" in reason or "invalid model name" in reason:
        return HopKind.CLIENT, "The id that Claude Code asks for is not served. Press 3 to map a served one."
    if "no connected db" in reason or "authentication" in reason or cause in {"401", "403"}:
        return HopKind.CLIENT, "The token is refused. Press 3 and set ANTHROPIC_AUTH_TOKEN to the server's key."
    if "no deployments available" in reason or "cooldown" in reason:
        return (
            HopKind.PROXY,
            "The proxy is in cooldown and answers without asking vLLM; the error before it is the cause.",
        )
    if "connect" in reason or (deck.vllm is not None and deck.vllm.state in {ServerState.DOWN, ServerState.STARTING}):
        return HopKind.SERVER, f"vLLM cannot be reached. Start it, or wait until it has loaded. {others}".rstrip()
    if cause in {"500", "502", "503", "529"} and deck.proxy is None:
        return HopKind.SERVER, "vLLM answers with an error. Its log says why."
    if cause in {"408", "timeout"}:
        return HopKind.SERVER, "Answers take longer than the timeout. Press 1 and look at the first-token time."
    return None, "The log beside the attempts says why: press 2."


def _innocent(deck: Deck) -> str:
    """Return who is not to blame, as far as that is known."""
    if any(finding.severity is Severity.ERROR for finding in deck.findings):
        return ""
    if deck.proxy is None:
        return "Your settings are fine."
    return f"{_proxy_name(deck)} and your settings are fine." if deck.proxy.state is ServerState.UP else ""


def _proxy_name(deck: Deck) -> str:
    return deck.proxy.kind.value if deck.proxy else "the proxy"
