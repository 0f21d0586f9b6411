"""Probe the client's base URL with GET requests, which cost no GPU time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.settings.trust import AUTHORITIES
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.discovery.configured import base_url, client_key
from stormdeck.sources.discovery.identify import identify
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.net.address import Address, address
from stormdeck.sources.net.answers import describe_answer, is_gateway, is_html
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import DEADLINE_S, Answer, HttpClient, json_object
from stormdeck.sources.settings.authorities import read_authorities, why_useless

_MESSAGES, _CHAT = "/v1/messages", "/v1/chat/completions"
_METHOD_NOT_ALLOWED = 405
_REACH = {
    FailureKind.REFUSED: Reach.REFUSED,
    FailureKind.UNRESOLVED: Reach.UNRESOLVED,
    FailureKind.LOOKUP: Reach.UNRESOLVED,
    FailureKind.UNREACHABLE: Reach.UNREACHABLE,
    FailureKind.CUT: Reach.CUT,
    FailureKind.NOT_HTTP: Reach.NO_HTTP,
    FailureKind.UNTRUSTED: Reach.UNTRUSTED,
    FailureKind.CERTIFICATE: Reach.BAD_CERTIFICATE,
}
_SERVERS = frozenset(ServerKind) - {ServerKind.OTHER}
_TIMED_OUT = {Reach.SILENT, Reach.UNCONNECTED}


async def probe_base_url(
    settings: SettingsSnapshot,
    found: DiscoverySnapshot,
    http: HttpClient,
    deadline_s: float = DEADLINE_S,
    *,
    is_quick: bool = False,
) -> Probe | None:
    """Probe the base URL in force; return ``None`` where there is none or it is the hosted API. Never raises.

    The client's credential goes there and nowhere else. A GET of ``/v1/messages`` that returns 405 shows that the path
    takes POST (measured, vLLM 0.32, LiteLLM 1.109). ``is_quick``: the deadline is so short that a server without an
    answer may only be slow.
    """
    named = base_url(settings)
    target = address((settings.text("env.ANTHROPIC_BASE_URL") or "").strip())
    if named is None or named.hosted or target is None:
        return None
    key = client_key(settings)
    bare = not settings.text("env.ANTHROPIC_AUTH_TOKEN")
    models = await http.get(named.url + "/v1/models", key=key, deadline_s=deadline_s)
    if isinstance(models, Failure):
        if models.kind is FailureKind.OURS:
            return None
        probe = await _failed(target, models, found, http, deadline_s)
        if probe.reach is Reach.UNTRUSTED:
            return replace(probe, authorities=await run_in_thread(why_useless, settings))
        unsure = is_quick or _met(target, found) is ServerState.UP
        return replace(probe, reach=Reach.UNKNOWN) if unsure and probe.reach in _TIMED_OUT else probe
    messages, kind = await asyncio.gather(
        http.get(named.url + _MESSAGES, key=key, deadline_s=deadline_s),
        _kind(named.url, target, found, http, key, deadline_s),
    )
    if kind is ServerKind.VLLM and key and bare:
        # vLLM ignores x-api-key: a client with only a key has none for it (measured, 0.32).
        models = await http.get(named.url + "/v1/models", deadline_s=deadline_s)
    if isinstance(models, Answer) and is_gateway(models):
        return Probe(named.url, Reach.GATEWAY, detail=f"status {models.status}", elsewhere=_elsewhere(target, found))
    status = models.status if isinstance(models, Answer) and key else None
    has_messages = _has_messages(messages, kind)
    is_proxy = kind is not None and kind.is_proxy
    if has_messages is None and not is_proxy and isinstance(messages, Answer) and messages.status == 404:
        has_messages = await _by_pair(named.url, http, key, deadline_s)
    needs_shell = target.scheme == "https" and await _needs_shell(settings, named.url, http.user_agent, deadline_s)
    return Probe(
        url=named.url,
        reach=Reach.ANSWERS,
        kind=kind if kind is not ServerKind.OTHER else None,
        has_messages=has_messages,
        credential=status if status in {200, 400, 401, 403} else None,
        detail=describe_answer(models) if isinstance(models, Answer) else "",
        elsewhere=_elsewhere(target, found) if has_messages is False else None,
        needs_shell=needs_shell,
    )


async def _needs_shell(settings: SettingsSnapshot, url: str, user_agent: str, deadline_s: float) -> bool:
    """Return whether a certificate is not trusted without the ``SSL_CERT_FILE`` of the settings."""
    extra, in_settings = AUTHORITIES
    if not await run_in_thread(read_authorities, settings, (in_settings,)):
        return False
    async with HttpClient(user_agent.rpartition("/")[2]) as http:
        http.trust(await run_in_thread(read_authorities, settings, (extra,)))
        answer = await http.get(url + "/v1/models", deadline_s=deadline_s)
    return isinstance(answer, Failure) and answer.kind is FailureKind.UNTRUSTED


async def _kind(
    url: str, target: Address, found: DiscoverySnapshot, http: HttpClient, key: str | None, deadline_s: float
) -> ServerKind | None:
    """Return what answers at the base URL: as the search found, else by a request."""
    server = _server_at(target, found)
    if server is not None and server.met is ServerState.UP:
        return server.kind
    return (await identify(url, http, key, deadline_s)).kind


def _server_at(target: Address, found: DiscoverySnapshot) -> Found | None:
    places = ((server, address(server.url)) for server in found.found)
    return next((server for server, at in places if at is not None and at.server == target.server), None)


def _met(target: Address, found: DiscoverySnapshot) -> ServerState | None:
    server = _server_at(target, found)
    return server.met if server is not None else None


def _has_messages(messages: Answer | Failure, kind: ServerKind | None) -> bool | None:
    """Return whether the path takes POST, by the answer to a GET; 404 means no only from a framework that uses 405."""
    if isinstance(messages, Failure) or is_html(messages):
        return None
    if messages.status == _METHOD_NOT_ALLOWED:
        return True
    says_so = kind is ServerKind.VLLM or (json_object(messages) or {}) == {"detail": "Not Found"}
    return False if messages.status == 404 and says_so else None


async def _by_pair(url: str, http: HttpClient, key: str | None, deadline_s: float) -> bool | None:
    """Return that the path is missing if a POST path that it does have answers a GET with 405."""
    chat = await http.get(url + _CHAT, key=key, deadline_s=deadline_s)
    return False if isinstance(chat, Answer) and chat.status == _METHOD_NOT_ALLOWED else None


async def _failed(
    target: Address, failure: Failure, found: DiscoverySnapshot, http: HttpClient, deadline_s: float
) -> Probe:
    reach = _REACH.get(failure.kind, Reach.UNKNOWN)
    if failure.kind is FailureKind.TIMEOUT:
        reach = Reach.SILENT if failure.accepted else Reach.UNCONNECTED
    if target.scheme == "https" and failure.kind in {
        FailureKind.TLS,
        FailureKind.CUT,
        FailureKind.NOT_HTTP,
        FailureKind.TIMEOUT,
    }:
        plain = f"http{target.base.removeprefix('https')}"
        if await _serves_plainly(plain, http, deadline_s):
            reach = Reach.PLAIN_HTTP
    return Probe(url=target.base, reach=reach, detail=failure.text, elsewhere=_elsewhere(target, found))


async def _serves_plainly(url: str, http: HttpClient, deadline_s: float) -> bool:
    """Return whether a server answers plain HTTP with success; no key is sent.

    An error proves nothing: nginx answers 400 in plain HTTP on a port that speaks TLS.
    """
    models = await http.get(url + "/v1/models", deadline_s=deadline_s)
    if isinstance(models, Failure):
        return False
    if models.status in {401, 403}:
        # The list wants a key. What needs none says whether a server is there.
        return (await identify(url, http, None, deadline_s)).kind in _SERVERS
    return 200 <= models.status < 300


def _elsewhere(target: Address, found: DiscoverySnapshot) -> str | None:
    """Return the URL of another server that answered, preferably on the same host."""
    answered = [one for one in (*found.found, *found.beside) if one.met is ServerState.UP]
    others = [(server.url, address(server.url)) for server in answered if server.kind is not ServerKind.OTHER]
    places = [(url, other) for url, other in others if other is not None and other.server != target.server]
    here = [url for url, other in places if other.place[0] == target.place[0]]
    return next(iter([*here, *(url for url, _ in places)]), None)
