"""URL: what answers at the base URL."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.audience import ALWAYS
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.rule import WRONG_MODEL, Page, Rule, rule
from stormdeck.model.snapshots.probe import Probe, Reach
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.urls import host_of, is_near, looks_real, port_of, same_place
from stormdeck.model.versions import below

_EXAMPLE = '"env": { "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000" }'
_SECRETS = ("env.ANTHROPIC_AUTH_TOKEN", "env.ANTHROPIC_API_KEY")
_MESSAGES_SINCE = "0.11.2"


def _fix(url: str) -> Fix:
    return Fix(f"set it to {mask_text(url)}", (Edit(BASE_URL, url),))


@rule(
    Page(
        code="URL104",
        title="https to a port that speaks plain HTTP",
        what="ANTHROPIC_BASE_URL begins with https:// and the server there does not speak TLS.",
        why=(
            "vLLM and the proxies speak plain HTTP unless they were given a certificate. The client retries for three"
            " minutes without a word, then names a TLS error."
        ),
        shown="API Error: Connection error.\n2.1.329: SSL error (ERR_SSL_WRONG_VERSION_NUMBER); between: (EPROTO)",
        versions="all; asked live",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Write http://, or give the server a certificate.",
        example=_EXAMPLE,
    )
)
def plain_http(facts: Facts) -> Iterator[Finding]:
    """Find TLS towards a server without it."""
    probe, url = facts.live.probe, facts.text(BASE_URL)
    if probe is None or probe.reach is not Reach.PLAIN_HTTP or not url.lower().startswith("https://"):
        return
    yield Finding(
        "URL104",
        Severity.ERROR,
        "the server speaks plain HTTP",
        "The client retries in silence for three minutes, then shows a connection or SSL error.",
        BASE_URL,
        fix=_fix(f"http://{url[8:]}"),
    )


@rule(
    Page(
        code="URL105",
        title="nothing answers at the base URL",
        what="Nothing listens at ANTHROPIC_BASE_URL, its host name does not resolve, or no route leads there.",
        why=(
            "The client retries ten times over about three minutes. Up to 2.1.42 the screen shows a spinner only, "
            "`claude -p` shows nothing in any version."
        ),
        shown=(
            "Up to 2.0.76: API Error: Connection error.\n"
            "2.1.41 to 2.1.112: API Error: Unable to connect to API. Check your internet connection\n"
            "2.1.329: API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)"
        ),
        versions="all; asked live",
        evidence="measured, 1.0.128 to 2.1.329; 175 to 205 s of retries",
        fix="Start the server, or write the address where it listens. vLLM refuses the whole time it loads.",
        example=_EXAMPLE,
    )
)
def nothing_there(facts: Facts) -> Iterator[Finding]:
    """Find an address where nothing listens."""
    probe = facts.live.probe
    if probe is None or probe.reach not in _NOBODY:
        return
    where = f"The name {host_of(probe.url)} does not resolve" if probe.reach is Reach.UNRESOLVED else ""
    yield Finding(
        "URL105",
        Severity.ERROR,
        _NOBODY[probe.reach],
        f"{where or _NOBODY[probe.reach].capitalize()}{_elsewhere(probe)}. The client retries in silence for three "
        "minutes, then says it cannot connect.",
        BASE_URL,
    )


_NOBODY = {
    Reach.REFUSED: "nothing listens there",
    Reach.UNRESOLVED: "the name does not resolve",
    Reach.UNREACHABLE: "no route leads there",
}


def _elsewhere(probe: Probe) -> str:
    """Return a hint at another server that answers; whether it is the user's is not known."""
    return f"; another server was found at {mask_text(probe.elsewhere)}" if probe.elsewhere else ""


@rule(
    Page(
        code="URL106",
        title="a server without POST /v1/messages",
        what="Something answers at ANTHROPIC_BASE_URL, and it has no POST /v1/messages.",
        why=(
            "The client speaks the Anthropic Messages API only. vLLM has it from 0.11.2 on; LM Studio, Ollama's "
            "OpenAI port and a proxy's admin port may not. Articles say that Claude Code cannot talk to vLLM "
            "directly: that was true before 0.11.2."
        ),
        shown=f"{WRONG_MODEL}\nUp to 2.0.76: API Error: 404",
        versions="vLLM before 0.11.2, and servers of other kinds; asked live",
        evidence="measured; the version read from vLLM's wheels",
        fix="Update vLLM, or put a proxy such as LiteLLM before it.",
        example=_EXAMPLE,
    )
)
def no_messages(facts: Facts) -> Iterator[Finding]:
    """Find a server that the client cannot talk to."""
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
        "no /v1/messages there",
        f"{what} answers, but has no POST /v1/messages: every turn ends in 404. vLLM has it from 0.11.2 on.",
        BASE_URL,
    )


