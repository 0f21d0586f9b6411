"""AUTH: who the client says it is."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.rule import NOT_LOGGED_IN, Page, Rule, rule
from stormdeck.model.server import ServerKind

BEARER = "env.ANTHROPIC_AUTH_TOKEN"
API_KEY = "env.ANTHROPIC_API_KEY"
HELPER = "apiKeyHelper"
_EXAMPLE = '"env": { "ANTHROPIC_AUTH_TOKEN": "dummy" }'
_DUMMY = "set a token; a server without keys takes any text"


@rule(
    Page(
        "AUTH201",
        "no token, no key",
        "ANTHROPIC_AUTH_TOKEN, ANTHROPIC_API_KEY and apiKeyHelper are all missing.",
        "The client sends nothing at all: your server sees no request. A server without keys needs the token too, "
        "with any text. A browser login to the hosted service does not count here.",
        f"{NOT_LOGGED_IN}\nUp to 2.0.76 with -p: Invalid API key · Please run /login",
        "all",
        "measured, 1.0.128 to 2.1.329",
        "Set ANTHROPIC_AUTH_TOKEN: the proxy's master key, vLLM's --api-key, or any text.",
        _EXAMPLE,
    )
)
def nobody(facts: Facts) -> Iterator[Finding]:
    """Find a client that will not send a request."""
    if not facts.complete or any(facts.raw(path) for path in (API_KEY, HELPER)) or facts.raw(BEARER) is not None:
        return
    yield Finding(
        "AUTH201",
        Severity.ERROR,
        "no token: nothing is sent",
        f'Without a token the client sends no request and says "{NOT_LOGGED_IN}". '
        "A server without keys takes any text.",
        BEARER,
        fix=Fix(_DUMMY, (Edit(BEARER, "dummy"),)),
    )


@rule(
    Page(
        "AUTH202",
        "a key where a token works better",
        "ANTHROPIC_API_KEY is set and ANTHROPIC_AUTH_TOKEN is not.",
        "Articles call it friction. claude -p takes the key. Interactively the client asks about it, and Enter "
        "answers No; it remembers that. vLLM's --api-key answers 401 to x-api-key.",
        "Detected a custom API key in your environment ... Do you want to use this API key?\n"
        f"After No: {NOT_LOGGED_IN}",
        "all",
        "measured, 1.0.128 to 2.1.329",
        "Give the same value as ANTHROPIC_AUTH_TOKEN.",
        _EXAMPLE,
    )
)
def key_only(facts: Facts) -> Iterator[Finding]:
    """Find a key that stands where a token should."""
    key = facts.raw(API_KEY)
    if not key or facts.raw(BEARER) or (facts.raw(HELPER) and facts.complete):
        return
    probe = facts.live.probe
    refused = probe is not None and probe.kind is ServerKind.VLLM and probe.credential == 401
    yield Finding(
        "AUTH202",
        Severity.ERROR if refused else Severity.WARNING,
        "a key: vLLM answers 401 to it" if refused else "a key: asked for, default No",
        "It works with `claude -p`. Interactively the client asks in a dialog whose default is No, and is not logged "
        "in after that; vLLM's --api-key answers 401 to it.",
        API_KEY,
        fix=Fix("rename it to ANTHROPIC_AUTH_TOKEN", (Edit(BEARER, key), Edit(API_KEY, None))),
    )


@rule(
    Page(
        "AUTH203",
        "token and key",
        "Both ANTHROPIC_AUTH_TOKEN and ANTHROPIC_API_KEY are set.",
        "claude -p sends both headers; which one counts is up to the server. Interactively the client asks about the "
        "key and sends the token alone after No.",
        "",
        "all",
        "measured, 1.0.128 to 2.1.329",
        "Remove the key.",
        _EXAMPLE,
    )
)
def both(facts: Facts) -> Iterator[Finding]:
    """Find two credentials at once."""
    if facts.raw(BEARER) and facts.raw(API_KEY):
        yield Finding(
            "AUTH203",
            Severity.INFO,
            "sent beside the token",
            "Both headers are sent, and the client asks about the key interactively. The token is enough.",
            API_KEY,
            fix=Fix("remove the key", (Edit(API_KEY, None),)),
        )


@rule(
    Page(
        "AUTH206",
        "an empty token",
        "ANTHROPIC_AUTH_TOKEN is set to nothing.",
        "1.0.128 and 2.1.329 refuse it and send nothing; 2.0.76 to 2.1.112 send `Authorization: Bearer` and work.",
        NOT_LOGGED_IN,
        "refused by 1.0.128 and 2.1.329, sent by 2.0.76 to 2.1.112",
        "measured, 1.0.128 to 2.1.329",
        "Write any text; a server without keys takes it.",
        _EXAMPLE,
    )
)
def empty_token(facts: Facts) -> Iterator[Finding]:
    """Find a token without text."""
    token = facts.raw(BEARER)
    if token is None or token.strip() or facts.raw(API_KEY) or facts.raw(HELPER):
        return
    refused = facts.known_version and (facts.since("2.1.329") or not facts.since("2.0.76"))
    yield Finding(
        "AUTH206",
        Severity.ERROR if refused else Severity.WARNING,
        "empty: refused by some versions",
        f'1.0.128 and 2.1.329 send nothing and say "{NOT_LOGGED_IN}"; the versions between send an empty token.',
        BEARER,
        fix=Fix(_DUMMY, (Edit(BEARER, "dummy"),)),
    )


RULES: tuple[Rule, ...] = (nobody, key_only, both, empty_token)
