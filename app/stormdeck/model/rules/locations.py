"""Add file positions to findings, and sort them for display."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from stormdeck.model.finding import Edit, Finding, HopKind, Severity
from stormdeck.model.settings.merge import place_of
from stormdeck.model.settings.scope import Scope, SettingsSnapshot

_SEVERITIES = tuple(Severity)
_PATH = tuple(HopKind)


def located(settings: SettingsSnapshot, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings with their positions, sorted by severity, hop, file and line."""
    return tuple(sorted((_located(settings, finding) for finding in findings), key=_rank))


def where(settings: SettingsSnapshot, finding: Finding) -> str:
    """Return ``FILE:LINE:COLUMN`` as far as known, else ``shell`` or the hop."""
    if finding.file is not None:
        return ":".join(str(part) for part in (finding.file, finding.line, finding.column) if part is not None)
    effective = settings.effective.get(finding.path)
    return "shell" if effective is not None and effective.scope is Scope.SHELL else finding.hop.value


def edit_file(settings: SettingsSnapshot, edit: Edit) -> Path | None:
    """Return the file that an edit changes: the one that sets the effective value, else the user's."""
    return place_of(settings, edit.path).file


def _located(settings: SettingsSnapshot, finding: Finding) -> Finding:
    """Return a finding with the position of its setting, unless the rule gave one."""
    if finding.file is not None or finding.hop is not HopKind.CLIENT:
        return finding
    place = place_of(settings, finding.path)
    file = None if place.file is None else str(place.file)
    return replace(finding, file=file, line=place.line, column=place.column)


def _rank(one: Finding) -> tuple[int, int, str, int, str]:
    return _SEVERITIES.index(one.severity), _PATH.index(one.hop), one.file or "", one.line or 0, one.code
