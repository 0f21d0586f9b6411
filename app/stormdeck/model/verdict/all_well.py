"""State that all is well, with the few numbers that matter and what stormdeck cannot see."""

from __future__ import annotations

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.model.routes.health import main_group
from stormdeck.model.snapshots.discovery import Contained, Found
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.traffic.access_lines import how_to_count, why_uncounted
from stormdeck.model.units import NONE, duration, plural, seconds
from stormdeck.model.verdict.groups import shown_name
from stormdeck.model.verdict.statement import Statement, brief
from stormdeck.model.verdict.storms import session_name
from stormdeck.model.wire.in_flight import NOTED_S, whose
from stormdeck.model.wire.request import Kind

WELL = "All well."
LONG_S = 60.0
"""A turn that runs longer is mentioned: its answer is long, or it stalls."""
_WITHOUT_MESSAGES = {ServerKind.MLX}
"""Kinds without a Messages API whose answers do not show that (docs/facts/servers.md 2)."""
_BLIND = "No log is followed, so silent retries are not seen. Press 4 to see how to follow one."


def statement(deck: Deck, now: float) -> tuple[Statement, ...]:
    """Return that all is well, or that servers have not answered yet; nothing until a server was found."""
    servers = [one for one in (deck.vllm, deck.proxy) if one is not None]
    if not servers:
        return ()
    if any(one.state in {ServerState.SILENT, ServerState.UNREACHABLE} for one in servers):
        return ()
    if any(one.state is ServerState.ASKING for one in servers):
        return (Statement(Health.UNKNOWN, "Asking the servers"),)
    if deck.vllm is None:
        return (_server_unknown(deck),)
    if deck.proxy is None and deck.vllm.kind in _WITHOUT_MESSAGES and not _takes_messages(deck):
        return (_not_known(deck.vllm.kind.value),)
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
    if deck.proxy is None and deck.vllm.kind is not ServerKind.VLLM and not _takes_messages(deck):
        name = deck.vllm.kind.value
        detail = f"Only a canary shows whether {name} takes Claude Code's requests: press 4. {detail}".rstrip()
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


def _server_unknown(deck: Deck) -> Statement:
    """Return that the proxy answers, and why the server behind it is not known."""
    hidden, proxy = deck.discovery.hidden, deck.discovery.server(proxy=True)
    if hidden is not None and proxy is not None:
        return _behind_container(hidden, proxy)
    group = main_group(deck)
    if group is not None and group.servers and all(one.upstream.is_hosted for one in group.servers):
        return Statement(
            Health.UNKNOWN,
            f"The proxy answers; {shown_name(group.group.name)} is served by a hosted API, which is not asked",
            "stormdeck asks only servers of your own. Press g for all model groups.",
            brief=brief("The proxy answers", "behind it is a hosted API: not asked"),
            evidence=group.servers[0].words,
            step="stormdeck status --json",
        )
    return Statement(
        Health.UNKNOWN,
        "The proxy answers; the server behind it is unknown",
        "Name it with --vllm http://HOST:8000, or the proxy's YAML with --litellm-config FILE.",
        brief=brief("The proxy answers", "the server behind it is unknown"),
        evidence="the proxy's own answer, which does not name the server behind it",
        step="stormdeck --vllm http://HOST:8000",
    )


def _not_known(name: str) -> Statement:
    """Return that a server answers, of a kind that had no Messages API when it was last looked at."""
    return Statement(
        Health.UNKNOWN,
        f"{name} answers; whether it takes Claude Code's requests is not known",
        f"{name} has no /v1/messages in the versions that are known. A canary shows it: press 4. If it is missing, put "
        "LiteLLM in front of it.",
        brief=brief(f"{name} answers", "whether it takes requests: press 4"),
        evidence="its answers do not show whether POST /v1/messages exists",
        step="stormdeck check --canary",
    )


def _takes_messages(deck: Deck) -> bool:
    return deck.probe is not None and deck.probe.has_messages is True


