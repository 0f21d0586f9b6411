"""Format findings as text, in the style of a linter, and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from stormdeck.commands.check.excerpt import Excerpt, Source
from stormdeck.commands.colour import Ink, Paint
from stormdeck.commands.text_layout import wrap
from stormdeck.model.finding import Finding, Fix, HopKind, Paste, Severity
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.masking.values import mask_value
from stormdeck.model.rules.locations import edit_file, where
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.text import clean
from stormdeck.model.units import plural

_INKS = {Severity.ERROR: Ink.ERROR, Severity.WARNING: Ink.WARNING, Severity.INFO: Ink.INFO}
_HEADINGS = {
    HopKind.CLIENT: "client: what Claude Code reads",
    HopKind.PROXY: "proxy",
    HopKind.SERVER: "vLLM",
    HopKind.GPU: "GPU",
}
_COLUMNS = 100

Hide = Callable[[str], str]
"""Masks the secrets in a text."""


def as_text(found: Sequence[Finding], settings: SettingsSnapshot, texts: Mapping[str, str], paint: Paint) -> list[str]:
    """Return the report by hop, worst findings first. ``texts`` are the files that it quotes, by path."""
    writer = _Writer(texts, paint, hider(settings, texts))
    lines: list[str] = []
    for hop in HopKind:
        here = [finding for finding in found if finding.hop is hop]
        if here:
            lines += [paint(_HEADINGS[hop], Ink.BOLD), ""]
        for finding in here:
            lines += [*writer.entry(finding, where(settings, finding)), ""]
    return lines


def summary(found: Sequence[Finding]) -> str:
    """Return the number of findings in words: ``2 errors, 1 warning``."""
    counts = _counts(found)
    words = [(Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "note")]
    return ", ".join(plural(counts[severity], word) for severity, word in words if counts[severity])


def as_json(found: Sequence[Finding], settings: SettingsSnapshot, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the report as JSON, with secrets masked."""
    counts, hide = _counts(found), hider(settings, texts)
    return {
        "version": 1,
        "ok": not counts[Severity.ERROR],
        "findings": [_entry_json(finding, settings, hide) for finding in found],
        "summary": {
            "errors": counts[Severity.ERROR],
            "warnings": counts[Severity.WARNING],
            "infos": counts[Severity.INFO],
        },
    }


def hider(settings: SettingsSnapshot, texts: Mapping[str, str]) -> Hide:
    """Return a function that masks the secrets of the settings and the other texts, and joins lines into one."""
    known = known_secrets(settings, [line for text in _others(settings, texts) for line in text.split("\n")])
    return lambda text: known(clean(text))


def _others(settings: SettingsSnapshot, texts: Mapping[str, str]) -> list[str]:
    """Return the texts of files other than settings files."""
    own = {str(file.path) for file in settings.files}
    return [text for path, text in texts.items() if path not in own]


def _counts(found: Sequence[Finding]) -> Counter[Severity]:
    return Counter(finding.severity for finding in found)


class _Writer:
    """Writes findings together with the lines that they refer to."""

    def __init__(self, texts: Mapping[str, str], paint: Paint, hide: Hide) -> None:
        self._sources = {path: Source(text) for path, text in texts.items() if text}
        self._paint = paint
        self._hide = hide

    def entry(self, finding: Finding, place: str) -> list[str]:
        """Return one finding: its place, the line with carets below it, what happens, what to do."""
        paint, ink = self._paint, _INKS[finding.severity]
        excerpt = self._excerpt(finding)
        key = finding.path.rpartition(".")[2]
        name = "" if excerpt is not None and key in excerpt.text else f"{self._hide(finding.path)}: " * bool(key)
        head = f"{paint(finding.severity.value, ink)} {paint(finding.code, Ink.BOLD)}"
        lines = [f"{paint(clean(place) + ':', Ink.BOLD)} {head}: {name + self._hide(finding.title)}"]
        gutter = " " * len(str(excerpt.line)) if excerpt is not None else " "
        if excerpt is not None:
            lines += self._quoted(excerpt, gutter, ink)
        lines += self._noted(finding.message, gutter)
        if finding.fix is not None:
            lines += self._noted(f"help: {finding.fix.description}", gutter)
        if finding.paste is not None:
            lines += self._to_paste(finding.paste, gutter)
        return lines

    def _excerpt(self, finding: Finding) -> Excerpt | None:
        source = self._sources.get(finding.file or "")
        if source is None or finding.line is None:
            return None
        setting = source.setting(finding.path) if finding.hop is HopKind.CLIENT and finding.path else None
        return setting or source.place(finding.line, finding.column)

    def _quoted(self, excerpt: Excerpt, gutter: str, ink: Ink) -> list[str]:
        bar = self._paint("|", Ink.QUIET)
        lines = [f"{gutter} {bar}", f"{self._paint(str(excerpt.line), Ink.QUIET)} {bar} {self._hide(excerpt.text)}"]
        if excerpt.width:
            lines.append(f"{gutter} {bar} {' ' * excerpt.caret}{self._paint('^' * excerpt.width, ink)}")
        return lines

    def _to_paste(self, paste: Paste, gutter: str) -> list[str]:
        """Return the lines to paste into a file that stormdeck never writes."""
        first, last = paste.first, paste.last
        if last < first:
            place = f"after line {first}" if first else "before the first line"
        else:
            place = f"for line {first}" if first == last else f"for lines {first} to {last}"
        lines = self._noted(f"help: {paste.description}, {place}{':' if paste.text else ''}", gutter)
        shown = paste.text.split("\n") if paste.text else []
        return [*lines, *(f"{gutter} {self._paint('+', Ink.GOOD)} {self._hide(row)}" for row in shown)]

    def _noted(self, text: str, gutter: str) -> list[str]:
        rows = wrap(self._hide(text), _COLUMNS - len(gutter) - 3)
        first = f"{gutter} {self._paint('=', Ink.QUIET)} "
        return [(first if at == 0 else f"{gutter}   ") + row for at, row in enumerate(rows)]


def _entry_json(finding: Finding, settings: SettingsSnapshot, hide: Hide) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "title": hide(finding.title),
        "message": hide(finding.message),
        "file": finding.file,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "evidence": finding.evidence,
        "applies": finding.applies,
        "fix": None if finding.fix is None else _fix_json(finding.fix, settings, hide),
    }


def _fix_json(fix: Fix, settings: SettingsSnapshot, hide: Hide) -> dict[str, Any]:
    edits = []
    target = settings.file(fix.scope) if fix.scope is not None else None
    for edit in fix.edits:
        file = target.path if target is not None else edit_file(settings, edit)
        value = edit.value
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            text = hide(mask_value(edit.path, str(value)))
            value = value if text == str(value) else text
        edits.append({"file": None if file is None else str(file), "path": edit.path, "value": value})
    return {"description": hide(fix.description), "edits": edits, "safe": fix.safe}
