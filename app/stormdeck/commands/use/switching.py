"""``stormdeck use PROFILE``: put a profile into a settings file by one edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from stormdeck.commands.check.knowledge import Knowledge
from stormdeck.commands.edit.effect import effect_of
from stormdeck.commands.edit.files import accepted, document_of, file_of
from stormdeck.commands.edit.steps import Edit, Manner, RefusedError, run_edit
from stormdeck.commands.exit_codes import FAILURE, NEGATIVE
from stormdeck.commands.output import write_err
from stormdeck.model.editing.diff import diff
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.profiles.plan import plan
from stormdeck.model.profiles.profile import Profile
from stormdeck.model.profiles.switch import NotPossibleError
from stormdeck.model.settings.merge import loaded
from stormdeck.model.text import clean
from stormdeck.options import Options
from stormdeck.options.file import unknown
from stormdeck.sources.state.layouts import read_layouts, remember, set_last
from stormdeck.sources.state.profiles import read_profiles


def switch(options: Options, environ: Mapping[str, str], name: str, scope: str, manner: Manner) -> int:
    """Put a profile into the file of a scope and return the exit code, as ``set`` does."""
    return run_edit(options, environ, manner, lambda known: _prepare(known, name, scope))


def _prepare(known: Knowledge, name: str, scope: str) -> Edit:
    profiles = read_profiles(known.paths.profiles)
    profile = _chosen(profiles, name)
    file = file_of(known.settings, scope)
    layouts = read_layouts(known.paths.layouts, file.path)
    try:
        planned = plan(document_of(file), profile, profiles, layouts)
    except NotPossibleError as error:
        raise RefusedError(NEGATIVE, f"{file.path}: {error}; correct it with an editor first.") from None
    text = accepted(file, planned.document)
    effect = effect_of(known, loaded(file, text), planned.paths, complete=True)
    names = [one.name for one in profiles]
    before = planned.before.name

    def keep_layout() -> None:
        if before is not None and file.exists:
            _try(lambda: remember(known.paths.layouts, file.path, before, file.text, names), known.paths.layouts)

    return Edit(
        file,
        text,
        diff(file.text, text, known_secrets(effect.after_edit, before=known.settings)),
        effect,
        f"Nothing to change: the file has the profile {name} already.",
        {"profile": name, "paths": list(planned.paths)},
        notes=planned.notes(effect.after_edit, file.scope),
        before_write=keep_layout,
        written=lambda: _try(lambda: set_last(known.paths.layouts, file.path, name), known.paths.layouts),
    )


def _chosen(profiles: tuple[Profile, ...], name: str) -> Profile:
    """Return a profile by its name, or refuse one that is not there or cannot be used."""
    found = next((one for one in profiles if one.name == name), None)
    names = [one.name for one in profiles]
    if found is None:
        what = unknown("profile", name, names)
        raise RefusedError(FAILURE, f"{what}{'' if what.endswith('?') else '.'} There are: {', '.join(names)}.")
    if found.error:
        raise RefusedError(NEGATIVE, f"the profile {name} cannot be used: {found.error}.")
    return found


def _try(store: Callable[[], None], folder: Path) -> None:
    """Store something in a folder of stormdeck's own, or report that it cannot be stored."""
    try:
        store()
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        write_err(clean(f"The layout of the keys is not kept: {folder}: {why}. A copy of the file is kept as always."))
