"""AUTH: a rule about base URLs that only an untrusted folder sets."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.rules.audience import ALWAYS
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.settings.trust import withheld

WITHHELD = "AUTH210"


@rule(
    Page(
        code=WITHHELD,
        title="an untrusted folder sets the base URL",
        what=(
            "Finds a base URL that only the folder's .claude/settings.json or settings.local.json sets, in a folder "
            "that is not trusted, while your token is set elsewhere."
        ),
        why=(
            "Such a file comes with whatever you clone or unpack. stormdeck queries that server without your token, "
            "so it does not see what the server shows only with one. Claude Code asks whether you trust the folder "
            "before it sends anything; with -p it sends your token without asking."
        ),
        shown="",
        versions="all versions",
        evidence="measured, 2.1.332: which folders count as trusted, and that -p does not ask",
        fix=(
            "Start Claude Code in the folder and trust it, or press ctrl+t in the panel; or set the base URL in your "
            "user settings."
        ),
        example='"env": { "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000" }',
    ),
    ALWAYS,
)
def untrusted_folder(facts: Facts) -> Iterator[Finding]:
    """Find a credential that stormdeck does not send, because an untrusted folder sets the base URL."""
    kept = withheld(facts.settings) if facts.settings is not None else None
    if kept is None:
        return
    yield Finding(
        WITHHELD,
        Severity.WARNING,
        kept.words,
        f"{kept.folder or 'The folder'} is not trusted. Trust it in Claude Code, or press ctrl+t in the panel.",
        BASE_URL,
    )


RULES: tuple[Rule, ...] = (untrusted_folder,)
