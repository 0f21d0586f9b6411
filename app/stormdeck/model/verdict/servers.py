"""State what is wrong with the servers: none found, starting, down, crashed, refusing, hung."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.logs.endings import Ending
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.request_path import is_mute, is_out_of_reach, is_untrusted, unknown_base, wants_key
from stormdeck.model.routes.health import main_group, routing_table
from stormdeck.model.rules.client.folder_trust import WITHHELD
from stormdeck.model.rules.collect import is_hosted
from stormdeck.model.settings.trust import withheld
from stormdeck.model.snapshots.discovery import Contained, Found, Missed, ServerProcess
from stormdeck.model.snapshots.server import (
    ProxySnapshot,
    ServerKind,
    ServerState,
    VllmSnapshot,
    is_front_alone,
    refuses_connections,
)
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.units import duration
from stormdeck.model.urls import origin_of, place, same_place, with_scheme
from stormdeck.model.verdict.groups import shown_name, speaks_for
from stormdeck.model.verdict.hosted import no_own_server
from stormdeck.model.verdict.on_the_way import front_alone, unreachable
from stormdeck.model.verdict.statement import LOOKING, Statement, brief

_BASE_URL = "env.ANTHROPIC_BASE_URL"
_LONGEST_LINE = 120

_POLLED = frozenset(ServerKind) - {ServerKind.OTHER}

Server = VllmSnapshot | ProxySnapshot


def problems(deck: Deck, now: float) -> Iterator[Statement]:
    """Yield what is wrong with the servers on the path, or that there are none."""
    if deck.vllm is None and deck.proxy is None:
        yield _no_server(deck, now)
    for hop, server in ((HopKind.SERVER, deck.vllm), (HopKind.PROXY, deck.proxy)):
        if server is None or server.state in {ServerState.UP, ServerState.ASKING}:
            continue
        if hop is HopKind.PROXY or not speaks_for(deck, server.url):
            yield _on_the_way(deck, hop, server, now) or _problem(deck, hop, server, now)


def _no_server(deck: Deck, now: float) -> Statement:
    if not deck.discovery.done:
        return LOOKING
    if any(found.kind in _POLLED for found in deck.discovery.found):
        return Statement(Health.UNKNOWN, "Asking the servers")
    if deck.discovery.loading:
        return _loading(deck, deck.discovery.loading[0], now)
    if deck.discovery.hosted is not None:
        return _hosted_api(deck.discovery.hosted)
    if is_hosted(deck):
        return no_own_server(deck)
    base = unknown_base(deck)
    if base is not None:
        inner = next((one for one in deck.discovery.contained if one.url and same_place(one.url, base.url)), None)
        is_loading = inner is not None and inner.listens is False and base.met is not ServerState.UP
        return _loading(deck, inner.process, now) if inner is not None and is_loading else _at_base(deck, base)
    if deck.discovery.contained:
        return _in_container(deck.discovery.contained[0])
    if deck.discovery.silent:
        places = ", ".join(place(url) for url in deck.discovery.silent)
        return Statement(
            Health.UNKNOWN,
            f"No answer yet from {places} on this machine",
            "Something listens there but has not answered: it may be busy, or another kind of server. "
            "stormdeck asks again.",
            HopKind.SERVER,
            brief=brief(f"Asking {places}", "no answer yet"),
            cause="unknown: slow, hung, or not an HTTP server",
            evidence="; ".join(why for url in deck.discovery.silent if (why := why_missed(deck, url))),
            step="stormdeck --vllm http://HOST:8000 waits longer for the server that it names",
        )
    return Statement(
        Health.WARNING,
        "No vLLM and no proxy found on this machine",
        "Start one, or name it with --vllm http://HOST:8000 or --proxy http://HOST:4000. Press 4 to see "
        "where stormdeck looked.",
        HopKind.SERVER,
        brief=brief("No vLLM and no proxy found here", "start one, or name it: --vllm URL"),
        cause="nothing is configured",
        evidence="; ".join(f"{missed.what}: {missed.why}" for missed in deck.discovery.missed[:4]),
        step="start vLLM, or name it: stormdeck --vllm http://HOST:8000",
    )


def _in_container(inner: Contained) -> Statement:
    """Return that the only server of this machine runs in a container, where it cannot be asked."""
    name = inner.process.kind.value if inner.process.kind is not None else "A server"
    publish = f"publish it with -p 127.0.0.1:{inner.port}:{inner.port}, or " if inner.port is not None else ""
    return Statement(
        Health.UNKNOWN,
        f"{name} runs {inner.where}",
        f"It cannot be asked from here: {publish}name an address that leads to it: --vllm http://HOST:PORT.",
        HopKind.PROXY if inner.process.kind is not None and inner.process.kind.is_proxy else HopKind.SERVER,
        brief=brief(f"{name} runs in a container", "its port is not seen here"),
        cause="its container has a network of its own",
        evidence=f"process {inner.process.pid} runs {inner.where}",
        step=f"{publish}name its address: stormdeck --vllm http://HOST:PORT",
    )


def _hosted_api(hosted: Missed) -> Statement:
    """Return that stormdeck never sends a request to the hosted API, whoever names it."""
    return Statement(
        Health.UNKNOWN,
        hosted.why,
        f"{hosted.what} points there. stormdeck asks only servers of your own. Press 4 to see where it looked.",
        HopKind.SERVER,
        brief=brief("The hosted API is not asked", "name a server: --vllm URL"),
        cause="it is not a server of your own",
        evidence=f"{hosted.what}: {hosted.why}",
        step="name a server of your own: stormdeck --vllm http://HOST:8000",
    )


def _at_base(deck: Deck, base: Found) -> Statement:
    """Return that no known server answers at the client's base URL, with what the search found there."""
    reason = why_missed(deck, base.url)
    other = next((one.url for one in deck.discovery.beside), "")
    hint = f" {base.holder_words}." if base.holder is not None else ""
    hidden = deck.discovery.contained[:1] if base.met is not ServerState.UP else ()
    hint += "".join(f" {one.process.kind.value} runs {one.where}." for one in hidden if one.process.kind is not None)
    hint += f" Another server was found at {other}." if other else ""
    refused = "refused" in reason or "resolve" in reason
    unanswered = Statement(
        Health.ERROR,
        f"No server answers at {base.url}, where Claude Code sends",
        f"Start the server, or press 3 and change the base URL.{hint} Press 4 for what was found.",
        HopKind.SERVER,
        _url_code(deck) or ("URL105" if refused else None),
        brief=brief(f"No server answers at {place(base.url)}", "where Claude Code sends"),
        cause="the server does not run, or the base URL is wrong"
        if "refused" in reason
        else reason.rpartition(": ")[2],
        evidence=reason or base.how,
        step="start the server, or: stormdeck set ANTHROPIC_BASE_URL http://HOST:PORT",
    )
    if base.met is ServerState.UP and wants_key(deck, base.url):
        return replace(
            unanswered,
            light=Health.WARNING,
            headline=f"The server at {base.url}, where Claude Code sends, refuses every request without another key",
            detail=f"What kind of server it is cannot be seen until then.{hint} Press 3 for the token.",
            brief=brief(f"{place(base.url)} wants another key", "where Claude Code sends"),
            cause="no token, or one that it does not accept",
            step="stormdeck check",
        )
    if base.met is ServerState.UP:
        return replace(
            unanswered,
            light=Health.WARNING,
            headline=f"The server at {base.url}, where Claude Code sends, is neither vLLM nor a known proxy",
            detail=f"A canary shows whether it accepts Claude Code's requests: press 4.{hint}",
            brief=brief(f"A server of another kind at {place(base.url)}", "where Claude Code sends"),
            cause="a server of another kind, or something in front of vLLM",
            step="stormdeck check --canary",
        )
    if base.met is ServerState.DEGRADED:
        return front_alone(unanswered, base.url, reason.rpartition(": ")[2], hint)
    if is_untrusted(deck, base.url):
        return _untrusted(deck, unanswered, "The server", base.url)
    if base.met is ServerState.SILENT and not is_out_of_reach(deck, base.url):
        waiting = replace(unanswered, detail=f"Claude Code waits there too, and retries silently.{hint}")
        return _unanswered(deck, waiting, "The server", base.url, reason)
    return unanswered


