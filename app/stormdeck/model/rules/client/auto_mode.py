"""TRAFFIC: the rule about auto mode, whose checks only the hosted API answers."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.audience import ANY_SERVER
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.rule import Page, Rule, rule

MODE = "permissions.defaultMode"
DISABLED = ("disableAutoMode", "permissions.disableAutoMode")
_SINCE = "2.1.329"


@rule(
    Page(
        code="TRAFFIC405",
        title="auto mode cannot check actions behind your server",
        what=(
            "Finds a base URL and Claude Code 2.1.329 or later without another permissions.defaultMode than auto and "
            "without disableAutoMode."
        ),
        why=(
            "A session in a terminal starts in auto mode. Its safety check runs on Anthropic's server. Behind another "
            "base URL the first action that needs the check, such as a sub-agent, stops the turn, and nothing is sent "
            "any more. permissions.allow does not help. `claude -p` has no auto mode."
        ),
        shown="Auto mode can't check actions in this session",
        versions="2.1.329 and later, reported only if the version is known; not 2.1.112; between them not known",
        evidence=(
            "measured, 2.1.329 and 2.1.332: each other mode and disableAutoMode in any scope start without it; "
            "CLAUDE_CODE_ENABLE_AUTO_MODE=0 does not"
        ),
        fix=(
            'Set permissions.defaultMode to "acceptEdits" or "default". Claude Code then asks once whether to make '
            'auto mode the default: answer No. With disableAutoMode set to "disable" it does not ask.'
        ),
        example='"permissions": { "defaultMode": "acceptEdits" }',
    ),
    ANY_SERVER,
)
def auto_mode(facts: Facts) -> Iterator[Finding]:
    """Find sessions that start in auto mode behind a server other than the hosted API."""
    if not facts.known_version or not facts.since(_SINCE) or not facts.complete or not facts.text(BASE_URL):
        return
    mode = facts.text(MODE)
    if mode not in {"", "auto"} or any(facts.text(path) == "disable" for path in DISABLED):
        return
    yield Finding(
        "TRAFFIC405",
        Severity.WARNING,
        "auto mode stops the turn" if mode else "not set: auto mode stops the turn",
        "In a terminal Claude Code starts in auto mode, whose check runs on Anthropic's server. Behind your base "
        'URL the first action that needs it stops the turn: "Auto mode can\'t check actions in this session".',
        MODE,
        applies=">=2.1.329",
        fix=Fix("set it to acceptEdits", (Edit(MODE, "acceptEdits"),)),
    )


RULES: tuple[Rule, ...] = (auto_mode,)
