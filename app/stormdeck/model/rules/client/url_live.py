"""URL: rules about the server at the base URL."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.masking.shapes import looks_real
from stormdeck.model.rules.audience import ALWAYS
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.rule import WRONG_MODEL, Page, Rule, rule
from stormdeck.model.snapshots.failure import ENDED_HANDSHAKE
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.urls import host_of, is_near, port_of, same_place
from stormdeck.model.versions import below

_EXAMPLE = '"env": { "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000" }'
_SECRETS = ("env.ANTHROPIC_AUTH_TOKEN", "env.ANTHROPIC_API_KEY")
_MESSAGES_SINCE = "0.11.2"


@rule(
    Page(
        code="URL105",
        title="nothing answers at the base URL",
        what=(
            "Finds an ANTHROPIC_BASE_URL where nothing listens, whose host name does not resolve, or that has no "
            "network route."
        ),
        why=(
            "Claude Code retries ten times over about three minutes. Meanwhile versions up to 2.1.42 show only a "
            "spinner, and `claude -p` shows nothing in any version."
        ),
        shown=(
            "Up to 2.0.76: API Error: Connection error.\n"
            "2.1.41 to 2.1.112: API Error: Unable to connect to API. Check your internet connection\n"
            "2.1.329: API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)"
        ),
        versions="all versions; tested against the running server",
        evidence="measured, 1.0.128 to 2.1.329; 175 to 205 s of retries",
        fix=(
            "Start the server, or write the address where it listens. vLLM refuses connections while it loads the "
            "model."
        ),
        example=_EXAMPLE,
    )
)
def nothing_there(facts: Facts) -> Iterator[Finding]:
    """Find a base URL that cannot be reached."""
    probe = facts.live.probe
    if probe is None or probe.reach not in _NO_SERVER:
        return
    where = f"The name {host_of(probe.url)} does not resolve" if probe.reach is Reach.UNRESOLVED else ""
    yield Finding(
        "URL105",
        Severity.ERROR,
        _NO_SERVER[probe.reach],
        f"{where or _NO_SERVER[probe.reach].capitalize()}{_elsewhere(probe)}. Claude Code retries for three minutes "
        "without a message, then shows that it cannot connect.",
        BASE_URL,
    )


_NO_SERVER = {
    Reach.REFUSED: "nothing listens there",
    Reach.UNRESOLVED: "the name does not resolve",
    Reach.UNREACHABLE: "no network route leads there",
}


def _elsewhere(probe: Probe) -> str:
    """Return a hint at another server that answers; it may not be the user's."""
    return f"; another server was found at {mask_text(probe.elsewhere)}" if probe.elsewhere else ""


@rule(
    Page(
        code="URL106",
        title="the server has no POST /v1/messages",
        what="Finds a server at ANTHROPIC_BASE_URL that answers, but has no POST /v1/messages.",
        why=(
            "Claude Code speaks only the Anthropic Messages API. vLLM has it since 0.11.2; LM Studio, Ollama's OpenAI "
            "port and a proxy's admin port may not. Articles say that Claude Code cannot talk to vLLM directly: that "
            "was true before 0.11.2."
        ),
        shown=f"{WRONG_MODEL}\nUp to 2.0.76: API Error: 404",
        versions="vLLM before 0.11.2, and other kinds of servers; tested against the running server",
        evidence="measured; the version: read from vLLM's wheels",
        fix="Update vLLM, or put a proxy such as LiteLLM in front of it.",
        example=_EXAMPLE,
    )
)
def no_messages(facts: Facts) -> Iterator[Finding]:
    """Find a server without the Messages API."""
    probe, live = facts.live.probe, facts.live
    if probe is None or probe.reach is not Reach.ANSWERS:
        return
    too_old = probe.kind is ServerKind.VLLM and below(live.vllm_version, _MESSAGES_SINCE)
    if probe.has_messages is not False and not too_old:
        return
    what = f"vLLM {live.vllm_version}" if too_old else probe.kind.value if probe.kind else "the server there"
    yield Finding(
        "URL106",
        Severity.ERROR,
        "the server has no /v1/messages",
        f"{what} answers, but has no POST /v1/messages: every turn ends in 404. vLLM has it since 0.11.2.",
        BASE_URL,
    )