def _unanswered(deck: Deck, base: Statement, name: str, url: str, why: str) -> Statement:
    """Return that a server did not answer in time.

    That is an error only if the server had as much time as a slow one needs.
    """
    step = f"look at its log, or: curl -m 10 {url}/v1/models"
    if is_untrusted(deck, url):
        return _untrusted(deck, base, name, url)
    if _CERTIFICATE in why:
        return replace(
            base,
            light=Health.UNKNOWN,
            headline=f"{name} {place(url)} was not asked: its certificate is not accepted here",
            detail=f"{why}. Whether the program in front of it accepts it is unknown.",
            code=None,
            brief=brief(f"{name} {place(url)} was not asked", "its certificate is not accepted"),
            cause="unknown: stormdeck sends nothing to a server whose certificate it cannot check",
            evidence=why,
            step="stormdeck explain URL111",
        )
    if deck.probe is not None and is_mute(deck, url):
        return replace(
            base,
            light=Health.ERROR,
            headline=f"{name} at {place(url)} accepts the connection and gives {deck.probe.detail or 'no answer'}",
            code="URL112",
            brief=brief(f"{name} does not answer", f"{place(url)} accepts the connection"),
            cause="unknown: it hangs, or it is a port forward whose other end is gone",
            evidence=why or base.evidence,
            step=step,
        )
    return replace(
        base,
        light=Health.UNKNOWN,
        headline=f"No answer yet from {place(url)}",
        detail=f"{name} may be slow, busy or out of reach{f': {why}' if why else ''}.",
        code=None,
        brief=brief(f"Asking {place(url)}", "no answer yet"),
        cause="unknown: no answer in time, no refusal",
        evidence=why or base.evidence,
        step=step,
    )


