"""State that all is well, with the few numbers that matter and what stormdeck cannot see."""

from __future__ import annotations

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.traffic.access_lines import how_to_count, why_uncounted
from stormdeck.model.units import NONE, duration, plural, seconds
from stormdeck.model.verdict.statement import Statement, brief

WELL = "All well."
LONG_S = 60.0
"""A turn that runs longer is mentioned: its answer is long, or it stalls."""
_BLIND = "No log is followed, so silent retries are not seen. Press 4 to see how to follow one."


def statement(deck: Deck, now: float) -> tuple[Statement, ...]:
    """Return that all is well, or that servers have not answered yet; nothing until a server was found."""
    servers = [one for one in (deck.vllm, deck.proxy) if one is not None]
    if not servers:
        return ()
    if any(one.state is ServerState.SILENT for one in servers):
        return ()
    if any(one.state is ServerState.ASKING for one in servers):
        return (Statement(Health.UNKNOWN, "Asking the servers"),)
    if deck.vllm is None:
        return (
            Statement(
                Health.UNKNOWN,
                "The proxy answers; the server behind it is unknown",
                "Name it with --vllm http://HOST:8000, or the proxy's YAML with --litellm-config FILE.",
                brief=brief("The proxy answers", "the server behind it is unknown"),
                evidence="the proxy's own answer, which does not name the server behind it",
                step="stormdeck --vllm http://HOST:8000",
            ),
        )
    facts = _facts(deck, now)
    detail = _warnings(deck)
    uncounted = why_uncounted(deck)
    if uncounted:
        return (
            Statement(
                Health.OK,
                " · ".join(["Every server answers", *facts, f"{NONE} retries: {uncounted}"]),
                f"{how_to_count(deck)} {detail}".rstrip(),
                brief=brief("Every server answers", "retries cannot be counted"),
                evidence=f"every server on the path answers, no rule finds an error; {uncounted}",
            ),
        )
    if deck.traffic is None or not deck.traffic.logs:
        detail = f"{_BLIND} {detail}".rstrip()
    return (
        Statement(
            Health.OK,
            f"{WELL}  " + " · ".join(facts),
            detail,
            brief="\n".join([WELL, " · ".join(facts[:2])]),
            evidence="every server on the path answers, no rule finds an error, no request failed in two minutes"
            if deck.traffic is not None and deck.traffic.logs
            else "every server on the path answers, no rule finds an error; requests are not seen",
        ),
    )


def _warnings(deck: Deck) -> str:
    """Return the number of warnings, and the key that shows them."""
    hops = [finding.hop for finding in deck.findings if finding.severity is Severity.WARNING]
    if any(hop is not HopKind.CLIENT for hop in hops):
        return f"{plural(len(hops), 'finding')} worth a look: press 4."
    return f"{plural(len(hops), 'setting')} worth a look: press 3." if hops else ""


def _facts(deck: Deck, now: float) -> list[str]:
    """Return at most three numbers."""
    facts: list[str] = []
    engine = deck.vllm.engine if deck.vllm else None
    if engine is not None:
        waiting = f", {engine.waiting} waiting" if engine.waiting else ""
        facts.append(f"{engine.running} running{waiting}{_longest(deck, now) if engine.running else ''}")
        if engine.ttft_p50_s is not None:
            facts.append(f"first token in {seconds(engine.ttft_p50_s)}")
    if deck.traffic is not None and deck.traffic.logs and not why_uncounted(deck):
        window = len(deck.traffic.buckets) * deck.traffic.bucket_s
        facts.append(f"{plural(deck.traffic.retries, 'retry', 'retries')} in the last {duration(window)}")
    return facts


def _longest(deck: Deck, now: float) -> str:
    """Return how long the oldest turn has been running, if it is long and a transcript shows it."""
    started = [one.since for one in deck.traffic.in_flight] if deck.traffic is not None else []
    took = now - min(started, default=now)
    return f", one turn running for {duration(took // 10 * 10)}" if took >= LONG_S else ""