@rule(
    Page(
        code="URL108",
        title="a real token over plain HTTP",
        what=(
            "Finds an http:// base URL outside this machine and its private networks, with a token that does not look "
            "like a placeholder."
        ),
        why="Anyone on the network path can read the token, the prompts and the code.",
        shown="",
        versions="all versions",
        evidence="docs: HTTP sends headers unencrypted",
        fix="Use https://, a tunnel (ssh -L) or a VPN.",
        example='"env": { "ANTHROPIC_BASE_URL": "https://llm.example.org" }',
    ),
    ALWAYS,
)
def token_in_the_clear(facts: Facts) -> Iterator[Finding]:
    """Find a real token that leaves the private network unencrypted."""
    url = facts.text(BASE_URL)
    if not url.lower().startswith("http://") or port_of(url) is None or is_near(host_of(url)):
        return
    if any(looks_real(facts.text(path)) for path in _SECRETS):
        yield Finding(
            "URL108",
            Severity.WARNING,
            "a real token over plain HTTP",
            "The server is outside this machine and its private networks, and the token is sent unencrypted.",
            BASE_URL,
            evidence="docs",
        )


@rule(
    Page(
        code="URL112",
        title="the server accepts the connection but does not answer",
        what=(
            "Finds a server at ANTHROPIC_BASE_URL that accepts the connection and sends no answer, or none that is "
            "HTTP; or that answers /v1/messages as a gateway without its server does. stormdeck asks for the model "
            "list, which costs no GPU time, and waits three and a half seconds."
        ),
        why=(
            "The server is starting, stopped or hangs, the other end of a port forward is gone, a gateway has no "
            "server behind it (502 to 504, 520 to 530), the port belongs to another program, or the server ends the "
            "TLS handshake because it has no certificate for the name, or wants one of the client. Claude Code waits "
            "and retries without a message. It is only a warning while the server's process loads, and if not even a "
            "connection is made in that time (a firewall, a VPN that is off)."
        ),
        shown="A spinner for minutes, then one of:\nAPI Error: Request timed out.\nAPI Error: Connection error.",
        versions="all versions; tested against the running server",
        evidence="measured: servers that accept and stay silent, and servers that close at once",
        fix=(
            "Read the server's log and restart it; for a tunnel, start its other end. To see what uses the port: ss "
            "-ltnp, or curl -v URL/v1/models."
        ),
        example=_EXAMPLE,
    )
)
def no_answer(facts: Facts) -> Iterator[Finding]:
    """Find a server that accepts connections and does not answer."""
    probe = facts.live.probe
    if probe is None or probe.reach not in _UNANSWERED:
        return
    # The server may answer other paths.
    if probe.reach is not Reach.FAILS and _answers_now(facts, probe):
        return
    title, message = _UNANSWERED[probe.reach]
    fail = "fail until then" if probe.reach is Reach.STARTING else "fail in the same way"
    fail = "fail until a server accepts them" if probe.reach is Reach.MAY_START else fail
    fail = f"may {fail}" if probe.reach in {Reach.NO_TLS, Reach.FAILS} and _is_unsure(probe) else fail
    yield Finding(
        "URL112",
        Severity.WARNING if _is_unsure(probe) else Severity.ERROR,
        title,
        f"{message.format(detail=probe.detail)}{_elsewhere(probe)}. Claude Code's requests {fail}.",
        BASE_URL,
    )


