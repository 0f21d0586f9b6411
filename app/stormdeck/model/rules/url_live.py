"""URL: what answers at the base URL."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.hosts import host_of, is_near, looks_real, port_of
from stormdeck.model.rules.live import Reach
from stormdeck.model.rules.rule import WRONG_MODEL, Page, Rule, rule
from stormdeck.model.rules.version import below
from stormdeck.model.server import ServerKind

_EXAMPLE = '"env": { "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000" }'
_SECRETS = ("env.ANTHROPIC_AUTH_TOKEN", "env.ANTHROPIC_API_KEY")
_MESSAGES_SINCE = "0.11.2"


def _fix(url: str) -> Fix:
    return Fix(f"set it to {mask_text(url)}", (Edit(BASE_URL, url),))


@rule(
    Page(
        "URL104",
        "https to a port that speaks plain HTTP",
        "ANTHROPIC_BASE_URL begins with https:// and the server there does not speak TLS.",
        "vLLM and the proxies speak plain HTTP unless they were given a certificate. The client retries for three "
        "minutes without a word, then names a TLS error.",
        "API Error: Connection error.\n2.1.329: SSL error (ERR_SSL_WRONG_VERSION_NUMBER); between: (EPROTO)",
        "all; asked live",
        "measured, 1.0.128 to 2.1.329",
        "Write http://, or give the server a certificate.",
        _EXAMPLE,
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
        "URL105",
        "nothing answers at the base URL",
        "Nothing listens at ANTHROPIC_BASE_URL, or its host name does not resolve.",
        "The client retries ten times over about three minutes. Up to 2.1.42 the screen shows a spinner only, "
        "`claude -p` shows nothing in any version.",
        "Up to 2.0.76: API Error: Connection error.\n"
        "2.1.41 to 2.1.112: API Error: Unable to connect to API. Check your internet connection\n"
        "2.1.329: API Error: Connection refused — a firewall or proxy may be blocking it (ECONNREFUSED)",
        "all; asked live",
        "measured, 1.0.128 to 2.1.329; 175 to 205 s of retries",
        "Start the server, or write the address where it listens. vLLM refuses the whole time it loads.",
        _EXAMPLE,
    )
)
def nothing_there(facts: Facts) -> Iterator[Finding]:
    """Find an address where nothing listens."""
    probe = facts.live.probe
    if probe is None or probe.reach not in {Reach.REFUSED, Reach.UNRESOLVED}:
        return
    unresolved = probe.reach is Reach.UNRESOLVED
    where = f"The name {host_of(probe.url)} does not resolve" if unresolved else "Nothing listens there"
    found = f"; a server answers at {mask_text(probe.elsewhere)}" if probe.elsewhere else ""
    yield Finding(
        "URL105",
        Severity.ERROR,
        "the name does not resolve" if unresolved else "nothing listens there",
        f"{where}{found}. The client retries in silence for three minutes, then says it cannot connect.",
        BASE_URL,
        fix=_fix(probe.elsewhere) if probe.elsewhere else None,
    )


@rule(
    Page(
        "URL106",
        "a server without POST /v1/messages",
        "Something answers at ANTHROPIC_BASE_URL, and it has no POST /v1/messages.",
        "The client speaks the Anthropic Messages API only. vLLM has it from 0.11.2 on; LM Studio, Ollama's OpenAI "
        "port and a proxy's admin port may not. Articles say that Claude Code cannot talk to vLLM directly: that was "
        "true before 0.11.2.",
        f"{WRONG_MODEL}\nUp to 2.0.76: API Error: 404",
        "vLLM before 0.11.2, and servers of other kinds; asked live",
        "measured; the version read from vLLM's wheels",
        "Update vLLM, or put a proxy such as LiteLLM before it.",
        _EXAMPLE,
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
        "URL108",
        "a real token over plain HTTP",
        "ANTHROPIC_BASE_URL is http:// to an address outside this machine and its private networks, and the token "
        "does not look like a placeholder.",
        "Everybody on the way can read the token, the prompts and the code.",
        "",
        "all",
        "docs: HTTP sends headers in clear text",
        "Use https://, a tunnel (ssh -L), or a VPN.",
        '"env": { "ANTHROPIC_BASE_URL": "https://llm.example.org" }',
    )
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


RULES: tuple[Rule, ...] = (plain_http, nothing_there, no_messages, token_in_the_clear)
