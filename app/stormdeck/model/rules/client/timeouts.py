"""TIME: rules about timeouts and retries."""

from __future__ import annotations

import re
from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.audience import ANY_SERVER, OWN_SERVER
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.rule import Page, Rule, rule

TIMEOUT = "env.API_TIMEOUT_MS"
IDLE = "env.CLAUDE_STREAM_IDLE_TIMEOUT_MS"
FORCE_IDLE = "env.API_FORCE_IDLE_TIMEOUT"
RETRIES = "env.CLAUDE_CODE_MAX_RETRIES"
_HOLDS_MS = 300_000
_DEFAULT_MS = 600_000
_IDLE_AT_MOST_MS = 1_800_000
_MOST_RETRIES = 15
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_SPAN = re.compile(r"(\d{1,9})\s*(ms|s|sec|seconds?|m|min|minutes?|h|hours?)", re.ASCII | re.IGNORECASE)
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def _span_ms(text: str) -> int | None:
    """Return a duration such as ``10 minutes`` in milliseconds."""
    found = _SPAN.fullmatch(text)
    if found is None:
        return None
    unit = found.group(2).lower()
    return int(found.group(1)) * _UNITS_MS["ms" if unit == "ms" else unit[0]]


@rule(
    Page(
        code="TIME501",
        title="the timeout is not a whole number",
        what="Finds an API_TIMEOUT_MS that is not made of digits only.",
        why=(
            'Claude Code uses the digits at the start and ignores the rest: "10 minutes" becomes 10 milliseconds, so '
            "every request times out and is sent again. With JSON null, versions up to 2.1.112 send no requests."
        ),
        shown="Request timed out\nFor null: API Error: timeout must be an integer",
        versions="all versions; null up to 2.1.112",
        evidence="measured, 1.0.128 to 2.1.329",
        fix="Write milliseconds, digits only.",
        example='"env": { "API_TIMEOUT_MS": "600000" }',
    )
)
def no_number(facts: Facts) -> Iterator[Finding]:
    """Find a timeout that Claude Code misreads."""
    if TIMEOUT not in facts.values:
        return
    raw = facts.raw(TIMEOUT)
    if raw is None:
        yield from _null_timeout(facts)
        return
    text = raw.strip()
    if _WHOLE.fullmatch(text):
        return
    meant = _span_ms(text)
    leading = re.match(r"\d{1,15}", text, re.ASCII)
    reads = f"Claude Code reads it as {leading.group()} ms." if leading else "Claude Code cannot read it."
    yield Finding(
        "TIME501",
        Severity.ERROR,
        "not a whole number",
        f"{reads} Write milliseconds, digits only: 600000 is ten minutes.",
        TIMEOUT,
        fix=Fix(f"set it to {meant}", (Edit(TIMEOUT, str(meant)),))
        if meant
        else Fix("remove it; the default is ten minutes", (Edit(TIMEOUT, None),)),
    )


def _null_timeout(facts: Facts) -> Iterator[Finding]:
    if facts.known_version and facts.since("2.1.329"):
        return
    yield Finding(
        "TIME501",
        Severity.ERROR,
        "null is not a number",
        'Up to 2.1.112 no request is sent: "API Error: timeout must be an integer". 2.1.329 ignores it.',
        TIMEOUT,
        applies="<=2.1.112",
        fix=Fix("remove it; the default is ten minutes", (Edit(TIMEOUT, None),)),
    )


@rule(
    Page(
        code="TIME502",
        title="a timeout above five minutes does not take effect",
        what="Finds an API_TIMEOUT_MS above five minutes without a higher idle limit.",
        why=(
            "Articles set 3000000, but a second limit ends a request that receives no byte after about 301 s (361 s "
            "in 2.1.329). Claude Code sends it again, and a slow server computes the prompt twice. In 2.1.329 "
            "CLAUDE_STREAM_IDLE_TIMEOUT_MS raises this limit; in the versions up to 2.1.112 no setting does."
        ),
        shown="Request timed out",
        versions="2.1.42, 2.1.112 and 2.1.329; the fix: 2.1.329 only",
        evidence=(
            "measured: 301 s in 2.1.42 and 2.1.112, 361 s in 2.1.329; with the limit at 900000, still waiting at 480 s"
        ),
        fix=(
            "Set CLAUDE_STREAM_IDLE_TIMEOUT_MS too, from 300000 to 1800000. With older versions, use shorter prompts "
            "or a server that sends its response headers sooner."
        ),
        example='"env": { "API_TIMEOUT_MS": "1800000", "CLAUDE_STREAM_IDLE_TIMEOUT_MS": "1800000" }',
    ),
    ANY_SERVER,
)
def idle_limit(facts: Facts) -> Iterator[Finding]:
    """Find a timeout above the separate idle limit."""
    text = facts.text(TIMEOUT)
    if not _WHOLE.fullmatch(text) or int(text) <= _HOLDS_MS:
        return
    remedy = facts.since("2.1.329")
    idle = facts.text(IDLE)
    lifted = (_WHOLE.fullmatch(idle) and int(idle) > _HOLDS_MS) or facts.text(FORCE_IDLE) == "0"
    if remedy and (lifted or not facts.complete):
        return
    limit = min(int(text), _IDLE_AT_MOST_MS)
    way_out = (
        ", unless CLAUDE_STREAM_IDLE_TIMEOUT_MS is set too." if remedy else "; no setting of this version changes that."
    )
    yield Finding(
        "TIME502",
        Severity.WARNING,
        "requests end after 5 to 6 minutes anyway",
        f"A request that receives no byte is dropped and sent again after about 301 s (361 s in 2.1.329){way_out}",
        TIMEOUT,
        fix=Fix(f"add CLAUDE_STREAM_IDLE_TIMEOUT_MS = {limit}", (Edit(IDLE, str(limit)),)) if remedy else None,
    )


