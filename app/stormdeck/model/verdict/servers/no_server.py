"""State that no server was found on the path, and what was found instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.request_path import (
    is_mute,
    is_out_of_reach,
    is_untrusted,
    limits_requests,
    unknown_base,
    wants_key,
)
from stormdeck.model.rules.collect import is_hosted
from stormdeck.model.snapshots.discovery import Contained, Found, Missed
from stormdeck.model.snapshots.server import (
    ServerKind,
    ServerState,
)
from stormdeck.model.symbols import Health
from stormdeck.model.urls import place, same_place
from stormdeck.model.verdict.servers.hosted import no_own_server
from stormdeck.model.verdict.servers.machines import on_machines
from stormdeck.model.verdict.servers.no_answer import no_answer, untrusted, url_code, why_missed
from stormdeck.model.verdict.servers.on_the_way import front_alone
from stormdeck.model.verdict.servers.starting import loading
from stormdeck.model.verdict.statement import LOOKING, Statement, brief

_POLLED = frozenset(ServerKind) - {ServerKind.OTHER}


def no_server(deck: Deck, now: float) -> Statement:
    """Return why there is no server to ask."""
    if not deck.discovery.done:
        return LOOKING
    if any(found.kind in _POLLED for found in deck.discovery.found):
        return Statement(Health.UNKNOWN, "Asking the servers")
    if deck.discovery.machines and unknown_base(deck) is None:
        return on_machines(deck.discovery.machines)
    if deck.discovery.loading:
        return loading(deck, deck.discovery.loading[0], now)
    if deck.discovery.hosted is not None:
        return _hosted_api(deck.discovery.hosted)
    if is_hosted(deck):
        return no_own_server(deck)
    base = unknown_base(deck)
    if base is not None:
        return _at_unknown(deck, base, now)
    if deck.discovery.contained:
        return _in_container(deck.discovery.contained[0])
    if deck.discovery.silent:
        return _silent(deck)
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


def _at_unknown(deck: Deck, base: Found, now: float) -> Statement:
    """Return what is known of a base URL that no known server answers."""
    inner = next((one for one in deck.discovery.contained if one.url and same_place(one.url, base.url)), None)
    is_loading = inner is not None and inner.listens is False and base.met is not ServerState.UP
    return loading(deck, inner.process, now) if inner is not None and is_loading else _at_base(deck, base)


def _silent(deck: Deck) -> Statement:
    """Return that something on this machine takes connections and has not answered."""
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


def _why_refused(hidden: Sequence[Contained]) -> str:
    """Return why a connection to the base URL is refused; ``hidden`` is a server in a container, if there is one."""
    loads = next((one for one in hidden if one.listens is False and one.url is None and not one.lists_ports), None)
    if loads is None or loads.process.kind is None:
        return "the server does not run, or the base URL is wrong"
    return (
        f"unknown: {loads.process.kind.value} in {loads.container} does not listen yet, and whether the base URL leads "
        "there is not known"
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
        url_code(deck) or ("URL105" if refused else None),
        brief=brief(f"No server answers at {place(base.url)}", "where Claude Code sends"),
        cause=_why_refused(hidden) if "refused" in reason else reason.rpartition(": ")[2],
        evidence=reason or base.how,
        step="start the server, or: stormdeck set ANTHROPIC_BASE_URL http://HOST:PORT",
    )
    coming = deck.discovery.coming_at(base)
    if coming is not None:
        return replace(
            unanswered,
            health=Health.WARNING,
            headline=f"Nothing accepts connections behind {base.url} yet, and {coming.server} is starting",
            detail=f"It runs {coming.where}. Wait until it has loaded. Press 4 for what was found.",
            brief=brief(f"{place(base.url)} refuses connections", f"{coming.server} is starting"),
            step=f"wait; `docker ps` shows which port is published ({coming.container})",
        )
    moved = next((one for one in deck.findings if one.code == "URL114" and one.severity is Severity.ERROR), None)
    if base.met is ServerState.UP and moved is not None:
        return replace(
            unanswered,
            headline=f"The server at {place(base.url)}, where Claude Code sends, redirects its requests",
            detail=f"{moved.message}{hint} Press 4 for what to do.",
            code=moved.code,
            brief=brief(f"{place(base.url)} redirects", "Claude Code's requests"),
            cause=moved.title,
            step="stormdeck explain URL114",
        )
    if base.met is ServerState.UP and not is_mute(deck, base.url) and wants_key(deck, base.url):
        return replace(
            unanswered,
            health=Health.WARNING,
            headline=f"The server at {base.url}, where Claude Code sends, refuses every request without another key",
            detail=f"What kind of server it is cannot be seen until then.{hint} Press 3 for the token.",
            brief=brief(f"{place(base.url)} wants another key", "where Claude Code sends"),
            cause="no token, or one that it does not accept",
            step="stormdeck check",
        )
    if base.met is ServerState.UP and limits_requests(deck, base.url):
        return replace(
            unanswered,
            health=Health.UNKNOWN,
            headline=f"The server at {base.url}, where Claude Code sends, limits requests: what it is cannot be seen",
            detail=f"It answered stormdeck with 429; whether it refuses Claude Code too is not known.{hint}",
            code=None,
            brief=brief(f"{place(base.url)} limits requests", "what it is cannot be seen"),
            cause="unknown: it was asked too often",
            step="look at the limit of what is in front of the server",
        )
    if base.met is ServerState.UP and not is_mute(deck, base.url):
        return replace(
            unanswered,
            health=Health.WARNING,
            headline=f"The server at {base.url}, where Claude Code sends, is neither vLLM nor a known proxy",
            detail=f"A canary shows whether it accepts Claude Code's requests: press 4.{hint}",
            brief=brief(f"A server of another kind at {place(base.url)}", "where Claude Code sends"),
            cause="a server of another kind, or something in front of vLLM",
            step="stormdeck check --canary",
        )
    if base.met is ServerState.DEGRADED:
        return front_alone(unanswered, base.url, reason.rpartition(": ")[2], hint)
    if is_untrusted(deck, base.url):
        return untrusted(deck, unanswered, "The server", base.url)
    is_silent = base.met is ServerState.SILENT and not is_out_of_reach(deck, base.url)
    if is_silent or is_mute(deck, base.url):
        waiting = replace(unanswered, detail=f"Claude Code waits there too, and retries silently.{hint}")
        return no_answer(deck, waiting, "The server", base.url, reason)
    return unanswered
