"""State what is wrong with the servers on the path: starting, down, crashed, refusing, hung."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.logs.endings import Ending
from stormdeck.model.request_path import is_mute, is_out_of_reach
from stormdeck.model.routes.health import main_group, routing_table
from stormdeck.model.rules.client.folder_trust import WITHHELD
from stormdeck.model.settings.trust import withheld
from stormdeck.model.snapshots.failure import CUT_WORDS, LIMITED_WORDS
from stormdeck.model.snapshots.server import (
    ProxySnapshot,
    ServerState,
    VllmSnapshot,
    is_front_alone,
)
from stormdeck.model.symbols import Health
from stormdeck.model.urls import origin_of, place, same_place, with_scheme
from stormdeck.model.verdict.groups import shown_name, speaks_for
from stormdeck.model.verdict.servers.containers import container_at, start_command
from stormdeck.model.verdict.servers.machines import unseen
from stormdeck.model.verdict.servers.no_answer import no_answer, url_code
from stormdeck.model.verdict.servers.no_server import no_server
from stormdeck.model.verdict.servers.on_the_way import front_alone, unreachable
from stormdeck.model.verdict.servers.starting import starting
from stormdeck.model.verdict.statement import Statement, brief

_BASE_URL = "env.ANTHROPIC_BASE_URL"
Server = VllmSnapshot | ProxySnapshot


def problems(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield what is wrong with the servers on the path, or that there are none."""
    if deck.vllm is None and deck.proxy is None:
        yield no_server(deck, now)
    for hop, server in ((HopKind.SERVER, deck.vllm), (HopKind.PROXY, deck.proxy)):
        if server is None or server.state in {ServerState.UP, ServerState.ASKING}:
            continue
        if hop is HopKind.PROXY or not speaks_for(deck, server.url):
            yield unseen(deck, server.url) or _on_the_way(deck, hop, server, now) or _problem(deck, hop, server, now)


def _problem(deck: Deck, hop: HopKind, server: Server, now: float) -> Statement:
    name, base = server.kind.value, _about(hop, server, now)
    where = f"{base.headline}{_behind(deck, hop)}"
    base = replace(base, headline=where)
    match server.state:
        case ServerState.STARTING:
            return starting(deck, base, server, now)
        case ServerState.DOWN:
            return _down(deck, base, server)
        case ServerState.SILENT:
            return no_answer(deck, base, name, server.url, server.detail)
        case ServerState.REFUSING:
            return _refusing(deck, base, server)
        case ServerState.DEGRADED:
            words, cause, step = "runs, but answers no request", "the engine hangs or has died", f"restart {name}"
            base = replace(base, code="SERVER905")
        case ServerState.STALE if is_mute(deck, server.url) or CUT_WORDS in server.detail:
            return no_answer(deck, base, name, server.url, server.detail)
        case ServerState.STALE:
            words, cause, step, health = _stale(name, server.detail)
            base = replace(base, health=health)
        case _:
            words, step = f"does not answer like {name}", "stormdeck check"
            cause = "another program listens there, or what is in front of it answers in its place"
            if "does not speak TLS" in server.detail:
                cause = "the URL says https:// and the port does not speak TLS"
                code = "URL104" if any(one.code == "URL104" for one in deck.findings) else None
                base = replace(base, code=code, hop=HopKind.CLIENT if _is_base(deck, server) else hop)
    return replace(base, headline=f"{where} {words}", brief=brief(where, words), cause=cause, step=step)


def _stale(name: str, detail: str) -> tuple[str, str, str, Health]:
    """Return what is said of a server that answered before: what it does, the cause, the next step and its health."""
    if "no free file descriptor" in detail:
        return "cannot be asked", "stormdeck has no free file descriptor", "ulimit -n 4096", Health.WARNING
    if LIMITED_WORDS in detail:
        cause = "unknown: whether the limit refuses Claude Code too is seen in its own requests alone"
        return "limits requests: its state is unknown", cause, f"look at the limit in front of {name}", Health.UNKNOWN
    return "stopped answering", "unknown: no answer in time, no refusal", f"look at {name}'s log", Health.WARNING


def _behind(deck: Deck, hop: HopKind) -> str:
    """Return which model group a server is behind, if the proxy has several servers."""
    group = main_group(deck) if hop is HopKind.SERVER and routing_table(deck).branches else None
    return f" behind {shown_name(group.group.name)}" if group is not None else ""


def _on_the_way(deck: Deck, hop: HopKind, server: Server, now: float) -> Statement | None:
    """Return that the problem is on the way to the server, ``None`` if it is not."""
    is_base = _is_base(deck, server)
    if server.state is ServerState.UNREACHABLE:
        return unreachable(_about(hop, server, now), is_base_url=is_base and is_out_of_reach(deck, server.url))
    if is_front_alone(server):
        front = front_alone(_about(hop, server, now), server.url, server.detail)
        return front if is_base else replace(front, code=None)
    return None