@rule(
    Page(
        code="TIME503",
        title="the number of retries is out of range",
        what="Finds a CLAUDE_CODE_MAX_RETRIES that is not a whole number from 0 to 15.",
        why=(
            "With -1 or a word, versions up to 2.1.42 send no request at all; 2.1.329 ignores the value and retries "
            "10 times. Since 2.1.186, values above 15 count as 15."
        ),
        shown="API Error",
        versions="no request up to 2.1.42; limited to 15 since 2.1.186",
        evidence="measured, 2.0.76 to 2.1.329; the limit of 15: docs",
        fix="Write a number from 0 to 15, or remove the setting.",
        example='"env": { "CLAUDE_CODE_MAX_RETRIES": "3" }',
    )
)
def retries(facts: Facts) -> Iterator[Finding]:
    """Find a number of retries that Claude Code does not accept."""
    raw = facts.raw(RETRIES)
    if raw is None:
        return
    text = raw.strip()
    if not _WHOLE.fullmatch(text):
        ignored = facts.known_version and facts.since("2.1.329")
        yield Finding(
            "TIME503",
            Severity.INFO if ignored else Severity.ERROR,
            "not a number from 0 to 15",
            "2.1.329 ignores it and retries 10 times."
            if ignored
            else 'Up to 2.1.42 no request is sent at all, shown as "API Error"; 2.1.329 ignores it.',
            RETRIES,
            applies=None if ignored else "<=2.1.42",
            fix=Fix("remove it; the default is 10", (Edit(RETRIES, None),)),
        )
    elif int(text) > _MOST_RETRIES and facts.since("2.1.186"):
        yield Finding(
            "TIME503",
            Severity.INFO,
            "counts as 15",
            "Since 2.1.186 Claude Code retries at most 15 times.",
            RETRIES,
            evidence="docs",
            applies=">=2.1.186",
            fix=Fix("set it to 15", (Edit(RETRIES, "15"),)),
        )


@rule(
    Page(
        code="TIME504",
        title="the timeout is shorter than the server needs",
        what="Finds an API_TIMEOUT_MS below vLLM's time to first token (p95: one request in twenty takes longer).",
        why="Claude Code abandons those requests and sends them again, and the server computes the prompts twice.",
        shown="Request timed out",
        versions="all versions; uses vLLM's metrics of the last minute",
        evidence="measured: the timeout covers the time to the first byte",
        fix="Raise API_TIMEOUT_MS, or shorten the prompts.",
        example='"env": { "API_TIMEOUT_MS": "600000" }',
    ),
    OWN_SERVER,
)
def too_short(facts: Facts) -> Iterator[Finding]:
    """Find a timeout that ordinary requests exceed."""
    engine = facts.live.engine
    slowest = engine.ttft_p95_s if engine is not None else None
    if slowest is None or not is_beyond_timeout(facts):
        return
    limit = _limit(facts.text(TIMEOUT)) or 0
    enough = max(_DEFAULT_MS, round(slowest * 2000))
    yield Finding(
        "TIME504",
        Severity.WARNING,
        "shorter than the server needs",
        f"One request in twenty waits {slowest:g} s or more for its first token, but Claude Code gives up after "
        f"{limit / 1000:g} s and sends it again.",
        TIMEOUT,
        fix=Fix(f"set it to {enough}", (Edit(TIMEOUT, str(enough)),)) if enough > limit else None,
    )


def is_beyond_timeout(facts: Facts) -> bool:
    """Return whether one request in twenty waits longer for its first token than the client does."""
    engine, limit = facts.live.engine, _limit(facts.text(TIMEOUT))
    return (
        engine is not None and engine.ttft_p95_s is not None and limit is not None and limit < engine.ttft_p95_s * 1000
    )


def _limit(text: str) -> int | None:
    """Return the timeout in milliseconds, ``None`` for a text that is no number."""
    if not text:
        return _DEFAULT_MS
    return int(text) if _WHOLE.fullmatch(text) else None


RULES: tuple[Rule, ...] = (no_number, idle_limit, retries, too_short)
