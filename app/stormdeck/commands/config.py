"""``stormdeck config``: show, check and create the options file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.output import write_err, write_out
from stormdeck.model.keys.action import written_key
from stormdeck.model.keys.actions import ACTIONS
from stormdeck.model.usage.prices import NAMES as PRICE_NAMES
from stormdeck.options import DECLARED, Declaration, Group, Loaded, Origin
from stormdeck.options.kinds import printable, shown
from stormdeck.sources.io.atomic_write import NewFile, with_new_file
from stormdeck.sources.io.folders import make_private

_HEAD = """\
# Options of stormdeck. Written by `stormdeck config init`.
# A flag wins over an environment variable, a variable over this file. Do not put secrets here.
# Relative paths are relative to the folder of this file.
"""


def print_path(file: Path) -> int:
    """Print the path of the options file, and to stderr whether it is missing."""
    write_out(str(file))
    if not _exists(file):
        write_err("The file does not exist; `stormdeck config init` creates it.")
    return SUCCESS


def print_options(loaded: Loaded, *, as_json: bool) -> int:
    """Print every option with its value and origin, as a table or as JSON."""
    if as_json:
        write_out(json.dumps(_as_json(loaded), indent=2))
        return SUCCESS
    rows = [
        (declared.name, shown(getattr(loaded.options, declared.name)), str(loaded.options.origin(declared.name)))
        for declared in DECLARED
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, value, origin in rows:
        write_out(f"{name:{widths[0]}}  {value:{widths[1]}}  {printable(origin)}")
    return SUCCESS


def confirm(file: Path) -> int:
    """Print that there are no problems; with any, the command line is refused before."""
    write_out(f"{printable(str(file))}: no problems" if _exists(file) else "no options file: the defaults apply")
    return SUCCESS


def write_init(file: Path) -> int:
    """Write an options file with all defaults; an existing file is not changed."""

    def put_in_place(new: NewFile) -> None:
        new.write(init_text().encode())
        new.appear(file)

    try:
        make_private(file.parent)
        with_new_file(file.parent, "config", put_in_place)
    except FileExistsError:
        write_err(f"stormdeck: {printable(str(file))} already exists and is not changed")
        return FAILURE
    except OSError as error:
        write_err(f"stormdeck: {printable(str(file))} cannot be written: {error.strerror}")
        return FAILURE
    write_out(str(file))
    return SUCCESS


def init_text() -> str:
    """Return the text of an options file with every option, its help and its default."""
    sections = [_HEAD]
    for group in Group:
        sections.append(f"\n# {group.capitalize()}\n")
        sections.extend(_entry(declared) for declared in DECLARED if declared.group is group)
    return "".join(sections)


def _entry(declared: Declaration) -> str:
    """Return one option: its help, its flag and variable, and an example if the default is none."""
    example = f"; such as {declared.example}" if declared.example else ""
    default = "null" if declared.default is None else shown(declared.default) if declared.default != () else "[]"
    value = f"\n{_PAIRS[declared.name]()}" if declared.kind.pairs else f" {default}\n"
    return f"\n# {declared.help}{example}\n# {declared.flag}, {declared.variable}\n{declared.name}:{value}"


def _actions() -> str:
    """Return a commented line for each action whose key can be changed."""
    rows = [(f"{action.id}: {_written(action.keys)}", action.help) for action in ACTIONS]
    return "".join(f"  # {row:<34} # {help_}\n" for row, help_ in rows)


def _prices() -> str:
    """Return a commented line for each kind of tokens."""
    return "".join(f"  # {name}:\n" for name in PRICE_NAMES)


_PAIRS = {"keys": _actions, "prices": _prices}
"""The lines below an option that is a mapping."""


def _written(keys: str) -> str:
    """Return an action's keys in YAML."""
    text = ", ".join(map(written_key, keys.split(",")))
    return text if text.replace(", ", "").replace("+", "").isalnum() else json.dumps(text)


def _as_json(loaded: Loaded) -> dict[str, Any]:
    options = {
        declared.name: {
            "value": _plain(getattr(loaded.options, declared.name)),
            "origin": _origin(loaded.options.origin(declared.name)),
        }
        for declared in DECLARED
    }
    return {"version": 1, "file": str(loaded.file), "exists": _exists(loaded.file), "options": options}


def _origin(origin: Origin) -> dict[str, Any]:
    return {"kind": origin.kind, "name": origin.name or None, "line": origin.line}


def _plain(value: object) -> object:
    """Return a value that JSON can represent."""
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:
        return False
