"""Which findings one scope alone can be freed of, and the edits that do it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stormdeck.model.finding import Edit, Finding, Severity
from stormdeck.model.rules.selection import ALL, Selection
from stormdeck.model.settings.merge import preview
from stormdeck.model.settings.scope import Scope, SettingsSnapshot

Check = Callable[[SettingsSnapshot], tuple[Finding, ...]]
"""What the rules say about settings, all else being equal."""
_ROUNDS = 100
"""Far more than there are rules; two fixes that undo each other must not run for ever."""


@dataclass(frozen=True, slots=True)
class Fixes:
    """What can be fixed, and how the settings would be after it."""

    settings: SettingsSnapshot
    edits: tuple[Edit, ...] = ()
    fixed: tuple[Finding, ...] = ()


def fixes(settings: SettingsSnapshot, scope: Scope, check: Check, rules: Selection = ALL) -> Fixes:
    """Return the fixes of errors and warnings that help when they are made in this scope.

    A fix counts when its finding is gone after it and no new error has come: one for a value that a stronger scope
    sets does not, since an edit here would change nothing. What is only worth knowing is left as the user wants it,
    and so is what other rules than ``rules`` find.
    """
    made, findings = Fixes(settings), check(settings)
    given_up: set[tuple[str, str]] = set()
    for _ in range(_ROUNDS):
        candidates = (one for one in findings if _is_candidate(one) and rules.takes(one.code))
        finding = next((one for one in candidates if _identity(one) not in given_up), None)
        if finding is None or finding.fix is None:
            return made
        after = preview(made.settings, scope, finding.fix.edits)
        left = check(after) if after is not made.settings else findings
        if _helps(finding, findings, left):
            made = Fixes(after, (*made.edits, *finding.fix.edits), (*made.fixed, finding))
            findings = left
        else:
            given_up.add(_identity(finding))
    return made


def _is_candidate(finding: Finding) -> bool:
    return finding.fix is not None and finding.severity is not Severity.INFO


def _identity(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.path


def _helps(finding: Finding, before: tuple[Finding, ...], after: tuple[Finding, ...]) -> bool:
    """Say whether a finding is gone and no error is new."""
    known = {_identity(one) for one in before}
    left = {_identity(one) for one in after}
    new_errors = any(one.severity is Severity.ERROR and _identity(one) not in known for one in after)
    return _identity(finding) not in left and not new_errors
