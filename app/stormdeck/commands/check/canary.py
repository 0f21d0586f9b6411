"""``stormdeck check --canary``: send small requests, report the results by route, and which features work."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

from stormdeck import __version__
from stormdeck.commands.check.knowledge import Knowledge
from stormdeck.commands.check.report import Hide
from stormdeck.commands.check.servers import token_for
from stormdeck.commands.colour import Ink, Paint
from stormdeck.commands.output import standard_error, write_err
from stormdeck.commands.text_layout import wrap
from stormdeck.model.canary.check import Check, Route, Verdict
from stormdeck.model.canary.features import Feature
from stormdeck.model.canary.plan import Plan, plan_of
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.rules.collect import facts_of
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.sources.canary import Canary
from stormdeck.sources.settings.authorities import read_authorities

_INKS = {Verdict.PASS: Ink.GOOD, Verdict.WARN: Ink.WARNING, Verdict.FAIL: Ink.ERROR}
_NAME = max(len(verdict) for verdict in Verdict) + 2
_COLUMNS = 100 - _NAME
_STATE = len("works with a limit") + 2


def plan(known: Knowledge, *, wants_long: bool) -> Plan:
    """Return the requests to send to the servers that were found; ``wants_long`` adds a prompt of a window's size."""
    seen = known.seen
    facts = facts_of(known.deck(known.settings))
    key = token_for(seen.vllm.url, known.options, known.settings, seen) if seen.vllm is not None else ""
    return plan_of(facts, __version__, str(uuid.uuid4()), key or None, wants_long=wants_long)


def run(planned: Plan, settings: SettingsSnapshot) -> CanaryReport:
    """Print the cost and send the requests. On a terminal, print each result as it arrives."""
    for note in (f"Canary: {planned.cost}, no request twice.", *planned.notes):
        write_err(note)
    error = standard_error()
    watched = error is not None and error.isatty()
    show = _print_check if watched else lambda check: None
    report = asyncio.run(Canary().run(planned, show, read_authorities(settings)))
    write_err(f"The canary took {report.cost}.")
    return report


def _print_check(check: Check) -> None:
    where = "vLLM directly: " if check.route is Route.DIRECT else ""
    write_err(f"  {check.verdict.value:<{_NAME}}{where}{check.name}")


def as_text(planned: Plan, report: CanaryReport, hide: Hide, paint: Paint) -> list[str]:
    """Return the results by route, then which hop fails, then what will work."""
    lines: list[str] = []
    for route in Route:
        checks = [check for check in report.checks if check.route is route]
        if checks:
            lines += [paint(hide(_heading(planned, route)), Ink.BOLD), ""]
            lines += [row for check in checks for row in _rows(check, hide, paint)]
            lines.append("")
    if len(planned.targets) > 1 and report.blames:
        lines += [paint("which hop fails", Ink.BOLD), ""]
        for blame in report.blames:
            text = f"{blame.question.label}: {blame.hop.value}. {blame.message}"
            lines += wrap(hide(text), _COLUMNS, indent="  ", hanging="    ")
        lines.append("")
    lines += [paint("features of Claude Code", Ink.BOLD), ""]
    lines += [row for feature in report.features for row in _feature(feature, hide, paint)]
    lines.append("")
    lines += wrap(hide(f"Claude Code here: {report.summary}."), _COLUMNS, hanging="  ")
    return lines


def _heading(planned: Plan, route: Route) -> str:
    way = next((target.endpoint for target in planned.targets if target.endpoint.route is route), None)
    place = f" to {way.place}" if way is not None else ""
    if route is Route.DIRECT:
        return f"canary{place}: vLLM itself"
    return f"canary{place}: as Claude Code {planned.shape.version} sends"


def _rows(check: Check, hide: Hide, paint: Paint) -> list[str]:
    code = f" {check.code}" if check.code and check.verdict is not Verdict.PASS else ""
    indent = " " * (_NAME + 2)
    first, *rest = wrap(hide(f"{check.name}{code}: {check.message}"), _COLUMNS)
    verdict = paint(check.verdict.value, _INKS.get(check.verdict, Ink.QUIET))
    return [f"  {verdict}{' ' * (_NAME - len(check.verdict.value))}{first}", *(f"{indent}{row}" for row in rest)]


def _feature(feature: Feature, hide: Hide, paint: Paint) -> list[str]:
    """Return the rows of a feature; the reason and what to change where it does not simply work."""
    state = paint(feature.state, _INKS.get(feature.verdict, Ink.QUIET))
    start = f"  {state}{' ' * (_STATE - len(feature.state))}"
    if feature.verdict is Verdict.PASS:
        return [f"{start}{feature.name}"]
    code = f" {feature.code}" if feature.code else ""
    first, *rest = wrap(hide(f"{feature.name}{code}: {feature.message}"), 98 - _STATE)
    if feature.change:
        rest += wrap(hide(f"change: {feature.change}"), 98 - _STATE, hanging="  ")
    return [f"{start}{first}", *(f"{' ' * (_STATE + 2)}{row}" for row in rest)]


def as_json(planned: Plan, report: CanaryReport, hide: Hide) -> dict[str, Any]:
    """Return the canary's part of the JSON report."""
    return {
        "ok": not failed(report),
        "checks": [
            {
                "name": check.question.value,
                "route": check.route.value,
                "hop": check.hop.value,
                "verdict": check.verdict.value,
                "code": check.code,
                "message": hide(check.message),
                "latency_ms": check.latency_ms,
                "ttft_ms": check.ttft_ms,
                "gap_ms": check.gap_ms,
                "input_tokens": check.input_tokens,
                "output_tokens": check.output_tokens,
                "sent": check.sent,
                "requests": check.count if check.sent else 0,
                "change": hide(check.change) or None,
            }
            for check in report.checks
        ],
        "blame": [
            {"name": blame.question.value, "hop": blame.hop.value, "code": blame.code, "message": hide(blame.message)}
            for blame in report.blames
        ],
        "features": [
            {
                "name": one.name,
                "verdict": one.verdict.value,
                "works": one.works,
                "message": hide(one.message),
                "code": one.code,
                "change": hide(one.change) or None,
            }
            for one in report.features
        ],
        "summary": hide(report.summary),
        "notes": list(planned.notes),
        "estimated": {
            "requests": planned.requests,
            "prompt_tokens": planned.prompt_tokens,
            "max_tokens": planned.max_tokens,
        },
        "measured": {
            "requests": report.requests,
            "input_tokens": report.input_tokens,
            "output_tokens": report.output_tokens,
        },
    }


def failed(report: CanaryReport) -> bool:
    """Return whether any check failed."""
    return any(check.verdict is Verdict.FAIL for check in report.checks)