_CERTIFICATE = "its certificate "
"""With this begins every description of a certificate that is not accepted."""


def _untrusted(deck: Deck, base: Statement, name: str, url: str) -> Statement:
    """Return that the client does not accept the certificate at its base URL."""
    probe = deck.probe
    why = probe.detail if probe is not None else ""
    ignored = any(one.code == "URL111" and one.severity is not Severity.ERROR for one in deck.findings)
    known = f"{name} at {place(url)}" if name != "The server" else f"The server at {place(url)}"
    return replace(
        base,
        light=Health.UNKNOWN if ignored else Health.ERROR,
        headline=f"{known}, where Claude Code sends, has a certificate that is not "
        + ("checked" if ignored else "accepted"),
        detail=f"{why[:1].upper()}{why[1:]}. Press 4 for what to do.",
        code="URL111",
        hop=HopKind.CLIENT,
        brief=brief(f"{place(url)}, where Claude Code sends:", "its certificate is not accepted"),
        cause=why or "its certificate is not accepted",
        evidence=why or base.evidence,
        step="stormdeck explain URL111",
    )


def _loading(deck: Deck, process: ServerProcess, now: float) -> Statement:
    last = _last_line(deck, process)
    since = duration(max(0.0, now - process.started))
    return Statement(
        Health.WARNING,
        f"{process.kind.value if process.kind else 'vLLM'} is starting (process {process.pid}) and does not listen yet",
        f"It refuses connections while it loads, {since} so far."
        + (f" Its log: {last}" if last else " You can only wait."),
        HopKind.PROXY if process.kind is not None and process.kind.is_proxy else HopKind.SERVER,
        brief=brief(f"vLLM is starting (process {process.pid})", last or "it does not listen yet"),
        cause="it is still loading",
        evidence=f"process {process.pid} runs, its port refuses connections" + (f"; its log: {last}" if last else ""),
        step="wait",
        age=now - process.started,
    )