def _about(hop: HopKind, server: Server, now: float) -> Statement:
    """Return the beginning of a statement about a server."""
    age = now - server.seen if server.seen else None
    where = f"{server.kind.value} {place(server.url)}"
    return Statement(Health.ERROR, where, server.detail, hop, evidence=server.detail, age=age, step="stormdeck check")


def _down(deck: Deck, base: Statement, server: Server) -> Statement:
    """Return that a server is down, and why, if its log or its configuration shows it."""
    ended = next((one for one in deck.tails.endings.values() if one.hop is base.hop), None)
    # A proxy that has answered before did start: its environment has the key that its YAML lacks.
    possible = _BLOCKERS.keys() - ({"PROXY801"} if server.seen else set())
    blocker = next((one for one in deck.findings if base.hop is one.hop and one.code in possible), None)
    what, step = _DOWN_REASONS[ended]
    proof = ended.value if ended is not None else "why it ended is unknown: no log shows it"
    code = url_code(deck) or "URL105" if _is_base(deck, server) else None
    if ended is Ending.REFUSED_TO_START:
        code = "PROXY801"
    elif ended is None and blocker is not None:
        what, step, code = f": {_BLOCKERS[blocker.code]}", f"stormdeck explain {blocker.code}", blocker.code
        proof = f"{blocker.file}: {blocker.message}".rstrip(".")
    known = ended is not None or blocker is not None
    facts = container_at(deck, server.url)
    if facts is not None and facts.ending and (facts.oom_killed or not known):
        what, known = f": its container {facts.name} {facts.ending}", True
        step = ("give the container more memory, then " if facts.oom_killed else "") + start_command(facts)
        proof = f"{facts.runtime} inspect {facts.name}: {facts.ending}"
    return replace(
        base,
        headline=f"{base.headline} is down{what}",
        detail=f"{base.detail}. {proof[0].upper()}{proof[1:]}." if known and base.detail else base.detail,
        code=code,
        brief=brief(f"{base.headline} is down", what.removeprefix(": ")),
        cause=what.removeprefix(": ") or "unknown",
        evidence=f"{base.evidence}; {proof}" if base.evidence else proof,
        step=step.format(name=base.headline.partition(" ")[0]),
    )


_BLOCKERS = {
    "PROXY801": "it does not start without a master key",
    "PROXY813": "its YAML cannot be read",
}
"""Findings that keep a proxy from starting."""
_DOWN_REASONS = {
    Ending.CRASHED: (": its engine crashed", "restart {name}; the stack trace in its log says why"),
    Ending.NOT_STARTED: (": its engine did not start", "the first error in the log of {name} says why"),
    Ending.STOPPED: (": it was stopped", "start {name}"),
    Ending.REFUSED_TO_START: (": it refuses to start without a master key", "stormdeck explain PROXY801"),
    None: ("", "start {name}"),
}


def _refusing(deck: Deck, base: Statement, server: Server) -> Statement:
    """Return that a server refuses a key: the client's, if the client sends there directly, else stormdeck's."""
    held_back = withheld(deck.settings)
    if held_back is not None and _is_base(deck, server):
        return replace(
            base,
            health=Health.WARNING,
            headline=f"{base.headline} wants a token: {held_back.words}",
            hop=HopKind.CLIENT,
            code=WITHHELD,
            brief=brief(f"{base.headline} wants a token", "ctrl+t: trust the folder"),
            cause="your token is not sent there",
            step="trust the folder in Claude Code, or with ctrl+t in the panel",
        )
    if origin_of(server.url) == origin_of(with_scheme(deck.settings.text(_BASE_URL) or "")):
        code = "AUTH204" if isinstance(server, ProxySnapshot) else "AUTH205"
        return replace(
            base,
            headline=f"{base.headline} refuses the token",
            hop=HopKind.CLIENT,
            code=code,
            brief=brief(f"{base.headline} refuses", "the token: press 3"),
            cause="the token is not the server's key",
            step="stormdeck set ANTHROPIC_AUTH_TOKEN KEY",
        )
    if "none is sent" in server.detail:
        return replace(
            base,
            health=Health.WARNING,
            headline=f"{base.headline} wants a key, and none is configured for this address",
            brief=brief(f"{base.headline} wants a key", "none is set for this address"),
            cause=f"no setting names {origin_of(server.url)} with a token",
            step="stormdeck check",
        )
    return replace(
        base,
        health=Health.WARNING,
        headline=f"{base.headline} refuses the key that stormdeck has for it",
        detail=f"{base.detail}. Whether the proxy in front of it has the right one is unknown."
        if deck.proxy is not None and base.hop is HopKind.SERVER
        else base.detail,
        brief=brief(f"{base.headline} refuses", "the key that stormdeck has"),
        cause="unknown: the proxy in front of it may have another key",
        step="stormdeck check",
    )


def _is_base(deck: Deck, server: Server) -> bool:
    """Return whether the client's base URL leads to a server."""
    return same_place(server.url, deck.settings.text(_BASE_URL) or "")