def _behind_container(hidden: Contained, proxy: Found) -> Statement:
    """Return that the proxy answers, and in which container a server runs that cannot be asked from here."""
    kind = hidden.process.kind or ServerKind.VLLM
    beside = proxy.process is not None and proxy.process.has_own_network
    health = Health.OK if hidden.listens and beside else Health.WARNING if hidden.listens is False else Health.UNKNOWN
    loading = " and does not listen yet" if hidden.listens is False else ""
    return Statement(
        health,
        f"{proxy.kind.value} answers; {kind.value} runs {hidden.where}{loading}",
        f"Its engine is not seen from here. Publish the port to see it: -p 127.0.0.1:{hidden.port}:{hidden.port}."
        if hidden.port is not None
        else "Its engine is not seen from here.",
        brief=brief(f"{proxy.kind.value} answers", f"{kind.value} runs in a container"),
        cause=""
        if health is Health.OK
        else "it is still loading"
        if loading
        else "unknown: it cannot be asked from here",
        evidence=f"pid {hidden.process.pid} runs {hidden.where}{loading}; the proxy's own answer",
        step="wait" if loading else "publish its port to see its engine, or name its address: stormdeck --vllm URL",
    )


def _warnings(deck: Deck) -> str:
    """Return the number of warnings, and the key that shows them."""
    hops = [finding.hop for finding in deck.findings if finding.severity is Severity.WARNING]
    if any(hop is not HopKind.CLIENT for hop in hops):
        return f"{plural(len(hops), 'finding')} worth a look: press 4."
    return f"{plural(len(hops), 'setting')} worth a look: press 3." if hops else ""


def _facts(deck: Deck, now: float) -> list[str]:
    """Return at most three numbers, and how many instances of a fleet are up."""
    facts: list[str] = []
    engine = deck.vllm.engine if deck.vllm else None
    if deck.vllm is not None and deck.vllm.figures_hidden:
        facts.append("vLLM behind a gateway, figures hidden")
    elif deck.vllm is not None and engine is None and deck.vllm.kind is not ServerKind.VLLM:
        facts.append(f"{deck.vllm.kind.value} answers")
    if engine is not None:
        waiting = f", {engine.waiting} waiting" if engine.waiting else ""
        longest = (_silent(deck, now) or _longest(deck, now)) if engine.running else ""
        facts.append(f"{engine.running} running{waiting}{longest}")
        if engine.ttft_p50_s is not None:
            facts.append(f"first token in {seconds(engine.ttft_p50_s)}")
    if deck.traffic is not None and deck.traffic.logs and not why_uncounted(deck):
        window = len(deck.traffic.buckets) * deck.traffic.bucket_s
        facts.append(f"{plural(deck.traffic.retries, 'retry', 'retries')} in the last {duration(window)}")
    if deck.fleet.state is FleetState.OK and deck.fleet.replicas:
        up = sum(one.up is True for one in deck.fleet.replicas)
        facts.append(f"fleet: {up} of {len(deck.fleet.replicas)} up")
    return facts


def _silent(deck: Deck, now: float) -> str:
    """Return which one of several requests gets nothing while others do, where a recorder sees them."""
    running = [one for one in deck.wire.in_flight if one.kind is Kind.MAIN]
    quiet = {one.id: now - (one.last_byte + NOTED_S if one.last_byte is not None else one.started) for one in running}
    longest = max(running, key=lambda one: quiet[one.id], default=None)
    others_get = any(one.last_byte is not None and quiet[one.id] < NOTED_S for one in running)
    if longest is None or quiet[longest.id] < LONG_S or not others_get:
        return ""
    what = "no byte yet" if longest.first_byte is None else "no further byte"
    return f", one got {what} for {duration(quiet[longest.id] // 10 * 10)}: {whose(longest)}"


def _longest(deck: Deck, now: float) -> str:
    """Return how long the oldest turn has been running, if it is long and a transcript shows it.

    Of several, its session is named. Which of them gets no tokens only a recorder sees: vLLM counts all together.
    """
    turns = deck.traffic.in_flight if deck.traffic is not None else ()
    oldest = min(turns, key=lambda one: one.since, default=None)
    took = now - oldest.since if oldest is not None else 0.0
    if oldest is None or took < LONG_S:
        return ""
    where = f" in {session_name(oldest.session, oldest.folder, oldest.agent)}" if len(turns) > 1 else ""
    return f", one turn running for {duration(took // 10 * 10)}{where}"
