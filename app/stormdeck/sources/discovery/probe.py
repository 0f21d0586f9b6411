"""Probe the client's base URL with GET requests, which cost no GPU time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urljoin

from stormdeck.model.masking.lines import mask_text
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.settings.trust import AUTHORITIES
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found
from stormdeck.model.snapshots.failure import ENDED_HANDSHAKE
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.discovery.behind import published_at
from stormdeck.sources.discovery.configured import base_url, client_key
from stormdeck.sources.discovery.identify import identify
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.net.address import Address, address
from stormdeck.sources.net.answers import describe_answer, is_gateway, is_html, is_loading, refuses_key, shown
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import DEADLINE_S, Answer, HttpClient, json_object
from stormdeck.sources.settings.authorities import read_authorities, why_useless

_MODELS, _MESSAGES, _CHAT = "/v1/models", "/v1/messages", "/v1/chat/completions"
_BAD_REQUEST, _METHOD_NOT_ALLOWED, _FAILING = 400, 405, 500
_REDIRECTS_AS_GET, _REDIRECTS_AS_POST = {301, 302, 303}, {307, 308}
"""The redirects that Claude Code follows with a GET without its request, and with the request (measured, 2.1.332)."""
_HANDSHAKE_S = 1.0
"""How long a port that failed in plain HTTP may take to show that it speaks TLS."""
_REACH = {
    FailureKind.REFUSED: Reach.REFUSED,
    FailureKind.UNRESOLVED: Reach.UNRESOLVED,
    FailureKind.LOOKUP: Reach.UNRESOLVED,
    FailureKind.UNREACHABLE: Reach.UNREACHABLE,
    FailureKind.CUT: Reach.CUT,
    FailureKind.NOT_HTTP: Reach.NO_HTTP,
    FailureKind.UNTRUSTED: Reach.UNTRUSTED,
    FailureKind.CERTIFICATE: Reach.BAD_CERTIFICATE,
    FailureKind.TLS: Reach.NO_TLS,
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
    models = await http.get(named.url + _MODELS, key=key, deadline_s=deadline_s)
    if isinstance(models, Failure):
        if models.kind is FailureKind.OURS:
            return None
        probe = await _failed(settings, target, models, found, http, deadline_s)
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
        models = await http.get(named.url + _MODELS, deadline_s=deadline_s)
    if isinstance(models, Answer) and is_gateway(models):
        return Probe(named.url, Reach.GATEWAY, detail=f"status {models.status}", elsewhere=_elsewhere(target, found))
    if target.scheme == "http" and _may_want_tls(models) and await _speaks_tls(target, http, deadline_s):
        return Probe(named.url, Reach.TLS_ONLY, elsewhere=_elsewhere(target, found))
    broken = _broken_messages(named.url + _MESSAGES, models, messages)
    if broken is not None:
        known = kind if kind is not ServerKind.OTHER else None
        return replace(broken, kind=known, credential=_credential(models, kind) if key else None)
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
        credential=_credential(models, kind) if key else None,
        detail=describe_answer(models) if isinstance(models, Answer) else "",
        elsewhere=_elsewhere(target, found) if has_messages is False else None,
        needs_shell=needs_shell,
    )


def _credential(models: Answer | Failure, kind: ServerKind | None) -> int | None:
    """Return the status with which a server judged the credential, ``None`` if its answer is about something else.

    LiteLLM without a database answers a wrong key with 400 (measured, 1.109); others mean the request.
    """
    if isinstance(models, Failure):
        return None
    is_judged = models.status == 200 or refuses_key(models) or (models.status == 400 and kind is ServerKind.LITELLM)
    return models.status if is_judged else None


def _broken_messages(url: str, models: Answer | Failure, messages: Answer | Failure) -> Probe | None:
    """Return why no turn passes ``/v1/messages``, by its answer to a GET: a redirect, or a failing server."""
    if isinstance(messages, Failure):
        return None
    target, base, where = address(url), url.removesuffix(_MESSAGES), ""
    with suppress(ValueError):
        where = urljoin(url, messages.headers.get("location", ""))
    leads = address(where)
    if messages.status in {*_REDIRECTS_AS_GET, *_REDIRECTS_AS_POST} and target is not None and leads is not None:
        # Claude Code follows 307 and 308 with all it sent, the token only to the same origin (measured, 2.1.332).
        if messages.status in _REDIRECTS_AS_POST and leads.origin == target.origin:
            return None
        return Probe(base, Reach.REDIRECT, status=messages.status, location=shown(mask_text(where)))
    fails_everywhere = isinstance(models, Answer) and models.status >= _FAILING
    if is_gateway(messages) or (messages.status >= _FAILING and fails_everywhere and not is_loading(messages)):
        return Probe(base, Reach.FAILS, detail=f"status {messages.status}", status=messages.status)
    return None


def _may_want_tls(models: Answer | Failure) -> bool:
    """Return whether an answer in plain HTTP may be that of a port that speaks TLS: Go, nginx and Apache answer 400."""
    return isinstance(models, Answer) and models.status == _BAD_REQUEST and json_object(models) is None


async def _speaks_tls(target: Address, http: HttpClient, deadline_s: float) -> bool:
    """Return whether a port speaks TLS, by a handshake; no key is sent."""
    secure = f"https{target.base.removeprefix('http')}"
    answer = await http.get(secure + _MODELS, deadline_s=min(deadline_s, _HANDSHAKE_S))
    if isinstance(answer, Answer) or answer.kind in {FailureKind.UNTRUSTED, FailureKind.CERTIFICATE}:
        return True
    return answer.text.startswith(ENDED_HANDSHAKE)


async def _needs_shell(settings: SettingsSnapshot, url: str, user_agent: str, deadline_s: float) -> bool:
    """Return whether a certificate is not trusted without the ``SSL_CERT_FILE`` of the settings."""
    extra, in_settings = AUTHORITIES
    if not await run_in_thread(read_authorities, settings, (in_settings,)):
        return False
    async with HttpClient(user_agent.rpartition("/")[2]) as http:
        http.trust(await run_in_thread(read_authorities, settings, (extra,)))
        answer = await http.get(url + _MODELS, deadline_s=deadline_s)
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
    settings: SettingsSnapshot,
    target: Address,
    failure: Failure,
    found: DiscoverySnapshot,
    http: HttpClient,
    deadline_s: float,
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
    loading = _loading(target, found) if reach in {Reach.REFUSED, Reach.CUT, Reach.SILENT} else ""
    if loading:
        return Probe(url=target.base, reach=Reach.STARTING, detail=loading, elsewhere=_elsewhere(target, found))
    server = _server_at(target, found)
    coming = found.coming_at(server) if server is not None and reach is Reach.REFUSED else None
    if coming is not None:
        detail = f"{coming.server} runs {coming.where}, and does not listen yet"
        return Probe(url=target.base, reach=Reach.MAY_START, detail=detail, elsewhere=_elsewhere(target, found))
    if reach in {Reach.CUT, Reach.NO_HTTP} and target.scheme == "http" and await _speaks_tls(target, http, deadline_s):
        reach = Reach.TLS_ONLY
    # stormdeck has no client certificate: that it is refused says nothing of a client that has one.
    is_refused = reach in {Reach.NO_TLS, Reach.CUT} and target.scheme == "https"
    if is_refused and settings.text("env.CLAUDE_CODE_CLIENT_CERT"):
        reach = Reach.UNKNOWN
    return Probe(url=target.base, reach=reach, detail=failure.text, elsewhere=_elsewhere(target, found))


async def _serves_plainly(url: str, http: HttpClient, deadline_s: float) -> bool:
    """Return whether a server answers plain HTTP with success; no key is sent.

    An error proves nothing: nginx answers 400 in plain HTTP on a port that speaks TLS.
    """
    models = await http.get(url + _MODELS, deadline_s=deadline_s)
    if isinstance(models, Failure):
        return False
    if models.status in {401, 403}:
        # The list wants a key. What needs none says whether a server is there.
        return (await identify(url, http, None, deadline_s)).kind in _SERVERS
    return 200 <= models.status < 300


def _loading(target: Address, found: DiscoverySnapshot) -> str:
    """Return which process is to answer at an address and does not listen yet; empty if none is known."""
    inner = published_at(target.base, found.contained)
    if inner is not None:
        return f"{inner.server} runs {inner.where}" if inner.listens is False else ""
    server = _server_at(target, found)
    process = server.process if server is not None else None
    if process is None or process not in found.loading:
        return ""
    return f"{process.kind.value if process.kind is not None else 'The server'} (pid {process.pid}) runs here"


def _elsewhere(target: Address, found: DiscoverySnapshot) -> str | None:
    """Return the URL of another server that answered, preferably on the same host."""
    answered = [one for one in (*found.found, *found.beside) if one.met is ServerState.UP]
    others = [(server.url, address(server.url)) for server in answered if server.kind is not ServerKind.OTHER]
    places = [(url, other) for url, other in others if other is not None and other.server != target.server]
    here = [url for url, other in places if other.place[0] == target.place[0]]
    return next(iter([*here, *(url for url, _ in places)]), None)
