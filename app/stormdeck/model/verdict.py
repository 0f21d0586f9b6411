"""The verdict: the most useful true sentence about the whole path.

Each case looks at the deck and answers with a verdict or with nothing; the first that answers is the headline.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stormdeck.model.blame import blame
from stormdeck.model.deck import Deck
from stormdeck.model.finding import Severity
from stormdeck.model.gpu import GpuState
from stormdeck.model.light import Light
from stormdeck.model.path import HopKind, place, silent_base
from stormdeck.model.retries.storm import Outcome
from stormdeck.model.server import ProxySnapshot, ServerState, VllmSnapshot
from stormdeck.model.units import about, duration, plural, seconds

RECENT_S = 120
"""How long a storm that is over stays the headline."""

Clock = Callable[[float], str]
"""Turns unix seconds into the time of day that the user's clock shows."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One statement: what is the matter, at which hop, and what to do."""

    light: Light
    headline: str
    detail: str = ""
    hop: HopKind | None = None
    code: str | None = None
    """The rule that knows the fix."""
    brief: str = ""
    """The headline for a pane of 40 columns; empty: it is short enough."""


def verdict(deck: Deck, now: float, clock: Clock) -> Verdict:
    """Return the headline for a deck at a moment."""
    cases = (_storm(deck, now, clock), _settings_file(deck), _servers(deck), _finding(deck), _gpu(deck))
    return next((case for case in cases if case is not None), None) or _remembered(deck, now) or _well(deck)


def _storm(deck: Deck, now: float, clock: Clock) -> Verdict | None:
    storm = deck.traffic.live_storm if deck.traffic else None
    if storm is None:
        return None
    whose = blame(storm, deck)
    parts = [f"RETRY STORM  attempt {storm.attempts} of {storm.limit}", whose.cause]
    if storm.attempts >= storm.limit:
        parts.append("the last one")
    elif storm.next_at is not None:
        wait = storm.next_at - now
        parts.append(f"next {about(wait)}" if wait >= 1 else "next one is due")
    if storm.gives_up_at is not None and storm.attempts < storm.limit:
        parts.append(f"gives up {clock(storm.gives_up_at)}")
    place = f" from {whose.who}" if whose.who else ""
    brief = f"STORM attempt {storm.attempts} of {storm.limit}\n{storm.cause}{place} · {parts[2]}"
    return Verdict(Light.BROKEN, " · ".join(map(_whole, parts)), whose.advice, whose.hop, brief=brief)


def _whole(part: str) -> str:
    """Return a short part with blanks that no line breaks at."""
    return part.replace(" ", "\N{NO-BREAK SPACE}") if len(part) < 24 else part


def _settings_file(deck: Deck) -> Verdict | None:
    for file in deck.settings.files:
        if file.error is None:
            continue
        where = f"{file.path.name} line {file.error.line}" if file.error.line else file.path.name
        return Verdict(
            Light.BROKEN,
            f"{where}: {file.error.message}",
            "Claude Code drops the whole file and says “Not logged in”. Nothing in it is in effect. Press 3 to see it.",
            HopKind.CLIENT,
            "FILE701",
        )
    return None


def _servers(deck: Deck) -> Verdict | None:
    if deck.vllm is None and deck.proxy is None:
        return _nothing(deck)
    for hop, server in ((HopKind.SERVER, deck.vllm), (HopKind.PROXY, deck.proxy)):
        if server is None or server.state in {ServerState.UP, ServerState.ASKING}:
            continue
        return _server(hop, server)
    return None


def _nothing(deck: Deck) -> Verdict | None:
    if not deck.discovery.done:
        return Verdict(Light.UNKNOWN, "Looking for vLLM and a proxy on this machine …")
    silent = silent_base(deck)
    if silent is not None and not deck.discovery.loading:
        return Verdict(
            Light.BROKEN,
            f"Nothing that speaks for vLLM or a proxy answers at {silent.url}, where Claude Code sends",
            "Start the server, or press 3 and change the base URL. Press 4 for what was found on this machine.",
            HopKind.SERVER,
        )
    if deck.discovery.loading:
        process = deck.discovery.loading[0]
        return Verdict(
            Light.LOOK,
            f"vLLM is starting (process {process.pid}) and does not listen yet",
            "It refuses connections the whole time it loads. Nothing to do but wait.",
            HopKind.SERVER,
        )
    return Verdict(
        Light.LOOK,
        "No vLLM and no proxy found on this machine",
        "Start one, or name it with --vllm http://HOST:8000 or --proxy http://HOST:4000. Press 4 for where it looked.",
        HopKind.SERVER,
    )


