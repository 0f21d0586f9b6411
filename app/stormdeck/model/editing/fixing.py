"""Which fixes are offered, and which of them are made at once.

A fix is tried before it is offered: it is made on a copy of the settings, with the JSON types that stand there, and all
rules run again. Its finding must be gone, the client must still take the file, and no finding may be new. Where a
right value brings a further finding to light, the safe fix of that one becomes part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from stormdeck.model.editing.safety import is_safe
from stormdeck.model.finding import Edit, Finding, Fix, Severity
from stormdeck.model.rules.known_names import ROOT_KEYS, VARIABLES, is_of_known_type
from stormdeck.model.rules.registry import ALL, Selection
from stormdeck.model.settings.merge import merged, previewed
from stormdeck.model.settings.scope import EDITABLE, Scope, SettingsFile, SettingsSnapshot

Check = Callable[[SettingsSnapshot], tuple[Finding, ...]]
"""What the rules say about settings, all else being equal; their fixes are not tried yet."""
_ROUNDS = 100
"""Far more than there are rules; two fixes that undo each other must not run for ever."""
_STEPS = 4
"""Findings that one fix may bring to light, one after the other."""
_TRIED = 40
"""Fixes that are tried at once, of the worst findings; the others are offered when these are gone."""
_FEW = 500
"""Entries up to which settings are tried as a whole; of more, only those that rules and fixes name."""
_SEVERITIES = tuple(Severity)
_Identity = tuple[str, str, str | None]


@dataclass(frozen=True, slots=True)
class Fixes:
    """The edits of all fixes that may be made at once, and what they are for."""

    edits: tuple[Edit, ...] = ()
    fixed: tuple[Finding, ...] = ()


def offered(
    found: tuple[Finding, ...], settings: SettingsSnapshot, check: Check, scope: Scope | None = None
) -> tuple[Finding, ...]:
    """Return findings with the fixes that help when they are made in a scope; of the others, what would help in words.

    ``scope`` ``None``: each in the file that its value stands in, else in the user's.
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
        finding if finding.fix is None else _judged(finding, finding.fix, few, before, check, scope)
        for finding in found
    )


def fixes(settings: SettingsSnapshot, scope: Scope, check: Check, rules: Selection = ALL) -> Fixes:
    """Return the safe fixes of errors and warnings that help when they are made in this scope.

    What is only worth knowing is left as the user wants it, and so is what other rules than ``rules`` find.
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
        fix = _tried(finding, finding.fix, now, findings, check, scope)
        after = _after(now, scope, fix.edits) if fix is not None and fix.safe else None
        if fix is None or after is None:
            given_up.add(_identity(finding))
            continue
        made = Fixes((*made.edits, *fix.edits), (*made.fixed, replace(finding, fix=fix)))
        now, findings = after, check(after)
    return made


def _tried(
    finding: Finding,
    fix: Fix,
    settings: SettingsSnapshot,
    before: tuple[Finding, ...],
    check: Check,
    scope: Scope | None,
) -> Fix | None:
    """Return a fix as it may be offered, with all that belongs to it; ``None`` where it does not help, or harms."""
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


def _judged(
    finding: Finding,
    fix: Fix,
    settings: SettingsSnapshot,
    before: tuple[Finding, ...],
    check: Check,
    scope: Scope | None,
) -> Finding:
    """Return a finding with its fix as it may be offered; one that only brings something else, in words."""
    tried = _tried(finding, fix, settings, before, check, scope)
    if tried is not None:
        return replace(finding, fix=tried)
    after = _after(settings, scope or _scope_of(finding, fix, settings), fix.edits)
    helps = after is not None and _identity(finding) not in map(_identity, check(after))
    words = f"{finding.message} By hand: {fix.description}." if helps else finding.message
    return replace(finding, fix=None, message=words)


def _identity(finding: Finding) -> _Identity:
    return finding.code, finding.path, finding.file


def _is_worse(finding: Finding, before: Severity | None) -> bool:
    """Return whether a finding is new, or graver than it was."""
    return before is None or _SEVERITIES.index(finding.severity) < _SEVERITIES.index(before)


def _scope_of(finding: Finding, fix: Fix, settings: SettingsSnapshot) -> Scope:
    """Return the scope whose file a fix is for: where the value stands, else the user's."""
    for file in settings.files:
        if finding.file == str(file.path):
            return file.scope
    paths = (finding.path, *(edit.path for edit in fix.edits))
    scope = next((settings.effective[path].scope for path in paths if path in settings.effective), Scope.USER)
    return Scope.USER if scope is Scope.SHELL else scope


def _typed(file: SettingsFile, edits: Iterable[Edit]) -> tuple[Edit, ...]:
    """Return edits with the JSON types of the values that they replace: ``true`` stays no text."""
    return tuple(replace(edit, value=_alike(_value(file.values, edit.path), edit.value)) for edit in edits)


def _alike(old: object, new: object) -> object:
    """Return a text as the type of the value that it replaces, where it can be said in that type."""
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
    """Return settings with edits made on the values of one file; ``None`` where the client would drop the file."""
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
    """Return settings with the entries that a fix can have to do with; settings of the usual size as they are.

    A rule speaks of known names and of each unknown one by itself: what is left out stays as it is.
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
