"""AUTH: rules about Claude Code's own state, ``~/.claude.json``."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.rules.audience import ANYBODY, Audience, Reporting
from stormdeck.model.rules.client.auth import API_KEY, BEARER, HELPER
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.settings.merge import value_at
from stormdeck.model.settings.scope import as_text
from stormdeck.model.settings.trust import FOLDER_SCOPES
from stormdeck.model.snapshots.client_state import Login
from stormdeck.model.urls import host_of

_SHELL_TOKEN = BEARER.removeprefix("env.")


@rule(
    Page(
        code="AUTH207",
        title="the first start in a terminal asks api.anthropic.com",
        what=(
            "Finds a base URL and a ~/.claude.json without `hasCompletedOnboarding`, while no token is set outside the "
            "project's own settings."
        ),
        why=(
            "Before the first start is complete, Claude Code in a terminal asks api.anthropic.com unless it has "
            "ANTHROPIC_AUTH_TOKEN or apiKeyHelper from the user settings, --settings, ~/.claude.json or the shell. A "
            "token in project settings is not read yet; a key, a header or an account's token does not help. Without "
            "internet access it ends there. `claude -p` is not affected."
        ),
        shown=(
            "Unable to connect to Anthropic services\nFailed to connect to api.anthropic.com: EAI_AGAIN\n"
            "Check your internet connection and network settings."
        ),
        versions="measured with 2.1.112, 2.1.329 and 2.1.332",
        evidence="measured, 2.1.332: thirteen places of a token or key",
        fix=(
            'Put ANTHROPIC_AUTH_TOKEN into ~/.claude/settings.json, or write "hasCompletedOnboarding": true into '
            "~/.claude.json while Claude Code is not running."
        ),
        example='"env": { "ANTHROPIC_AUTH_TOKEN": "dummy" }',
    ),
    ANYBODY,
)
def first_start(facts: Facts) -> Iterator[Finding]:
    """Find settings with which the first start in a terminal ends at api.anthropic.com."""
    if facts.client.onboarded is not False or not facts.complete or not facts.text(BASE_URL):
        return
    if facts.login not in {Login.NONE, Login.KEY} or _has_early_token(facts):
        return
    yield Finding(
        "AUTH207",
        Severity.WARNING,
        "the first start in a terminal asks api.anthropic.com",
        "Onboarding is not complete in ~/.claude.json, and no token is in the user settings: in a terminal Claude Code "
        'first asks api.anthropic.com, and without internet access shows "Unable to connect to Anthropic services". '
        "Set the token in the user settings.",
        BEARER,
    )


def _has_early_token(facts: Facts) -> bool:
    """Return whether a token or a helper is set where Claude Code reads it before the first start is complete."""
    if facts.settings is None:
        return bool(facts.text(BEARER) or facts.text(HELPER))
    files = [file.values for file in facts.settings.files if file.scope not in FOLDER_SCOPES]
    set_in_file = any((as_text(value_at(values, path)) or "").strip() for values in files for path in (BEARER, HELPER))
    return set_in_file or bool(facts.settings.shell.get(_SHELL_TOKEN, "").strip())


@rule(
    Page(
        code="AUTH208",
        title="a key from ~/.claude.json is sent to this server",
        what=(
            "Finds `primaryApiKey` in ~/.claude.json, which /login writes, together with a base URL and without "
            "ANTHROPIC_API_KEY or apiKeyHelper."
        ),
        why=(
            "Claude Code sends that key to your server as x-api-key, beside the token. Whoever runs the server or "
            "reads its logs can use the key."
        ),
        shown="Both ANTHROPIC_AUTH_TOKEN and /login managed key set",
        versions="measured with 2.1.112, 2.1.329 and 2.1.332",
        evidence="measured, 2.1.332: beside a token, a header and alone; not beside ANTHROPIC_API_KEY or apiKeyHelper",
        fix="Log out (/logout), or remove primaryApiKey from ~/.claude.json while Claude Code is not running.",
        example="",
    ),
    Audience(gateway=Reporting.FULL),
)
def stored_key(facts: Facts) -> Iterator[Finding]:
    """Find a stored key that the server gets."""
    if not facts.client.has_key or not facts.text(BASE_URL) or facts.text(API_KEY) or facts.text(HELPER):
        return
    file = facts.client.file or "~/.claude.json"
    yield Finding(
        "AUTH208",
        Severity.WARNING,
        "a key from ~/.claude.json is sent to this server",
        f"{file} contains primaryApiKey, which Claude Code sends to {host_of(facts.text(BASE_URL)) or 'that server'}"
        f"{' beside the token' if facts.text(BEARER) else ''}, in the header x-api-key. Log out, or remove it.",
        "primaryApiKey",
        file=file,
    )


RULES: tuple[Rule, ...] = (first_start, stored_key)
