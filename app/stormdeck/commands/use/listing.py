"""``stormdeck use --list``: the profiles, and which one a settings file has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stormdeck.commands.client_settings import read
from stormdeck.commands.edit.files import document_of, file_of
from stormdeck.commands.edit.steps import Manner, RefusedError, report_refusal
from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import write_err, write_out
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.profiles.keys import path_values
from stormdeck.model.profiles.profile import Profile, Standing, standing_of
from stormdeck.model.text import clean
from stormdeck.options import Options
from stormdeck.paths import UserPaths, user_paths
from stormdeck.sources.state.layouts import read_layouts
from stormdeck.sources.state.profiles import read_profiles


def print_profiles(options: Options, environ: Mapping[str, str], scope: str, manner: Manner) -> int:
    """Print the profiles and return the exit code."""
    paths = user_paths(environ, options.home, options.project)
    profiles = read_profiles(paths.profiles)
    try:
        path, standing = _standing(options, environ, paths, profiles, scope)
    except RefusedError as stop:
        if stop.code == FAILURE:
            return report_refusal(stop, manner)
        write_err(f"stormdeck: which profile is in force is not known: {mask_text(clean(stop.words))}")
        path, standing = None, Standing(None)
    if manner.as_json:
        rows = [_as_json(one, standing) for one in profiles]
        document = {"version": 1, "file": path, "scope": scope, "profiles": rows}
        write_out(json.dumps(document, indent=2, ensure_ascii=False))
        return SUCCESS
    table = [_row(one, standing) for one in profiles]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    for row in table:
        write_out("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]).rstrip())
    if path is not None and standing.name is None:
        write_err("No profile is in force: the file has other values. `stormdeck use --save PROFILE` saves them.")
    return SUCCESS


def print_names(options: Options, environ: Mapping[str, str]) -> int:
    """Print the names only, for the completion of a shell."""
    for one in read_profiles(user_paths(environ, options.home, options.project).profiles):
        write_out(one.name)
    return SUCCESS


def _standing(
    options: Options, environ: Mapping[str, str], paths: UserPaths, profiles: tuple[Profile, ...], scope: str
) -> tuple[str, Standing]:
    file = file_of(read(options, paths, environ), scope)
    last = read_layouts(paths.layouts, file.path).last
    return str(file.path), standing_of(path_values(document_of(file)), profiles, last)


def _row(one: Profile, standing: Standing) -> tuple[str, str, str, str]:
    name = f"{'*' if one.name == standing.name else ' '} {one.name}"
    if one.error:
        return name, "", "", clean(f"cannot be used: {mask_text(one.error)}")
    words = ""
    if one.name == standing.name:
        words = "in force, changed since" if standing.changed else "in force"
    return name, clean(one.base_url or "the hosted API"), clean(one.model or "default model"), words


def _as_json(one: Profile, standing: Standing) -> dict[str, Any]:
    in_force = one.name == standing.name
    return {
        "name": one.name,
        "built_in": one.built_in,
        "in_force": in_force,
        "changed": in_force and standing.changed,
        "base_url": one.base_url,
        "model": one.model,
        "keys": sorted(one.values),
        "error": mask_text(clean(one.error)) or None,
    }