_UNANSWERED = {
    Reach.SILENT: (
        "it accepts the connection and does not answer",
        "The server accepts the connection and gives {detail}",
    ),
    Reach.UNCONNECTED: ("no connection", "No connection was made: {detail}"),
    Reach.CUT: (
        "it closes without an answer",
        "The server accepts the connection and closes it without a complete answer",
    ),
    Reach.GATEWAY: (
        "the server behind the gateway does not answer",
        "The gateway answers, with {detail}; the server behind it does not",
    ),
    Reach.NO_HTTP: ("the answer is not HTTP/1.1", "Something answers there, but not with valid HTTP/1.1"),
    Reach.NO_TLS: ("no TLS connection", "TLS fails: {detail}"),
    Reach.STARTING: ("the server is starting", "{detail} and does not answer yet"),
    Reach.MAY_START: (
        "what is behind the port refuses connections",
        "The port is held on this machine and refuses connections. {detail}",
    ),
    Reach.FAILS: ("/v1/messages fails", "/v1/messages answers a GET with {detail}"),
}


def _is_unsure(probe: Probe) -> bool:
    """Return whether requests may pass all the same: what this program refuses of TLS, the client may accept."""
    if probe.reach is Reach.NO_TLS:
        return not probe.detail.startswith((ENDED_HANDSHAKE, "it does not speak TLS"))
    # A server may fail only at a GET; a gateway does not reach its server for other requests either.
    return probe.reach in {Reach.UNCONNECTED, Reach.STARTING, Reach.MAY_START} or (
        probe.reach is Reach.FAILS and probe.status in _OWN_FAILURES
    )


_OWN_FAILURES = {500, 501}
"""Statuses that a server answers itself, not what is in front of it."""


def _answers_now(facts: Facts, probe: Probe) -> bool:
    """Return whether the server at the base URL has answered since the probe."""
    servers = (facts.live.vllm, facts.live.proxy)
    return any(one is not None and one.state is ServerState.UP and same_place(one.url, probe.url) for one in servers)


@rule(
    Page(
        code="URL114",
        title="the base URL is redirected",
        what=(
            "Finds a server whose /v1/messages answers with a redirect: 301, 302 or 303, or 307 or 308 to another "
            "host, port or scheme. stormdeck asks with a GET and does not follow."
        ),
        why=(
            "Claude Code follows 301, 302 and 303 with a GET that has neither its request nor, on another origin, its "
            "token: no turn passes. 307 and 308 it follows with the whole request, but with the token only to the "
            "same host, port and scheme. Usual causes: http:// where the server wants https://, a missing path, a "
            "login page in front."
        ),
        shown=WRONG_MODEL,
        versions="all versions; tested against the running server",
        evidence="measured, 2.1.112 and 2.1.332",
        fix="Write the address that the redirect leads to, without /v1/messages.",
        example='"env": { "ANTHROPIC_BASE_URL": "https://llm.example.org" }',
    )
)
def redirected(facts: Facts) -> Iterator[Finding]:
    """Find a redirect that a request does not survive."""
    probe = facts.live.probe
    if probe is None or probe.reach is not Reach.REDIRECT or not same_place(facts.text(BASE_URL), probe.url):
        return
    keeps_request = probe.status in {307, 308}
    if keeps_request and not any(facts.text(path) for path in _SECRETS):
        return
    lost = "the token is left out" if keeps_request else "the request becomes a GET without its text"
    base = probe.location.removesuffix(_PATH)
    is_moved = base != probe.location
    is_same_host = host_of(base) == host_of(probe.url) and not (
        probe.url.startswith("https:") and base.startswith("http:")
    )
    yield Finding(
        "URL114",
        # A redirect to another page, as one for people, may be the answer to a GET alone.
        Severity.ERROR if is_moved else Severity.WARNING,
        f"redirected to {probe.location}",
        f"/v1/messages answers {probe.status} with a redirect there. Claude Code follows it, but {lost}.",
        BASE_URL,
        fix=Fix(f"set it to {base}", (Edit(BASE_URL, base),)) if is_moved and is_same_host else None,
    )


_PATH = "/v1/messages"


RULES: tuple[Rule, ...] = (nothing_there, no_messages, no_answer, redirected, token_in_the_clear)
