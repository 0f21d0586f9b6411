"""``stormdeck check``: run all rules and print a report or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stormdeck.commands.check import report
from stormdeck.commands.check.first_settings import first_server
from stormdeck.commands.check.knowledge import Knowledge, has_settings, learn, missing
from stormdeck.commands.colour import paint_for
from stormdeck.commands.exit_codes import FAILURE, NEGATIVE, SUCCESS
from stormdeck.commands.output import standard_output, write_err, write_out
from stormdeck.model.finding import Finding, Severity
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.rules.collect import facts_of
from stormdeck.model.rules.destination import Destination, destination, why_not_applicable
from stormdeck.model.rules.registry import ALL, Selection
from stormdeck.model.settings.scope import Scope
from stormdeck.model.snapshots.probe import Reach
from stormdeck.model.text import clean
from stormdeck.model.units import plural
from stormdeck.options import Options
from stormdeck.options.kinds import printable


def run(
    options: Options,
    environ: Mapping[str, str],
    *,
    offline: bool,
    as_json: bool,
    wants_fix: bool,
    agreed: bool,
    canary_size: str | None = None,
    rules: Selection = ALL,
) -> int:
    """Check everything, print the report and return the exit code.

    ``wants_fix``: first fix what is safe. Findings of rules outside ``rules`` are only counted. ``canary_size``: send
    the canary afterwards, which is the only part that costs the model tokens; ``long`` adds a long prompt.
    """
    if canary_size is not None and offline:
        write_err("stormdeck: --canary and --offline exclude each other: the canary asks the servers.")
        return FAILURE
    absent = missing(options)
    if absent is not None and not wants_fix:
        write_err(f"stormdeck: {printable(str(absent))} does not exist.")
        return FAILURE
    known = learn(options, environ, offline=offline)
    if wants_fix:
        from stormdeck.commands.check.fix import Outcome, fix

        outcome = fix(known, rules, agreed=agreed, to_stderr=as_json)
        if outcome is Outcome.FAILED:
            return FAILURE
        if outcome is Outcome.WRITTEN:
            known = learn(options, environ, offline=offline)
    everything = known.report()
    found = [finding for finding in everything if rules.takes(finding.code)]
    left_out = len(everything) - len(found)
    has_errors = any(finding.severity is Severity.ERROR for finding in found)
    document = report.as_json(found, known.settings, known.texts()) if as_json else {}
    if as_json and not rules.is_all:
        document["left_out"] = left_out
    if not as_json:
        _print_report(known, found, left_out, rules)
    if canary_size is not None:
        has_errors |= _send_canary(known, document, wants_long=canary_size == "long", as_json=as_json)
    if as_json:
        write_out(json.dumps({**document, "ok": not has_errors}, indent=2, ensure_ascii=False))
    return NEGATIVE if has_errors else SUCCESS


def _send_canary(known: Knowledge, document: dict[str, Any], *, wants_long: bool, as_json: bool) -> bool:
    """Send the canary and print its results or add them to the JSON document. Return whether a check failed."""
    from stormdeck.commands.check import canary

    planned = canary.plan(known, wants_long=wants_long)
    result = canary.run(planned, known.settings)
    hide = report.hider(known.settings, known.texts())
    if as_json:
        document["canary"] = canary.as_json(planned, result, hide)
    else:
        for line in ["", *canary.as_text(planned, result, hide, paint_for(standard_output()))]:
            write_out(line)
    return canary.failed(result)


def _print_report(known: Knowledge, found: Sequence[Finding], left_out: int, rules: Selection) -> None:
    for line in report.as_text(found, known.settings, known.texts(), paint_for(standard_output())):
        write_out(line)
    write_out(f"{report.summary(found)}." if found else "No findings.")
    if left_out:
        write_out(f"{plural(left_out, 'finding')} left out by --only or --skip.")
    for line in _notes(known, found, rules):
        write_err(line)


def _notes(known: Knowledge, found: Sequence[Finding], rules: Selection) -> list[str]:
    """Return what the reader should know besides the findings."""
    lines = [known.seen.note] if known.seen.note else []
    probe = known.seen.probe
    if probe is not None and probe.reach is Reach.UNKNOWN:
        lines.append(f"{probe.url} did not answer: {probe.detail}.")
    if not has_settings(known.settings):
        lines.append("There are no settings for Claude Code yet.")
    facts = facts_of(known.deck(known.settings))
    server = first_server(known)
    if server is not None:
        lines.append(f"{server.url} serves {server.model}: `stormdeck check --fix` proposes the settings for it.")
    elif why_not_applicable(facts) and (not found or destination(facts) is Destination.GATEWAY):
        lines.append(why_not_applicable(facts))
    if server is None and _may_fix(known, found, rules):
        lines.append(
            "`stormdeck check --fix` shows the fixes and writes them, `stormdeck explain CODE` explains a finding."
        )
    elif server is None and found:
        lines.append("`stormdeck explain CODE` explains a finding.")
    if found:
        version, how = known.client.version, known.client.how
        lines.append(f"Checked for Claude Code {version} ({how})." if version else f"Version of Claude Code {how}.")
    return [mask_text(clean(line)) for line in lines]


def _may_fix(known: Knowledge, found: Sequence[Finding], rules: Selection) -> bool:
    """Return whether ``--fix`` would propose anything."""
    from stormdeck.commands.check.fix import propose

    user = known.settings.file(Scope.USER)
    may_have_fixes = user is not None and user.error is not None
    may_have_fixes |= any(finding.fix is not None and finding.severity is not Severity.INFO for finding in found)
    return may_have_fixes and propose(known, rules) is not None
