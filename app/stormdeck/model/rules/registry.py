"""All rules, and what they say together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from stormdeck.model.finding import Finding, HopKind, Severity
from stormdeck.model.litellm.yaml_snippet import joined
from stormdeck.model.rules.audience import Voice, heard
from stormdeck.model.rules.client import (
    auth,
    auth_live,
    context,
    file_scopes,
    file_syntax,
    folder_trust,
    model_ids,
    traffic,
    url,
    url_live,
)
from stormdeck.model.rules.client import models as model
from stormdeck.model.rules.client import timeouts as time
from stormdeck.model.rules.destination import destination
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.litellm import asked_ids, error_handling, startup, unknown_keys, upstream
from stormdeck.model.rules.litellm import models as proxy_models
from stormdeck.model.rules.litellm import timeouts as proxy_time
from stormdeck.model.rules.rule import Page, Rule
from stormdeck.model.rules.vllm import command_line, engine
from stormdeck.model.text import clean

_MODULES = (
    *(url, url_live, auth, auth_live, folder_trust, model, model_ids, traffic, time, context, file_syntax, file_scopes),
    *(startup, unknown_keys, proxy_models, upstream, asked_ids, error_handling, proxy_time, command_line, engine),
)
_ORDER = ("URL", "AUTH", "MODEL", "TRAFFIC", "TIME", "CTX", "FILE", "PROXY", "SERVER")
RULES: tuple[Rule, ...] = tuple(
    sorted((one for module in _MODULES for one in module.RULES), key=lambda one: (_ORDER.index(one.family), one.code))
)
"""Every rule, by family and code."""

_SEVERITIES = tuple(Severity)
_HOPS = tuple(HopKind)
_BY_CODE = {one.code: one.page for one in RULES}
_MOST = 100
"""Findings of one rule; a file that holds more has one thing wrong and not hundreds."""


def check(facts: Facts) -> tuple[Finding, ...]:
    """Return what the rules find that speak for this destination, the worst first, then along the path, by code."""
    where, named = destination(facts), bool(facts.named)
    voices = [(one, one.speaks_for.voice(where, named=named)) for one in RULES]
    found = (
        heard(finding, voice)
        for one, voice in voices
        if voice is not Voice.SILENT
        for finding in islice(one.find(facts), _MOST)
    )
    findings = _joined([_harmless(finding) for finding in found if finding is not None])
    return tuple(sorted(findings, key=_rank))


def _joined(findings: list[Finding]) -> Iterator[Finding]:
    """Yield findings whose texts to paste can all be pasted."""
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


def _harmless(finding: Finding) -> Finding:
    """Return a finding whose words can be shown: they quote values from a file."""
    fix = finding.fix and replace(finding.fix, description=clean(finding.fix.description))
    paste = finding.paste and replace(
        finding.paste,
        description=clean(finding.paste.description),
        text="\n".join(clean(row) for row in finding.paste.text.split("\n")),
    )
    return replace(finding, title=clean(finding.title), message=clean(finding.message), fix=fix, paste=paste)


def is_silent(code: str, facts: Facts) -> bool:
    """Return whether a rule does not speak for where requests go, so that its silence proves nothing."""
    found = next((one for one in RULES if one.code == code), None)
    voice = found.speaks_for.voice(destination(facts), named=bool(facts.named)) if found is not None else Voice.ALOUD
    return voice is Voice.SILENT


def page_of(code: str) -> Page | None:
    """Return the page of a rule, whatever the case of its code."""
    return _BY_CODE.get(code.strip().upper())


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules that ``only`` names, or all where it is empty, without those that ``skip`` names."""

    only: tuple[str, ...] = ()
    """Codes, or what they begin with: ``FILE708``, ``FILE``."""
    skip: tuple[str, ...] = ()

    def takes(self, code: str) -> bool:
        """Say whether the rule of a code counts."""
        return (not self.only or code.startswith(self.only)) and not code.startswith(self.skip)

    @property
    def is_all(self) -> bool:
        """Say whether every rule counts."""
        return not self.only and not self.skip


ALL = Selection()
