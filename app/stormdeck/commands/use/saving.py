"""``stormdeck use --save PROFILE``: keep the values of one settings file as a profile."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stormdeck.commands.client_settings import read
from stormdeck.commands.edit.files import document_of, file_of
from stormdeck.commands.edit.steps import Manner, RefusedError, report_refusal
from stormdeck.commands.exit_codes import FAILURE, NEGATIVE, SUCCESS
from stormdeck.commands.output import confirm, flush, write_err, write_out
from stormdeck.model.json_edit.document import Document
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.values import mask_value
from stormdeck.model.profiles.keys import is_credential, path_values
from stormdeck.model.profiles.profile import (
    Profile,
    ProfileError,
    file_name,
    is_secret,
    name_problem,
    secrets_file_name,
    texts_of,
)
from stormdeck.model.profiles.switch import same
from stormdeck.model.settings.scope import SettingsFile
from stormdeck.model.settings.trust import BASE_URL
from stormdeck.model.text import clean
from stormdeck.options import Options
from stormdeck.paths import UserPaths, user_paths
from stormdeck.sources.state.layouts import set_last
from stormdeck.sources.state.profiles import read_profiles, save_profile


def save(options: Options, environ: Mapping[str, str], name: str, scope: str, manner: Manner) -> int:
    """Save a profile and return the exit code: 0 saved or not needed, 1 refused, 2 called wrongly.

    Only the file of the scope is read: what another scope sets, such as a folder's own settings, is not saved.
    """
    paths = user_paths(environ, options.home, options.project)
    try:
        return _save(options, environ, paths, name, scope, manner)
    except RefusedError as stop:
        return report_refusal(stop, manner)


def _save(options: Options, environ: Mapping[str, str], paths: UserPaths, name: str, scope: str, manner: Manner) -> int:
    problem = name_problem(name)
    if problem:
        raise RefusedError(FAILURE, f"{problem}.")
    file = file_of(read(options, paths, environ), scope)
    profile = Profile(name, path_values(_document(file)))
    if not profile.values:
        raise RefusedError(NEGATIVE, f"{file.path} has none of a profile's keys: there is nothing to save.")
    before = next((one for one in read_profiles(paths.profiles) if one.name == name), None)
    is_new = before is None or bool(before.error) or not same(before.values, profile.values)
    _show(profile, paths, manner)
    written = is_new and not manner.dry_run
    if written and before is not None and not manner.agreed:
        flush()
        if confirm(f"Replace the profile {name}?") is False:
            raise RefusedError(NEGATIVE, "nothing is written.")
    try:
        texts_of(profile)
        if written:
            save_profile(paths.profiles, profile, paths.backups)
        if not manner.dry_run:
            set_last(paths.layouts, file.path, name)
    except ProfileError as error:
        raise RefusedError(NEGATIVE, f"the profile {name} is not saved: {error}.") from None
    except OSError as error:
        write_err(
            clean(f"{paths.layouts}: {(error.strerror or str(error)).lower()}: the profile is saved all the same.")
        )
    write_err("Saved." if written else "Dry run: nothing is written." if is_new else "Nothing to change: it is saved.")
    if manner.as_json:
        write_out(json.dumps(_as_json(profile, paths, written=written), indent=2, ensure_ascii=False))
    return SUCCESS


def _document(file: SettingsFile) -> Document:
    """Return the text of a file that Claude Code reads; a switch back to any other is refused."""
    if file.error is not None and file.dropped:
        raise RefusedError(NEGATIVE, f"{file.path}: {file.error.message}; Claude Code ignores it: correct it first.")
    return document_of(file)


def _show(profile: Profile, paths: UserPaths, manner: Manner) -> None:
    """Show what is saved and where; with ``--json`` on stderr."""
    show = write_err if manner.as_json else write_out
    show(clean(str(paths.profiles / file_name(profile.name))))
    for path, value in profile.values.items():
        text = _masked(path, value)
        hidden = f"  (in {secrets_file_name(profile.name)}, which only you can read)" if is_secret(path, value) else ""
        show(clean(f"  {path}: {text}{hidden}"))
    if BASE_URL not in profile.values and any(map(is_credential, profile.values)):
        write_err(
            "It has a credential, but no base URL: with this profile it is sent to whichever server is in effect."
        )


def _masked(path: str, value: object) -> str:
    if isinstance(value, str):
        return mask_value(path, value)
    name = path.rpartition(".")[2]
    return mask_json(json.dumps({name: value}, ensure_ascii=False)).partition(": ")[2].removesuffix("}")


def _as_json(profile: Profile, paths: UserPaths, *, written: bool) -> dict[str, object]:
    hidden = [path for path, value in profile.values.items() if is_secret(path, value)]
    return {
        "version": 1,
        "profile": profile.name,
        "file": str(paths.profiles / file_name(profile.name)),
        "secrets_file": str(paths.profiles / secrets_file_name(profile.name)) if hidden else None,
        "keys": sorted(profile.values),
        "secret_keys": sorted(hidden),
        "written": written,
        "refused": None,
    }
