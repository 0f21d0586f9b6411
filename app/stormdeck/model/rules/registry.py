"""All rules, and what they say together."""

from __future__ import annotations

from dataclasses import replace

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.rules import auth, model, model_ids, time, traffic, url
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.rule import Page, Rule
from stormdeck.model.text import clean

RULES: tuple[Rule, ...] = (*url.RULES, *auth.RULES, *model.RULES, *model_ids.RULES, *traffic.RULES, *time.RULES)
"""Every rule about the client's settings."""

_ORDER = tuple(Severity)


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return what all rules find, the worst first, then by code and place."""
    findings = (_harmless(finding) for rule in RULES for finding in rule.find(facts))
    return tuple(sorted(findings, key=lambda finding: (_ORDER.index(finding.severity), finding.code, finding.path)))


def _harmless(finding: Finding) -> Finding:
    """Return a finding whose words can be shown: they quote values from a file."""
    fix = finding.fix and replace(finding.fix, description=clean(finding.fix.description))
    return replace(finding, title=clean(finding.title), message=clean(finding.message), fix=fix)


def page_of(code: str) -> Page | None:
    """Return the page of a rule, whatever the case of its code."""
    return next((rule.page for rule in RULES if rule.code == code.strip().upper()), None)