def _server(hop: HopKind, server: VllmSnapshot | ProxySnapshot) -> Verdict:
    name = server.kind.value if isinstance(server, ProxySnapshot) else "vLLM"
    where = f"{name} {place(server.url)}"
    words = {
        ServerState.STARTING: f"{where} is starting and refuses connections until it has loaded",
        ServerState.DOWN: f"{where} is down",
        ServerState.REFUSING: f"{where} refuses the key",
        ServerState.DEGRADED: f"{where} runs, but answers no request",
        ServerState.STALE: f"{where} stopped answering",
        ServerState.STRANGE: f"{where} does not answer as {name} does",
    }
    light = Light.LOOK if server.state in {ServerState.STARTING, ServerState.STALE} else Light.BROKEN
    return Verdict(light, words.get(server.state, where), server.detail, hop)


def _finding(deck: Deck) -> Verdict | None:
    worst = next((finding for finding in deck.findings if finding.severity is Severity.ERROR), None)
    if worst is None:
        return None
    name = worst.path.removeprefix("env.")
    where = "Press 3 for the fix." if worst.fix else "Press 4 for what to change."
    return Verdict(Light.BROKEN, f"{name}: {worst.title}", f"{worst.message} {where}", worst.hop, worst.code)


def _gpu(deck: Deck) -> Verdict | None:
    if deck.gpu.state in {GpuState.LOST, GpuState.FAILED}:
        headline = "The GPUs cannot be read"
        if deck.gpu.state is GpuState.LOST:
            headline = "The GPU driver stopped answering"
        return Verdict(Light.BROKEN, headline, deck.gpu.detail, HopKind.GPU)
    lost = next((gpu for gpu in deck.gpu.gpus if gpu.lost), None)
    if lost is None:
        return None
    return Verdict(Light.BROKEN, f"GPU {lost.index} ({lost.name}) is lost", lost.detail, HopKind.GPU)


def _remembered(deck: Deck, now: float) -> Verdict | None:
    storms = deck.traffic.storms if deck.traffic else ()
    storm = next((one for one in storms if one.outcome is not Outcome.LIVE and now - one.last < RECENT_S), None)
    if storm is None:
        return None
    whose = blame(storm, deck)
    span = duration(storm.last - storm.started)
    if storm.outcome is Outcome.RECOVERED:
        headline = f"Recovered after {storm.attempts} attempts in {span} · {whose.cause}"
        return Verdict(Light.LOOK, headline, "On the client it looked like one slow answer.", whose.hop)
    headline = f"Claude Code gave up after {storm.attempts} attempts in {span} · {whose.cause}"
    return Verdict(Light.LOOK, headline, whose.advice, whose.hop)


def _well(deck: Deck) -> Verdict:
    facts = []
    engine = deck.vllm.engine if deck.vllm else None
    if engine is not None:
        facts.append(
            f"{engine.running} running, {engine.waiting} waiting" if engine.waiting else f"{engine.running} running"
        )
        if engine.ttft_p50_s is not None:
            facts.append(f"first token in {seconds(engine.ttft_p50_s)}")
    if deck.traffic is not None and deck.traffic.logs:
        facts.append(f"{plural(deck.traffic.retries, 'retry', 'retries')} in the last {duration(_window(deck))}")
    if deck.vllm is None or deck.vllm.state is ServerState.ASKING:
        return Verdict(Light.UNKNOWN, "Asking the servers …")
    warnings = sum(finding.severity is Severity.WARNING for finding in deck.findings)
    detail = f"{plural(warnings, 'setting')} worth a look: press 3." if warnings else ""
    if deck.traffic is None or not deck.traffic.logs:
        detail = "No log to read, so silent retries stay unseen. Press 4 for how to get one." + (
            f" {detail}" if detail else ""
        )
    return Verdict(
        Light.FINE, "All well.  " + " · ".join(facts), detail, brief="\n".join(["All well.", " · ".join(facts[:2])])
    )


def _window(deck: Deck) -> int:
    return len(deck.traffic.buckets) * deck.traffic.bucket_s if deck.traffic else 0
