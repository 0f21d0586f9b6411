"""TRAFFIC: rules about extra requests and HTTP proxies."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.facts import BASE_URL, Facts
from stormdeck.model.rules.rule import Page, Rule, rule
from stormdeck.model.urls import host_of, is_near

QUIET = "env.CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"
ATTRIBUTION = "env.CLAUDE_CODE_ATTRIBUTION_HEADER"
NO_BETAS = "env.CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"
_ON = {"1", "true"}
_OFF = {"0", "false"}
_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


def _can_judge(facts: Facts, path: str) -> bool:
    """Return whether a switch can be judged. While a file is not in effect, only a switch that is set can be."""
    return facts.complete or path in facts.values


@rule(
    Page(
        code="TRAFFIC401",
        title="telemetry and other extra traffic is on",
        what="Finds CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC not set to 1.",
        why=(
            "Claude Code contacts hosted services, and sends your server token counts and background requests that a "
            "plain server answers with 404. Articles blame this for occasional validation errors; that could not be "
            "reproduced: Claude Code works without the setting. With it there are no update checks, and models of a "
            "gateway are not discovered."
        ),
        shown="",
        versions="all versions",
        evidence="measured, 1.0.128 to 2.1.329: with 1, no version contacts hosted services",
        fix='Set it to "1".',
        example='"env": { "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1" }',
    )
)
def extra_traffic(facts: Facts) -> Iterator[Finding]:
    """Find settings with which Claude Code contacts hosted services."""
    value = facts.text(QUIET)
    if value.lower() in _ON or not _can_judge(facts, QUIET):
        return
    yield Finding(
        "TRAFFIC401",
        Severity.WARNING,
        f"{value[:12]} is not 1" if value else "not set: hosted services are contacted",
        "Claude Code contacts hosted services, and sends extra requests that your server answers with 404. "
        "Turns work anyway.",
        QUIET,
        fix=Fix("set it to 1; this also ends update checks and model discovery", (Edit(QUIET, "1"),)),
    )


@rule(
    Page(
        code="TRAFFIC402",
        title="the attribution block defeats the prefix cache",
        what="Finds CLAUDE_CODE_ATTRIBUTION_HEADER not set to 0.",
        why=(
            "Since 2.1.41 the system prompt begins with x-anthropic-billing-header: ... and three digits that depend "
            "on the first prompt. As these are the first tokens, conversations share no prefix, and each prompt is "
            "computed in full. vLLM 0.18 and later removes the block; proxies and older servers do not."
        ),
        shown="",
        versions="2.1.41 and later",
        evidence="measured, 2.1.41 to 2.1.329; vLLM 0.18 and later",
        fix='Set it to "0".',
        example='"env": { "CLAUDE_CODE_ATTRIBUTION_HEADER": "0" }',
    )
)
def attribution(facts: Facts) -> Iterator[Finding]:
    """Find the changing block at the start of each prompt."""
    if facts.text(ATTRIBUTION).lower() in _OFF or not _can_judge(facts, ATTRIBUTION) or not facts.since("2.1.41"):
        return
    harmless = facts.attribution_stripped
    yield Finding(
        "TRAFFIC402",
        Severity.INFO if harmless else Severity.WARNING,
        "on; this server removes it" if harmless else "on: defeats the prefix cache",
        "Each prompt begins with a block that differs between conversations, so the prefix cache finds no match. "
        "vLLM 0.18 and later removes it; proxies and older servers do not.",
        ATTRIBUTION,
        applies=">=2.1.41",
        fix=Fix("set it to 0", (Edit(ATTRIBUTION, "0"),)),
    )


@rule(
    Page(
        code="TRAFFIC403",
        title="a request that gets 400 is sent again and again",
        what="Finds CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS not set to 1, with Claude Code 2.1.329 or later.",
        why=(
            "After a 400, Claude Code removes new request fields one by one and tries again within half a second: "
            "eight requests with six bodies in a terminal, six with four bodies with -p. With 1 it sends one request, "
            "and request bodies grow from 49 to 78 kB."
        ),
        shown="API Error: 400 <message>",
        versions="2.1.329 and later; reported only if the version is known or a log shows such bursts",
        evidence="measured, 2.1.329 and 2.1.332",
        fix='Set it to "1" if a log shows bursts of 400.',
        example='"env": { "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1" }',
    )
)
def betas(facts: Facts) -> Iterator[Finding]:
    """Find settings with which a rejected request is sent several times."""
    bursts = facts.live.bursts_of_400
    newest = (facts.known_version or bursts) and facts.since("2.1.329")
    if facts.text(NO_BETAS).lower() in _ON or not _can_judge(facts, NO_BETAS) or not newest:
        return
    yield Finding(
        "TRAFFIC403",
        Severity.WARNING if bursts else Severity.INFO,
        "a log shows requests sent again after a 400" if bursts else "a 400 is retried up to 7 times",
        "After a 400 Claude Code removes new fields one by one and sends the request again within half a second: 8 "
        "times in a terminal, 6 times with -p.",
        NO_BETAS,
        applies=">=2.1.329",
        fix=Fix("set it to 1", (Edit(NO_BETAS, "1"),)),
    )


@rule(
    Page(
        code="TRAFFIC404",
        title="an HTTP proxy between Claude Code and a local server",
        what=(
            "Finds HTTP_PROXY, HTTPS_PROXY or ALL_PROXY while the base URL is on this machine or a private network "
            "and NO_PROXY does not list its host."
        ),
        why="Claude Code sends the requests for your server to the company's proxy, which cannot reach it.",
        shown="API Error: 502, 503 or 403 from that proxy, often as an HTML page",
        versions="all versions",
        evidence="docs: Claude Code's page on corporate proxies",
        fix="Add the host to NO_PROXY.",
        example='"env": { "NO_PROXY": "localhost,127.0.0.1" }',
    )
)
def http_proxy(facts: Facts) -> Iterator[Finding]:
    """Find requests to a local server that go through an HTTP proxy."""
    host = host_of(facts.text(BASE_URL))
    used = next((path for name in _PROXIES for path in _spellings(name) if facts.text(path)), None)
    if used is None or not host or not is_near(host):
        return
    passed_by = next((facts.text(path) for path in _spellings("NO_PROXY") if facts.text(path)), "")
    entries = [entry.strip().lower() for entry in re.split(r"[,\s]+", passed_by) if entry.strip()]
    if any(_covers(entry, host) for entry in entries):
        return
    target = next((path for path in _spellings("NO_PROXY") if facts.text(path)), "env.NO_PROXY")
    yield Finding(
        "TRAFFIC404",
        Severity.WARNING,
        f"NO_PROXY does not list {host}",
        f"Requests for {host} go to that proxy, which probably cannot reach it.",
        used,
        evidence="docs",
        fix=Fix(f"add {host} to NO_PROXY", (Edit(target, ",".join([*entries, host])),)),
    )


def _spellings(name: str) -> tuple[str, str]:
    return f"env.{name}", f"env.{name.lower()}"


def _covers(entry: str, host: str) -> bool:
    """Return whether an entry of NO_PROXY matches a host: the host, a parent domain, a network, or ``*``."""
    name = re.sub(r"^\[?([^\]]*)\]?(?::\d+)?$", r"\1", entry) if entry.count(":") < 2 or "]" in entry else entry
    if name == "*" or name.lstrip("*.") == host or host.endswith("." + name.lstrip("*.")):
        return True
    try:
        return "/" in entry and ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except (ValueError, TypeError):
        return False


RULES: tuple[Rule, ...] = (extra_traffic, attribution, betas, http_proxy)
