"""Collect all rules, run them, and look up their pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.litellm.yaml_snippet import joined
from stormdeck.model.rules.audience import Reporting, limited
from stormdeck.model.rules.client import (
    auth,
    auth_live,
    auto_mode,
    available_models,
    client_state,
    context,
    file_scopes,
    file_syntax,
    folder_trust,
    model_ids,
    traffic,
    url,
    url_live,
    url_tls,
)
from stormdeck.model.rules.client import models as model
from stormdeck.model.rules.client import timeouts as time
from stormdeck.model.rules.destination import destination
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm import (
    agent_requests,
    asked_ids,
    error_handling,
    includes,
    startup,
    unknown_keys,
    upstream,
)
from stormdeck.model.rules.litellm import models as proxy_models
from stormdeck.model.rules.litellm import timeouts as proxy_time
from stormdeck.model.rules.rule import Page, Rule
from stormdeck.model.rules.vllm import command_line, engine
from stormdeck.model.text import clean

_MODULES = (
    *(url, url_live, url_tls, auth, auth_live, client_state, folder_trust, model, model_ids, available_models),
    *(traffic, auto_mode, time, context, file_syntax, file_scopes),
    *(startup, includes, unknown_keys, proxy_models, upstream, asked_ids, error_handling, proxy_time, agent_requests),
    *(command_line, engine),
)
_ORDER = ("URL", "AUTH", "MODEL", "TRAFFIC", "TIME", "CTX", "FILE", "PROXY", "SERVER")
RULES: tuple[Rule, ...] = tuple(
    sorted((one for module in _MODULES for one in module.RULES), key=lambda one: (_ORDER.index(one.family), one.code))
)
"""All rules, ordered by family and code."""

_SEVERITIES = tuple(Severity)
_HOPS = tuple(HopKind)
_BY_CODE = {one.code: one.page for one in RULES}
_MOST = 100
"""Maximum number of findings of one rule; more have the same cause."""


def check(facts: Facts) -> tuple[Finding, ...]:
    """Run the rules that apply to the destination. Return the findings by severity, then by hop and code."""
    where, named = destination(facts), bool(facts.named)
    rules = [(one, one.effective_audience.reporting(where, named=named)) for one in RULES]
    found = (
        limited(finding, reporting)
        for one, reporting in rules
        if reporting is not Reporting.OFF
        for finding in islice(one.find(facts), _MOST)
    )
    findings = _joined([_cleaned(finding) for finding in found if finding is not None])
    return tuple(sorted(findings, key=_rank))


def _joined(findings: list[Finding]) -> Iterator[Finding]:
    """Yield the findings with their YAML snippets adapted so that all of them can be pasted."""
    pastes = iter(joined([finding.paste for finding in findings if finding.paste is not None]))
    for finding in findings:
        yield finding if finding.paste is None else replace(finding, paste=next(pastes))


def _rank(finding: Finding) -> tuple[int, int, str, str, int]:
    return (
        _SEVERITIES.index(finding.severity),
        _HOPS.index(finding.hop),
        finding.code,
        finding.path,
        finding.line or 0,
    )


def _cleaned(finding: Finding) -> Finding:
    """Return a finding without control characters: its texts quote values from files."""
    fix = finding.fix and replace(finding.fix, description=clean(finding.fix.description))
    paste = finding.paste and replace(
        finding.paste,
        description=clean(finding.paste.description),
        text="\n".join(clean(row) for row in finding.paste.text.split("\n")),
    )
    return replace(finding, title=clean(finding.title), message=clean(finding.message), fix=fix, paste=paste)


def is_not_applicable(code: str, facts: Facts) -> bool:
    """Return whether a rule does not apply to the destination, so that having no finding proves nothing."""
    found = next((one for one in RULES if one.code == code), None)
    if found is None:
        return False
    return found.effective_audience.reporting(destination(facts), named=bool(facts.named)) is Reporting.OFF


def page_of(code: str) -> Page | None:
    """Return the page of a rule; the code may be in lower case."""
    return _BY_CODE.get(code.strip().upper())


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection of rules: those in ``only`` (all if it is empty), without those in ``skip``.

    Selection(only=("FILE",), skip=("FILE708",)).takes("FILE701")  # True
    """

    only: tuple[str, ...] = ()
    """Codes or prefixes: ``FILE708``, ``FILE``."""
    skip: tuple[str, ...] = ()

    def takes(self, code: str) -> bool:
        """Return whether a rule is selected."""
        return (not self.only or code.startswith(self.only)) and not code.startswith(self.skip)

    @property
    def is_all(self) -> bool:
        """Return whether all rules are selected."""
        return not self.only and not self.skip


ALL = Selection()
