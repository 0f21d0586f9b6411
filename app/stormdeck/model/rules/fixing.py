"""Test fixes before they are offered, and select those that can be applied together.

A fix is applied to a copy of the settings, keeping the JSON types of the values, and all rules run again. It is offered
if its finding is gone, Claude Code still accepts the file, and there is no new finding. If the new value causes another
finding, the safe fix of that finding becomes part of the fix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.known_names import ROOT_KEYS, VARIABLES, is_of_known_type
from stormdeck.model.rules.registry import ALL, Selection
from stormdeck.model.rules.safety import is_safe
from stormdeck.model.settings.merge import merged, previewed
from stormdeck.model.settings.scope import EDITABLE, Scope, SettingsFile, SettingsSnapshot

Check = Callable[[SettingsSnapshot], tuple[Finding, ...]]
"""Run the rules on settings; the fixes of the findings are not tested."""
_ROUNDS = 100
"""More than there are rules. Stops two fixes that undo each other."""
_STEPS = 4
"""How many further findings one fix may cause, one after the other."""
_TRIED = 40
"""Maximum number of fixes that are tested, for the worst findings first."""
_FEW = 500
"""With more entries, fixes are tested only on those that rules and fixes name."""
_SEVERITIES = tuple(Severity)
_Identity = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Fixes:
    """Edits that can be applied together, and the findings that they fix."""

    edits: tuple[Edit, ...] = ()
    fixed: tuple[Finding, ...] = ()


def with_working_fixes(
    found: tuple[Finding, ...], settings: SettingsSnapshot, check: Check, scope: Scope | None = None
) -> tuple[Finding, ...]:
    """Return the findings with fixes that work in a scope; other fixes become a hint in the message.

    Without ``scope``, each fix is tested in the file that sets the value, or in the user's file.
    """
    if all(finding.fix is None for finding in found):
        return found
    few = _reduced(settings, found)
    before = found if few is settings else check(few)
    with_fix = [finding for finding in found if finding.fix is not None]
    if len(with_fix) > _TRIED:
        left = set(map(id, with_fix[_TRIED:]))
        found = tuple(replace(finding, fix=None) if id(finding) in left else finding for finding in found)
    return tuple(
        finding if finding.fix is None else _with_tested_fix(finding, finding.fix, few, before, check, scope)
        for finding in found
    )


def safe_fixes(settings: SettingsSnapshot, scope: Scope, check: Check, rules: Selection = ALL) -> Fixes:
    """Return the safe fixes of errors and warnings that work in this scope.

    Notes are not fixed, nor are findings of rules that are not in ``rules``.
    """
    made, findings = Fixes(), check(settings)
    now = _reduced(settings, findings)
    findings = findings if now is settings else check(now)
    given_up: set[_Identity] = set()
    for _ in range(_ROUNDS):
        candidates = (one for one in findings if one.severity is not Severity.INFO and rules.takes(one.code))
        finding = next((one for one in candidates if one.fix and _identity(one) not in given_up), None)
        if finding is None or finding.fix is None:
            return made
        fix = _tested(finding, finding.fix, now, findings, check, scope)
        after = _after(now, scope, fix.edits) if fix is not None and fix.safe else None
        if fix is None or after is None:
            given_up.add(_identity(finding))
            continue
        edits = {edit.path: edit for edit in (*made.edits, *fix.edits)}
        made = Fixes(tuple(edits.values()), (*made.fixed, replace(finding, fix=fix)))
        now, findings = after, check(after)
    return made


def _tested(
    finding: Finding,
    fix: Fix,
    settings: SettingsSnapshot,
    before: tuple[Finding, ...],
    check: Check,
    scope: Scope | None,
) -> Fix | None:
    """Return a fix that works, with the further edits that it needs; ``None`` if it does not work or causes harm."""
    scope = scope or _scope_of(finding, fix, settings)
    file = settings.file(scope)
    if file is None or file.error is not None or scope not in EDITABLE:
        return None
    known = {_identity(one): one.severity for one in before}
    edits, words = _typed(file, fix.edits), [fix.description]
    for _ in range(_STEPS):
        after = _after(settings, scope, edits)
        left = check(after) if after is not None else ()
        if after is None or _identity(finding) in map(_identity, left):
            return None
        new = [one for one in left if _is_worse(one, known.get(_identity(one)))]
        if not new:
            return Fix("; and ".join(words), edits, safe=is_safe(settings, after, edits), scope=scope)
        more = [one.fix for one in new if one.fix is not None]
        added = tuple(edit for one in more for edit in _typed(file, one.edits))
        then = _after(after, scope, added)
        again = {edit.path for edit in edits} & {edit.path for edit in added}
        if again or len(more) < len(new) or then is None or not is_safe(after, then, added):
            return None
        edits = (*edits, *added)
        words += [one.description for one in more]
    return None


def _with_tested_fix(
    finding: Finding,
    fix: Fix,
    settings: SettingsSnapshot,
    before: tuple[Finding, ...],
    check: Check,
    scope: Scope | None,
) -> Finding:
    """Return a finding with its tested fix. A fix that causes other findings becomes a hint in the message."""
    tried = _tested(finding, fix, settings, before, check, scope)
    if tried is not None:
        return replace(finding, fix=tried)
    after = _after(settings, scope or _scope_of(finding, fix, settings), fix.edits)
    helps = after is not None and _identity(finding) not in map(_identity, check(after))
    words = f"{finding.message} By hand: {fix.description}." if helps else finding.message
    return replace(finding, fix=None, message=words)


def _identity(finding: Finding) -> _Identity:
    return finding.code, finding.path, finding.file


def _is_worse(finding: Finding, before: Severity | None) -> bool:
    """Return whether a finding is new, or more severe than before."""
    return before is None or _SEVERITIES.index(finding.severity) < _SEVERITIES.index(before)


def _scope_of(finding: Finding, fix: Fix, settings: SettingsSnapshot) -> Scope:
    """Return the scope that a fix changes: the one that sets the value, or the user's."""
    for file in settings.files:
        if finding.file == str(file.path):
            return file.scope
    paths = (finding.path, *(edit.path for edit in fix.edits))
    scope = next((settings.effective[path].scope for path in paths if path in settings.effective), Scope.USER)
    return Scope.USER if scope in {Scope.SHELL, Scope.CLIENT} else scope