@rule(
    Page(
        code="URL108",
        title="a real token over plain HTTP",
        what=(
            "ANTHROPIC_BASE_URL is http:// to an address outside this machine and its private networks, and the token"
            " does not look like a placeholder."
        ),
        why="Everybody on the way can read the token, the prompts and the code.",
        shown="",
        versions="all",
        evidence="docs: HTTP sends headers in clear text",
        fix="Use https://, a tunnel (ssh -L), or a VPN.",
        example='"env": { "ANTHROPIC_BASE_URL": "https://llm.example.org" }',
    ),
    ALWAYS,
)
def token_in_the_clear(facts: Facts) -> Iterator[Finding]:
    """Find a secret that leaves the private network in clear text."""
    url = facts.text(BASE_URL)
    if not url.lower().startswith("http://") or port_of(url) is None or is_near(host_of(url)):
        return
    if any(looks_real(facts.text(path)) for path in _SECRETS):
        yield Finding(
            "URL108",
            Severity.WARNING,
            "a real token over plain HTTP",
            "The address is outside this machine and its private networks, and the token is sent in clear text.",
            BASE_URL,
            evidence="docs",
        )


@rule(
    Page(
        code="URL112",
        title="the server does not answer",
        what="Something accepts the connection at ANTHROPIC_BASE_URL and gives no answer, or none that is HTTP.",
        why=(
            "A stopped or hung server, a port forward whose other end is gone, a gateway whose server does not run "
            "(502 to 504), or a program that speaks something else. The client waits, and retries in silence. It is "
            "asked for the model list, which costs no GPU time, and has three and a half seconds. Where not even a "
            "connection is made in that time, as behind a firewall or a VPN that is off, this is a warning."
        ),
        shown="A spinner for minutes, then API Error: Request timed out., or API Error: Connection error.",
        versions="all; asked live",
        evidence="measured: with servers that accept and are silent, and that close at once",
        fix=(
            "Look at the server's log and start it again; of a tunnel, start the other end. See what is on the port: "
            "ss -ltnp, or curl -v URL/v1/models."
        ),
        example=_EXAMPLE,
    )
)
def no_answer(facts: Facts) -> Iterator[Finding]:
    """Find a server that takes connections and does not answer."""
    probe = facts.live.probe
    if probe is None or probe.reach not in _UNANSWERED or _answers_now(facts, probe):
        return
    title, words = _UNANSWERED[probe.reach]
    yield Finding(
        "URL112",
        Severity.WARNING if probe.reach is Reach.UNCONNECTED else Severity.ERROR,
        title,
        f"{words.format(detail=probe.detail)}{_elsewhere(probe)}. The client's requests end the same way.",
        BASE_URL,
    )


_UNANSWERED = {
    Reach.SILENT: (
        "it accepts the connection and does not answer",
        "The server accepts the connection and gives {detail}",
    ),
    Reach.UNCONNECTED: ("no connection", "No connection was made: {detail}"),
    Reach.CUT: ("it closes without an answer", "The server accepts the connection and closes it without an answer"),
    Reach.GATEWAY: (
        "the server behind it gives no answer",
        "What is in front answers, with {detail}; the server behind it does not",
    ),
    Reach.NO_HTTP: ("what answers is not HTTP", "Something answers there, and not in HTTP"),
}


def _answers_now(facts: Facts, probe: Probe) -> bool:
    """Return whether the server at the base URL has answered meanwhile."""
    servers = (facts.live.vllm, facts.live.proxy)
    return any(one is not None and one.state is ServerState.UP and same_place(one.url, probe.url) for one in servers)


RULES: tuple[Rule, ...] = (plain_http, nothing_there, no_messages, no_answer, token_in_the_clear)
