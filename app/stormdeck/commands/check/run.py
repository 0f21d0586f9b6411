"""``stormdeck check``: all rules, as a report or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stormdeck.commands.check import report
from stormdeck.commands.check.first_settings import first_server
from stormdeck.commands.check.knowledge import Knowledge, has_settings, learn, missing
from stormdeck.commands.colour import paint_for
from stormdeck.commands.output import put, say, standard_output
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

CLEAN = 0
ERRORS = 1
COULD_NOT_RUN = 2


def run(
    options: Options,
    environ: Mapping[str, str],
    *,
    offline: bool,
    as_json: bool,
    wants_fix: bool,
    agreed: bool,
    with_canary: bool = False,
    rules: Selection = ALL,
) -> int:
    """Check everything and print the report; ``wants_fix``: fix first what is safe. Return the exit code.

    What other rules than ``rules`` find is counted and left out. ``with_canary``: send the canary afterwards, the only
    thing here that costs the engine anything.
    """
    if with_canary and offline:
        say("stormdeck: --canary asks the servers, and --offline asks none.")
        return COULD_NOT_RUN
    absent = missing(options)
    if absent is not None and not wants_fix:
        say(f"stormdeck: there is no file {printable(str(absent))}.")
        return COULD_NOT_RUN
    known = learn(options, environ, offline=offline)
    if wants_fix:
        from stormdeck.commands.check.fix import Outcome, fix

        outcome = fix(known, rules, agreed=agreed, aside=as_json)
        if outcome is Outcome.FAILED:
            return COULD_NOT_RUN
        if outcome is Outcome.WRITTEN:
            known = learn(options, environ, offline=offline)
    everything = known.report()
    found = [finding for finding in everything if rules.takes(finding.code)]
    left_out = len(everything) - len(found)
    sick = any(finding.severity is Severity.ERROR for finding in found)
    told = report.as_json(found, known.settings, known.texts()) if as_json else {}
    if as_json and not rules.is_all:
        told["left_out"] = left_out
    if not as_json:
        _tell(known, found, left_out, rules)
    if with_canary:
        sick |= _send_canary(known, told, as_json=as_json)
    if as_json:
        put(json.dumps({**told, "ok": not sick}, indent=2, ensure_ascii=False))
    return ERRORS if sick else CLEAN


def _send_canary(known: Knowledge, told: dict[str, Any], *, as_json: bool) -> bool:
    """Send the canary and tell it, or add it to what is told as JSON; say whether a check of it failed."""
    from stormdeck.commands.check import canary

    planned = canary.plan(known)
    result = canary.run(planned)
    hide = report.hider(known.settings, known.texts())
    if as_json:
        told["canary"] = canary.as_json(planned, result, hide)
    else:
        for line in ["", *canary.as_text(planned, result, hide, paint_for(standard_output()))]:
            put(line)
    return canary.failed(result)


def _tell(known: Knowledge, found: Sequence[Finding], left_out: int, rules: Selection) -> None:
    for line in report.as_text(found, known.settings, known.texts(), paint_for(standard_output())):
        put(line)
    put(f"{report.summary(found)}." if found else "No findings.")
    if left_out:
        put(f"{plural(left_out, 'finding')} left out by --only or --skip.")
    for line in _asides(known, found, rules):
        say(line)


def _asides(known: Knowledge, found: Sequence[Finding], rules: Selection) -> list[str]:
    """Return what the reader should know beside the findings."""
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
        lines.append("`stormdeck check --fix` shows and makes the fixes, `stormdeck explain CODE` tells why.")
    elif server is None and found:
        lines.append("`stormdeck explain CODE` tells why.")
    if found:
        version, how = known.client.version, known.client.how
        lines.append(f"Checked for Claude Code {version} ({how})." if version else f"Version of Claude Code {how}.")
    return [mask_text(clean(line)) for line in lines]


def _may_fix(known: Knowledge, found: Sequence[Finding], rules: Selection) -> bool:
    """Return whether ``--fix`` would propose anything."""
    from stormdeck.commands.check.fix import propose

    user = known.settings.file(Scope.USER)
    worth_a_try = user is not None and user.error is not None
    worth_a_try |= any(finding.fix is not None and finding.severity is not Severity.INFO for finding in found)
    return worth_a_try and propose(known, rules) is not None
