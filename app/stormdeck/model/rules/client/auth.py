"""AUTH: rules about the credentials in the settings."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.audience import OWN_SERVER
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.rule import NOT_LOGGED_IN, Page, Rule, rule
from stormdeck.model.snapshots.client_state import Login
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.urls import host_of, is_near

BEARER = "env.ANTHROPIC_AUTH_TOKEN"
API_KEY = "env.ANTHROPIC_API_KEY"
HELPER = "apiKeyHelper"
_EXAMPLE = '"env": { "ANTHROPIC_AUTH_TOKEN": "dummy" }'
_DUMMY = "set a token; a server without keys accepts any text"
_HEADERS = "env.ANTHROPIC_CUSTOM_HEADERS"
_CREDENTIALS = {"authorization", "x-api-key"}


def _has_credential(facts: Facts) -> bool:
    """Return whether the settings contain a credential. An empty token counts: AUTH206 reports it."""
    headers = (line.partition(":") for line in (facts.raw(_HEADERS) or "").splitlines())
    header = any(name.strip().lower() in _CREDENTIALS and value.strip() for name, _, value in headers)
    return header or facts.raw(BEARER) is not None or any(facts.raw(path) for path in (API_KEY, HELPER))


@rule(
    Page(
        code="AUTH201",
        title="no token and no API key",
        what=(
            "Finds settings without ANTHROPIC_AUTH_TOKEN, ANTHROPIC_API_KEY, apiKeyHelper and a header for it in "
            "ANTHROPIC_CUSTOM_HEADERS, while no account is logged in."
        ),
        why=(
            "Claude Code sends no request at all. It wants a token even if the server has no keys; any text will do. "
            "If an account is logged in, Claude Code sends the account's token: see AUTH209."
        ),
        shown=f"{NOT_LOGGED_IN}\nUp to 2.0.76 with -p: Invalid API key · Please run /login",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix=(
            "Set ANTHROPIC_AUTH_TOKEN to the proxy's master key, to vLLM's --api-key, or to any text if the server "
            "has no keys."
        ),
        example=_EXAMPLE,
    )
)
def no_credential(facts: Facts) -> Iterator[Finding]:
    """Find settings with which Claude Code sends no request."""
    if not facts.complete or _has_credential(facts) or facts.login is not Login.NONE:
        return
    yield Finding(
        "AUTH201",
        Severity.ERROR,
        "no token: no request is sent",
        f'Without a token Claude Code sends no request and shows "{NOT_LOGGED_IN}". '
        "A server without keys accepts any text.",
        BEARER,
        fix=Fix(_DUMMY, (Edit(BEARER, "dummy"),)),
    )


@rule(
    Page(
        code="AUTH202",
        title="an API key instead of a token",
        what="Finds ANTHROPIC_API_KEY without ANTHROPIC_AUTH_TOKEN.",
        why=(
            "`claude -p` uses the key. In a terminal Claude Code first asks whether to use it; Enter answers No, and "
            "that answer is remembered. vLLM with --api-key answers 401, because it ignores x-api-key."
        ),
        shown=(
            "Detected a custom API key in your environment ... Do you want to use this API key?\n"
            f"After No: {NOT_LOGGED_IN}"
        ),
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Set the same value as ANTHROPIC_AUTH_TOKEN, and remove the key.",
        example=_EXAMPLE,
    ),
    OWN_SERVER,
)
def key_only(facts: Facts) -> Iterator[Finding]:
    """Find an API key without a token."""
    key = facts.raw(API_KEY)
    if not key or facts.raw(BEARER) or (facts.raw(HELPER) and facts.complete):
        return
    probe = facts.live.probe
    refused = probe is not None and probe.kind is ServerKind.VLLM and probe.credential == 401
    yield Finding(
        "AUTH202",
        Severity.ERROR if refused else Severity.WARNING,
        "vLLM answers 401 to an API key" if refused else "Claude Code asks before it uses a key",
        "It works with `claude -p`. In a terminal Claude Code asks whether to use it; the default is No, and then it "
        "is not logged in. vLLM with --api-key answers 401 to it.",
        API_KEY,
        # A remote host may accept only x-api-key.
        fix=Fix("rename it to ANTHROPIC_AUTH_TOKEN", (Edit(BEARER, key), Edit(API_KEY, None)))
        if is_near(host_of(facts.text(BASE_URL)))
        else None,
    )


@rule(
    Page(
        code="AUTH203",
        title="both a token and an API key",
        what="Finds ANTHROPIC_AUTH_TOKEN and ANTHROPIC_API_KEY in the same settings.",
        why=(
            "`claude -p` sends both headers, and the server decides which one counts. In a terminal Claude Code asks "
            "about the key; after No it sends only the token."
        ),
        shown="",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Remove the key.",
        example=_EXAMPLE,
    ),
    OWN_SERVER,
)
def token_and_key(facts: Facts) -> Iterator[Finding]:
    """Find a token and a key in the same settings."""
    if facts.raw(BEARER) and facts.raw(API_KEY):
        yield Finding(
            "AUTH203",
            Severity.INFO,
            "sent in addition to the token",
            "Both headers are sent, and in a terminal Claude Code asks about the key. The token is enough.",
            API_KEY,
            fix=Fix("remove the key", (Edit(API_KEY, None),)),
        )


@rule(
    Page(
        code="AUTH206",
        title="an empty token",
        what="Finds an ANTHROPIC_AUTH_TOKEN that is set to an empty text.",
        why=(
            "1.0.128 and 2.1.329 reject it and send nothing; 2.0.76 to 2.1.112 send `Authorization: Bearer` without a "
            "token, and work."
        ),
        shown=NOT_LOGGED_IN,
        versions="rejected by 1.0.128 and 2.1.329, sent by 2.0.76 to 2.1.112",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Write any text, if the server has no keys.",
        example=_EXAMPLE,
    )
)
def empty_token(facts: Facts) -> Iterator[Finding]:
    """Find an empty token."""
    token = facts.raw(BEARER)
    if token is None or token.strip() or facts.raw(API_KEY) or facts.raw(HELPER):
        return
    refused = facts.known_version and (facts.since("2.1.329") or not facts.since("2.0.76"))
    yield Finding(
        "AUTH206",
        Severity.ERROR if refused else Severity.WARNING,
        "empty: some versions reject it",
        f'1.0.128 and 2.1.329 send nothing and show "{NOT_LOGGED_IN}"; 2.0.76 to 2.1.112 send an empty token.',
        BEARER,
        fix=Fix(_DUMMY, (Edit(BEARER, "dummy"),)),
    )


@rule(
    Page(
        code="AUTH209",
        title="your account's token is sent to this server",
        what=(
            "Finds a base URL that is not the hosted API's and no ANTHROPIC_AUTH_TOKEN, while an account is logged in "
            "(~/.claude/.credentials.json, ~/.claude.json or CLAUDE_CODE_OAUTH_TOKEN)."
        ),
        why=(
            "Claude Code sends the account's OAuth token to that server as `Authorization: Bearer`. Whoever runs the "
            "server or reads its logs can use the account. vLLM with --api-key answers 401 to it."
        ),
        shown="",
        versions="all versions; on macOS the login is in the keychain, which stormdeck does not open",
        evidence="measured, 2.1.112 and 2.1.329",
        fix="Set ANTHROPIC_AUTH_TOKEN to the server's own key, or to any text if it has none.",
        example=_EXAMPLE,
    )
)
def account_token(facts: Facts) -> Iterator[Finding]:
    """Find a base URL that gets the token of a logged-in account."""
    if not facts.complete or not facts.text(BASE_URL) or _has_credential(facts) or facts.login is not Login.ACCOUNT:
        return
    yield Finding(
        "AUTH209",
        Severity.WARNING,
        "your account's token is sent to this server",
        f"You are logged in and set no token, so Claude Code sends your account's OAuth token to "
        f"{host_of(facts.text(BASE_URL)) or 'that server'}. Set ANTHROPIC_AUTH_TOKEN to the server's own key; a server "
        "without keys accepts any text.",
        BEARER,
    )


RULES: tuple[Rule, ...] = (no_credential, key_only, token_and_key, empty_token, account_token)
