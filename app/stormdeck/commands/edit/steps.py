"""The steps of an edit: prepare it, show its diff and its effect, ask, write it, and report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stormdeck.commands.check.knowledge import Knowledge, learn
from stormdeck.commands.colour import paint_for
from stormdeck.commands.edit.effect import Effect
from stormdeck.commands.exit_codes import NEGATIVE, SUCCESS
from stormdeck.commands.output import OutputError, confirm, flush, standard_error, standard_output, write_err, write_out
from stormdeck.model.editing.diff import DiffLine
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.text import clean
from stormdeck.model.units import plural
from stormdeck.options import Options
from stormdeck.sources.settings.write import Reason, Written, write_settings

_TRIES = 20
"""How often an edit is repeated if other programs write the same file."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How an edit is made: what the flags ask for."""

    dry_run: bool = False
    agreed: bool = False
    """Write without asking, even if it causes an error."""
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """An edit that is prepared but not written."""

    file: SettingsFile
    text: str
    """The whole file with the edit."""
    diff: tuple[DiffLine, ...]
    effect: Effect
    unchanged: str
    """What to say if the text is the same."""
    keys: Mapping[str, object]
    """What the edit is about, for ``--json``."""
    notes: tuple[str, ...] = ()
    """What else to know before it is written, one sentence each."""
    is_judged: bool = True
    """Show the findings even if the text is the same."""
    before_write: Callable[[], None] | None = None
    """Runs before the file is written."""
    written: Callable[[], None] | None = None
    """Runs when the file has the text."""

    @property
    def changes(self) -> bool:
        """Return whether the edit changes the file."""
        return self.text != self.file.text


class RefusedError(Exception):
    """The edit is refused; has the exit code and the reason."""

    def __init__(self, code: int, words: str, edit: Edit | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.edit = edit


def run_edit(options: Options, environ: Mapping[str, str], manner: Manner, prepare: Callable[[Knowledge], Edit]) -> int:
    """Make an edit and return the exit code: 0 done or not needed, 1 refused, 2 called wrongly."""
    try:
        edit, backup = _make(options, environ, manner, prepare)
    except OutputError:
        write_err("stormdeck: nothing is written.")
        raise
    except RefusedError as stop:
        return report_refusal(stop, manner)
    _print_outcome(manner, edit, backup)
    if manner.as_json:
        write_out(json.dumps(_as_json(manner, edit, backup), indent=2, ensure_ascii=False))
    return SUCCESS


def report_refusal(stop: RefusedError, manner: Manner) -> int:
    """Report why an edit is refused and return its exit code."""
    write_err(f"stormdeck: {mask_text(clean(stop.words))}")
    if manner.as_json and stop.code == NEGATIVE:
        write_out(json.dumps(_refusal(stop), indent=2, ensure_ascii=False))
    return stop.code


def _make(
    options: Options, environ: Mapping[str, str], manner: Manner, prepare: Callable[[Knowledge], Edit]
) -> tuple[Edit, Path | None]:
    """Prepare the edit, show it and write it. If another program changed the file meanwhile, start again."""
    for tries_left in reversed(range(_TRIES)):
        known = learn(options, environ, offline=True)
        edit = prepare(known)
        _show(manner, edit)
        if manner.dry_run:
            return edit, None
        if not edit.changes:
            if edit.written is not None:
                edit.written()
            return edit, None
        was_asked = _confirm(manner, edit)
        # If the diff could not be shown, nothing is written.
        flush()
        if edit.before_write is not None:
            edit.before_write()
        written = write_settings(edit.file.path, edit.text, edit.file.digest, known.paths.backups)
        if isinstance(written, Written):
            if edit.written is not None:
                edit.written()
            return edit, written.backup
        # A user who was asked agreed to this diff only.
        if was_asked or written.reason is not Reason.CHANGED or not tries_left:
            raise RefusedError(NEGATIVE, written.detail, edit)
        write_err("Another program changed the file meanwhile: trying again with its text.")
    raise AssertionError("the last try returns or raises")


def _show(manner: Manner, edit: Edit) -> None:
    """Show the diff and its effect; with ``--json`` on stderr."""
    show: Callable[[str], None] = write_err if manner.as_json else write_out
    if edit.diff:
        show(clean(str(edit.file.path)))
    for line in paint_for(standard_error() if manner.as_json else standard_output()).diff(edit.diff):
        show(line)
    if edit.changes:
        for caveat in edit.file.caveats:
            write_err(clean(caveat))
    if edit.is_judged or edit.changes:
        for line in (*edit.effect.as_text(), *edit.notes):
            write_err(line)


def _confirm(manner: Manner, edit: Edit) -> bool:
    """Return whether the user was asked and agreed; raise if the edit must not be written."""
    if manner.agreed:
        return False
    flush()
    answer = confirm(f"Write {clean(str(edit.file.path))}?")
    if answer is False:
        raise RefusedError(NEGATIVE, "nothing is written.", edit)
    errors = edit.effect.errors
    if answer is None and errors and edit.file.error is None:
        codes = ", ".join(dict.fromkeys(one.code for one in errors))
        what = f"the edit causes {plural(len(errors), 'error')} ({codes})"
        raise RefusedError(NEGATIVE, f"nothing is written: {what}. --yes writes it anyway.", edit)
    return bool(answer)


def _print_outcome(manner: Manner, edit: Edit, backup: Path | None) -> None:
    if not edit.changes:
        write_err(edit.unchanged)
    elif manner.dry_run:
        write_err("Dry run: nothing is written.")
    else:
        write_err("Written." + (f" The old file is kept as {clean(str(backup))}" if backup is not None else ""))


def _refusal(stop: RefusedError) -> dict[str, Any]:
    findings = stop.edit.effect.as_json() if stop.edit is not None else []
    return {"version": 1, "written": False, "refused": mask_text(clean(stop.words)), "findings": findings}


def _as_json(manner: Manner, edit: Edit, backup: Path | None) -> dict[str, Any]:
    changes = edit.diff
    return {
        "version": 1,
        "file": str(edit.file.path),
        "scope": edit.file.scope.value,
        **edit.keys,
        "changed": edit.changes,
        "written": edit.changes and not manner.dry_run,
        "refused": None,
        "backup": None if backup is None else str(backup),
        "diff": [{"kind": one.kind.name.lower(), "old": one.old, "new": one.new, "text": one.text} for one in changes],
        "findings": edit.effect.as_json(),
        "caveats": list(edit.file.caveats),
    }
