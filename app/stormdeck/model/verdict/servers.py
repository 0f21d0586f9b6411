"""What the servers say of themselves: none there, starting, down, crashed, refusing, hung."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.logs.endings import Ending
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.request_path import is_mute, is_out_of_reach, unknown_base, wants_key
from stormdeck.model.rules.client.folder_trust import WITHHELD
from stormdeck.model.rules.collect import is_hosted
from stormdeck.model.settings.trust import withheld
from stormdeck.model.snapshots.discovery import Found, Missed, ServerProcess
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.units import duration
from stormdeck.model.urls import origin_of, place, same_place, with_scheme
from stormdeck.model.verdict.hosted import nothing_of_ours
from stormdeck.model.verdict.statement import LOOKING, Statement, brief

_BASE_URL = "env.ANTHROPIC_BASE_URL"
_LONGEST_LINE = 120

_ASKED = frozenset(ServerKind) - {ServerKind.OTHER}

Server = VllmSnapshot | ProxySnapshot


def unwell(deck: Deck, now: float) -> Iterator[Statement]:
    """Tell what is wrong with the servers on the path, or that there are none."""
    if deck.vllm is None and deck.proxy is None:
        yield _nothing(deck, now)
    for hop, server in ((HopKind.SERVER, deck.vllm), (HopKind.PROXY, deck.proxy)):
        if server is not None and server.state not in {ServerState.UP, ServerState.ASKING}:
            yield _told(deck, hop, server, now)


def _nothing(deck: Deck, now: float) -> Statement:
    if not deck.discovery.done:
        return LOOKING
    if any(found.kind in _ASKED for found in deck.discovery.found):
        return Statement(Health.UNKNOWN, "Asking the servers")
    if deck.discovery.loading:
        return _loading(deck, deck.discovery.loading[0], now)
    if deck.discovery.hosted is not None:
        return _hosted_api(deck.discovery.hosted)
    if is_hosted(deck):
        return nothing_of_ours(deck)
    base = unknown_base(deck)
    if base is not None:
        return _at_base(deck, base)
    if deck.discovery.silent:
        places = ", ".join(place(url) for url in deck.discovery.silent)
        return Statement(
            Health.UNKNOWN,
            f"No answer yet from {places} on this machine",
            "Something listens there and is late: it may be busy, or no server of this kind. It is asked again.",
            HopKind.SERVER,
            brief=brief(f"Asking {places}", "no answer yet"),
            cause="unknown: late, hung, or no HTTP server",
            evidence="; ".join(why for url in deck.discovery.silent if (why := why_missed(deck, url))),
            step="stormdeck --vllm http://HOST:8000 waits longer for the server that it names",
        )
    return Statement(
        Health.WARNING,
        "No vLLM and no proxy found on this machine",
        "Start one, or name it with --vllm http://HOST:8000 or --proxy http://HOST:4000. Press 4 for where it looked.",
        HopKind.SERVER,
        brief=brief("No vLLM and no proxy found here", "start one, or name it: --vllm URL"),
        cause="nothing is configured",
        evidence="; ".join(f"{missed.what}: {missed.why}" for missed in deck.discovery.missed[:4]),
        step="start vLLM, or name it: stormdeck --vllm http://HOST:8000",
    )


def _hosted_api(hosted: Missed) -> Statement:
    """Return that the hosted API is never asked, whoever names it."""
    return Statement(
        Health.UNKNOWN,
        hosted.why,
        f"{hosted.what} leads there. stormdeck asks servers of your own alone. Press 4 for where it looked.",
        HopKind.SERVER,
        brief=brief("The hosted API is not asked", "name a server: --vllm URL"),
        cause="it is no server of your own",
        evidence=f"{hosted.what}: {hosted.why}",
        step="name a server of your own: stormdeck --vllm http://HOST:8000",
    )


def _at_base(deck: Deck, base: Found) -> Statement:
    """Return the statement that no known server answers where the client sends, as far as the search shows it."""
    met = why_missed(deck, base.url)
    other = next((one.url for one in deck.discovery.beside), "")
    hint = f" {base.holder_words}." if base.holder is not None else ""
    hint += f" Another server was found at {other}." if other else ""
    refused = "refused" in met or "resolve" in met
    told = Statement(
        Health.ERROR,
        f"No server answers at {base.url}, where Claude Code sends",
        f"Start the server, or press 3 and change the base URL.{hint} Press 4 for what was found.",
        HopKind.SERVER,
        _url_code(deck) or ("URL105" if refused else None),
        brief=brief(f"No server answers at {place(base.url)}", "where Claude Code sends"),
        cause="the server does not run, or the base URL is wrong" if "refused" in met else met.rpartition(": ")[2],
        evidence=met or base.how,
        step="start the server, or: stormdeck set ANTHROPIC_BASE_URL http://HOST:PORT",
    )
    if base.met is ServerState.UP and wants_key(deck, base.url):
        return replace(
            told,
            light=Health.WARNING,
            headline=f"What answers at {base.url}, where Claude Code sends, refuses every question without another key",
            detail=f"What it is cannot be seen before.{hint} Press 3 for the token.",
            brief=brief(f"{place(base.url)} wants another key", "where Claude Code sends"),
            cause="no token, or one that is not taken there",
            step="stormdeck check",
        )
    if base.met is ServerState.UP:
        return replace(
            told,
            light=Health.WARNING,
            headline=f"What answers at {base.url}, where Claude Code sends, is neither vLLM nor a known proxy",
            detail=f"Whether it takes Claude Code's requests, a canary shows: press 4.{hint}",
            brief=brief(f"A server of another kind at {place(base.url)}", "where Claude Code sends"),
            cause="a server of another kind, or something in front of vLLM",
            step="stormdeck check --canary",
        )
    if base.met is ServerState.DEGRADED:
        return replace(
            told,
            headline=f"What answers at {base.url} is a front: the server behind it gives no answer",
            detail=f"Start the server behind it.{hint} Press 4 for what was found.",
            brief=brief(f"The front at {place(base.url)} answers", "the server behind it does not"),
            step="start the server behind it",
        )
    if base.met is ServerState.SILENT and not is_out_of_reach(deck, base.url):
        told = replace(told, detail=f"Claude Code waits there too, and retries in silence.{hint}")
        return _unanswered(deck, told, "The server", base.url, met)
    return told


def _unanswered(deck: Deck, base: Statement, name: str, url: str, why: str) -> Statement:
    """Return the statement that a server gave no answer in time.

    It may be late, unless it had all the time that a slow one needs.
    """
    step = f"look at its log, or: curl -m 10 {url}/v1/models"
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
        detail=f"{name} may be late, busy or out of reach{f': {why}' if why else ''}.",
        code=None,
        brief=brief(f"Asking {place(url)}", "no answer yet"),
        cause="unknown: no answer in time, no refusal",
        evidence=why or base.evidence,
        step=step,
    )


def _loading(deck: Deck, process: ServerProcess, now: float) -> Statement:
    last = _last_line(deck, process)
    since = duration(max(0.0, now - process.started))
    return Statement(
        Health.WARNING,
        f"{process.kind.value if process.kind else 'vLLM'} is starting (process {process.pid}) and does not listen yet",
        f"It refuses connections the whole time it loads, {since} so far."
        + (f" Its log: {last}" if last else " Nothing to do but wait."),
        HopKind.PROXY if process.kind is not None and process.kind.is_proxy else HopKind.SERVER,
        brief=brief(f"vLLM is starting (process {process.pid})", last or "it does not listen yet"),
        cause="it loads",
        evidence=f"process {process.pid} runs, its port refuses" + (f"; its log: {last}" if last else ""),
        step="wait",
        age=now - process.started,
    )


def _told(deck: Deck, hop: HopKind, server: Server, now: float) -> Statement:
    name = server.kind.value if isinstance(server, ProxySnapshot) else "vLLM"
    where = f"{name} {place(server.url)}"
    age = now - server.seen if server.seen else None
    base = Statement(Health.ERROR, where, server.detail, hop, evidence=server.detail, age=age, step="stormdeck check")
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
            words, cause, step = "runs, but answers no request", "the engine hangs or is dead", f"restart {name}"
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
            words, cause, step = f"does not answer as {name} does", "another program is there", "stormdeck check"
            if "does not speak TLS" in server.detail:
                base = replace(base, code="URL104", hop=HopKind.CLIENT if _is_base(deck, server) else hop)
    return replace(base, headline=f"{where} {words}", brief=brief(where, words), cause=cause, step=step)


def _starting(deck: Deck, base: Statement, server: Server, now: float) -> Statement:
    processes = [found.process for found in deck.discovery.found] + list(deck.discovery.loading)
    process = next((one for one in processes if one is not None and one.pid == server.pid), None)
    last = _last_line(deck, process) if process is not None else ""
    return replace(
        base,
        light=Health.WARNING,
        headline=f"{base.headline} is starting and refuses connections until it has loaded",
        detail=f"{base.detail}. Its log: {last}" if last else base.detail,
        brief=brief(f"{base.headline} is starting", last or "it refuses until it has loaded"),
        cause="it loads",
        evidence=f"{base.evidence}; its log: {last}" if last else base.evidence,
        step="wait",
        age=now - server.started if server.started else None,
    )


def _down(deck: Deck, base: Statement, server: Server) -> Statement:
    """Tell why a server is down, as far as its log or its configuration says so."""
    ended = next((one for one in deck.tails.endings.values() if one.hop is base.hop), None)
    # One that has answered here did start with what its YAML lacks: its environment had it.
    possible = _HINDERED.keys() - ({"PROXY801"} if server.seen else set())
    hindered = next((one for one in deck.findings if base.hop is one.hop and one.code in possible), None)
    what, step = _ENDED[ended]
    proof = ended.value if ended is not None else "why it ended is not known: no log tells"
    code = _url_code(deck) or "URL105" if _is_base(deck, server) else None
    if ended is Ending.REFUSED_TO_START:
        code = "PROXY801"
    elif ended is None and hindered is not None:
        what, step, code = f": {_HINDERED[hindered.code]}", f"stormdeck explain {hindered.code}", hindered.code
        proof = f"{hindered.file}: {hindered.message}".rstrip(".")
    known = ended is not None or hindered is not None
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


_HINDERED = {
    "PROXY801": "without a master key of its own it does not start",
    "PROXY813": "its YAML cannot be read",
}
"""What keeps a proxy from starting."""
_ENDED = {
    Ending.CRASHED: (": its engine crashed", "restart {name}; the stack trace in its log says why"),
    Ending.NOT_STARTED: (": its engine did not start", "the first error in the log of {name} says why"),
    Ending.STOPPED: (": it was stopped", "start {name}"),
    Ending.REFUSED_TO_START: (": it refuses to start without a master key", "stormdeck explain PROXY801"),
    None: ("", "start {name}"),
}


def _refusing(deck: Deck, base: Statement, server: Server) -> Statement:
    """Tell whose key is refused: the client's, where it sends there itself; else that is not known."""
    kept = withheld(deck.settings)
    if kept is not None and _is_base(deck, server):
        return replace(
            base,
            light=Health.WARNING,
            headline=f"{base.headline} wants a token: {kept.words}",
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
            headline=f"{base.headline} wants a key, and none is configured for this very address",
            brief=brief(f"{base.headline} wants a key", "none is set for this address"),
            cause=f"no setting names {origin_of(server.url)} with a token",
            step="stormdeck check",
        )
    return replace(
        base,
        light=Health.WARNING,
        headline=f"{base.headline} refuses the key that stormdeck has for it",
        detail=f"{base.detail}. Whether the proxy before it has the right one is not known from here."
        if deck.proxy is not None and base.hop is HopKind.SERVER
        else base.detail,
        brief=brief(f"{base.headline} refuses", "the key that stormdeck has"),
        cause="unknown: the key of the hop before it may be another",
        step="stormdeck check",
    )


def _is_base(deck: Deck, server: Server) -> bool:
    """Say whether the client sends to a server itself."""
    return same_place(server.url, deck.settings.text(_BASE_URL) or "")


def _last_line(deck: Deck, process: ServerProcess) -> str:
    """Return the newest line of a server's log in a few harmless words; empty where none is known."""
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
    """Return what was met at a URL that the search gave up, in words."""
    return next((f"{url}: {missed.why}" for missed in deck.discovery.missed if missed.what.startswith(url)), "")


def _url_code(deck: Deck) -> str | None:
    """Return the rule that finds the base URL wrong, first the one that nothing answers there."""
    found = [one.code for one in deck.findings if one.code.startswith("URL")]
    return next((code for code in ("URL105", "URL112") if code in found), next(iter(found), None))