def _typed(file: SettingsFile, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return edits with the JSON types of the values that they replace: a boolean stays a boolean."""
    return tuple(replace(edit, value=_converted(_value(file.values, edit.path), edit.value)) for edit in edits)


def _converted(old: object, new: object) -> object:
    """Return a text converted to the type of the value that it replaces, if possible."""
    if isinstance(old, bool) and isinstance(new, str):
        return {"1": True, "true": True, "0": False, "false": False}.get(new.lower(), new)
    if isinstance(old, int | float) and isinstance(new, str) and new.isascii() and new.isdigit():
        return int(new)
    return new


def _value(values: Mapping[str, object], path: str) -> object:
    found: object = values
    for key in path.split("."):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _after(settings: SettingsSnapshot, scope: Scope, edits: Iterable[Edit]) -> SettingsSnapshot | None:
    """Return the settings with edits applied to one file; ``None`` if Claude Code would then ignore the file."""
    file = settings.file(scope)
    if file is None:
        return None
    values = dict(file.values)
    for edit in edits:
        *above, key = edit.path.split(".")
        inside = values
        for name in above:
            inner = inside.get(name, {})
            if not isinstance(inner, dict):
                return None
            inside[name] = inside = dict(inner)
        if edit.value is None:
            inside.pop(key, None)
        else:
            inside[key] = edit.value
        top = above[0] if above else key
        is_text = not above or not isinstance(edit.value, dict | list)
        if not is_text or (top in values and not is_of_known_type(top, values[top])):
            return None
    return previewed(settings, replace(file, values=values, exists=True))


def _reduced(settings: SettingsSnapshot, found: tuple[Finding, ...]) -> SettingsSnapshot:
    """Return large settings with only the entries that a fix can affect.

    Rules look at known names, and at each unknown name on its own, so the other entries do not matter.
    """
    if len(settings.effective) <= _FEW:
        return settings
    named = {finding.path for finding in found}
    named |= {edit.path for finding in found if finding.fix is not None for edit in finding.fix.edits}
    names = VARIABLES | {path.removeprefix("env.") for path in named}
    roots = ROOT_KEYS | names

    def kept(file: SettingsFile) -> SettingsFile:
        values = {key: value for key, value in file.values.items() if key in roots}
        env = values.get("env")
        if isinstance(env, dict):
            values["env"] = {name: value for name, value in env.items() if name in names}
        return replace(file, values=values)

    shell = {name: text for name, text in settings.shell.items() if name in names}
    return merged(map(kept, settings.files), shell)