def _problem(deck: Deck, hop: HopKind, server: Server, now: float) -> Statement:
    name, base = server.kind.value, _about(hop, server, now)
    where = f"{base.headline}{_behind(deck, hop)}"
    base = replace(base, headline=where)
    match server.state:
        case ServerState.STARTING:
            return _starting(deck, base, server, now)
        case ServerState.DOWN:
            return _down(deck, base, server)
        case ServerState.SILENT:
            return _unanswered(deck, base, name, server.url, server.detail)
        case ServerState.REFUSING:
            return _refusing(deck, base, server)
        case ServerState.DEGRADED:
            words, cause, step = "runs, but answers no request", "the engine hangs or has died", f"restart {name}"
            base = replace(base, code="SERVER905")
        case ServerState.STALE if is_mute(deck, server.url):
            return _unanswered(deck, base, name, server.url, server.detail)
        case ServerState.STALE if "no free file descriptor" in server.detail:
            words, cause, step = "cannot be asked", "stormdeck has no free file descriptor", "ulimit -n 4096"
            base = replace(base, light=Health.WARNING)
        case ServerState.STALE:
            words, cause, step = "stopped answering", "unknown: no answer in time, no refusal", f"look at {name}'s log"
            base = replace(base, light=Health.WARNING)
        case _:
            words, cause, step = f"does not answer like {name}", "another program listens there", "stormdeck check"
            if "does not speak TLS" in server.detail:
                cause = "the URL says https:// and the port does not speak TLS"
                code = "URL104" if any(one.code == "URL104" for one in deck.findings) else None
                base = replace(base, code=code, hop=HopKind.CLIENT if _is_base(deck, server) else hop)
    return replace(base, headline=f"{where} {words}", brief=brief(where, words), cause=cause, step=step)


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


def _starting(deck: Deck, base: Statement, server: Server, now: float) -> Statement:
    processes = [found.process for found in deck.discovery.found] + list(deck.discovery.loading)
    process = next((one for one in processes if one is not None and one.pid == server.pid), None)
    last = _last_line(deck, process) if process is not None else ""
    until = "refuses connections" if refuses_connections(server) else "answers 503"
    return replace(
        base,
        light=Health.WARNING,
        headline=f"{base.headline} is starting and {until} until it has loaded",
        detail=f"{base.detail}. Its log: {last}" if last else base.detail,
        brief=brief(f"{base.headline} is starting", last or f"it {until} until it has loaded"),
        cause="it is still loading",
        evidence=f"{base.evidence}; its log: {last}" if last else base.evidence,
        step="wait",
        age=now - server.started if server.started else None,
    )


def _down(deck: Deck, base: Statement, server: Server) -> Statement:
    """Return that a server is down, and why, if its log or its configuration shows it."""
    ended = next((one for one in deck.tails.endings.values() if one.hop is base.hop), None)
    # A proxy that has answered before did start: its environment has the key that its YAML lacks.
    possible = _BLOCKERS.keys() - ({"PROXY801"} if server.seen else set())
    blocker = next((one for one in deck.findings if base.hop is one.hop and one.code in possible), None)
    what, step = _DOWN_REASONS[ended]
    proof = ended.value if ended is not None else "why it ended is unknown: no log shows it"
    code = _url_code(deck) or "URL105" if _is_base(deck, server) else None
    if ended is Ending.REFUSED_TO_START:
        code = "PROXY801"
    elif ended is None and blocker is not None:
        what, step, code = f": {_BLOCKERS[blocker.code]}", f"stormdeck explain {blocker.code}", blocker.code
        proof = f"{blocker.file}: {blocker.message}".rstrip(".")
    known = ended is not None or blocker is not None
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
            light=Health.WARNING,
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
            light=Health.WARNING,
            headline=f"{base.headline} wants a key, and none is configured for this address",
            brief=brief(f"{base.headline} wants a key", "none is set for this address"),
            cause=f"no setting names {origin_of(server.url)} with a token",
            step="stormdeck check",
        )
    return replace(
        base,
        light=Health.WARNING,
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


def _last_line(deck: Deck, process: ServerProcess) -> str:
    """Return the last line of a server's log, cleaned, masked and shortened; empty if there is none."""
    from stormdeck.model.logs.records import classify

    for path in (process.log, process.error_log):
        line = deck.tails.last_lines.get(str(path)) if isinstance(path, Path) else None
        if line is None:
            continue
        record = classify(line)
        words = " ".join(mask_text(clean(record.message if record is not None else line)).split())
        if words:
            return words if len(words) <= _LONGEST_LINE else words[: _LONGEST_LINE - 1].rstrip() + "…"
    return ""


def why_missed(deck: Deck, url: str) -> str:
    """Return why the search found no server at a URL, as text."""
    return next((f"{url}: {missed.why}" for missed in deck.discovery.missed if missed.is_at(url)), "")


def _url_code(deck: Deck) -> str | None:
    """Return the code of the rule that finds the base URL wrong, preferring those about a missing answer."""
    found = [one.code for one in deck.findings if one.code.startswith("URL")]
    return next((code for code in ("URL111", "URL105", "URL112") if code in found), next(iter(found), None))
