"""TRAFFIC: what the client sends beside the turns."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.rule import Page, Rule, rule

QUIET = "env.CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"
ATTRIBUTION = "env.CLAUDE_CODE_ATTRIBUTION_HEADER"
NO_BETAS = "env.CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"
_ON = {"1", "true"}
_OFF = {"0", "false"}


def _asked(facts: Facts, path: str) -> bool:
    """Say whether a rule about a missing switch may speak: of one file alone, only when it is there."""
    return facts.complete or path in facts.values


@rule(
    Page(
        "TRAFFIC401",
        "extra traffic is on",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC is not 1.",
        "The client sends token counts and background requests that a plain server answers with 404, and contacts "
        "hosted services. Articles blame it for validation that fails at times; that was not reproduced: the client "
        "works without it. Its price: no update checks and no discovery of the gateway's models.",
        "",
        "all",
        "measured, 1.0.128 to 2.1.329: with 1, no contact outside in any version",
        'Set it to "1".',
        '"env": { "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1" }',
    )
)
def extra_traffic(facts: Facts) -> Iterator[Finding]:
    """Find a client that contacts hosted services."""
    value = facts.text(QUIET)
    if value.lower() in _ON or not _asked(facts, QUIET):
        return
    yield Finding(
        "TRAFFIC401",
        Severity.WARNING,
        f"{value[:12]} is not 1" if value else "not set: hosted services are contacted",
        "The client contacts hosted services and sends extra requests that your server answers with 404. "
        "It works all the same.",
        QUIET,
        fix=Fix("set it to 1; it also ends update checks and model discovery", (Edit(QUIET, "1"),)),
    )


@rule(
    Page(
        "TRAFFIC402",
        "the attribution block defeats the prefix cache",
        "CLAUDE_CODE_ATTRIBUTION_HEADER is not 0.",
        "From 2.1.41 on the system prompt begins with x-anthropic-billing-header: ... and three digits that change "
        "with the first prompt. They are the first tokens, so conversations share no prefix and every one is computed "
        "anew. vLLM 0.18 and later takes the block out; a proxy and an older server do not.",
        "",
        ">=2.1.41",
        "measured, 2.1.41 to 2.1.329; vLLM 0.18 and later",
        'Set it to "0".',
        '"env": { "CLAUDE_CODE_ATTRIBUTION_HEADER": "0" }',
    )
)
def attribution(facts: Facts) -> Iterator[Finding]:
    """Find a changing block at the start of every prompt."""
    if facts.text(ATTRIBUTION).lower() in _OFF or not _asked(facts, ATTRIBUTION) or not facts.since("2.1.41"):
        return
    harmless = facts.attribution_stripped
    yield Finding(
        "TRAFFIC402",
        Severity.INFO if harmless else Severity.WARNING,
        "on; this server takes it out" if harmless else "on: defeats the prefix cache",
        "A block that changes with every conversation comes first in the prompt, so nothing behind it is shared. "
        "vLLM takes it out from 0.18 on; proxies and older servers do not.",
        ATTRIBUTION,
        applies=">=2.1.41",
        fix=Fix("set it to 0", (Edit(ATTRIBUTION, "0"),)),
    )


@rule(
    Page(
        "TRAFFIC403",
        "a 400 is sent six times",
        "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS is not 1, and the client is 2.1.329 or later.",
        "After a 400 the client takes new request fields out one by one and sends again: six requests in four shapes "
        "within half a second. With 1 there is one. Bodies grow from 49 to 78 kB then.",
        "API Error: 400 <message>",
        ">=2.1.329; said only where the client's version is known",
        "measured, 2.1.329",
        'Set it to "1" when a log shows bursts of 400.',
        '"env": { "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1" }',
    )
)
def betas(facts: Facts) -> Iterator[Finding]:
    """Find a client that would send a refused request in several shapes."""
    newest = facts.known_version and facts.since("2.1.329")
    if facts.text(NO_BETAS).lower() in _ON or not _asked(facts, NO_BETAS) or not newest:
        return
    yield Finding(
        "TRAFFIC403",
        Severity.INFO,
        "a 400 is sent six times",
        "After a 400 the client takes new fields out one by one and sends the request six times in half a second.",
        NO_BETAS,
        applies=">=2.1.329",
        fix=Fix("set it to 1", (Edit(NO_BETAS, "1"),)),
    )


RULES: tuple[Rule, ...] = (extra_traffic, attribution, betas)
