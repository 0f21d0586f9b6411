"""``stormdeck config``: where the options file is, what holds and why, and a file to begin with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from stormdeck.commands.output import put, say
from stormdeck.model.keys.action import written_key
from stormdeck.model.keys.actions import ACTIONS
from stormdeck.options import DECLARED, Declaration, Group, Loaded, Origin
from stormdeck.options.kinds import printable, shown
from stormdeck.sources.io.atomic_write import NewFile, with_new_file
from stormdeck.sources.io.folders import make_private

REFUSED = 2
_HEAD = """\
# The panel's own options. Written by `stormdeck config init`.
# A flag wins over an environment variable, a variable over this file. Nothing secret belongs here.
# A relative path starts at this file's folder.
"""


def print_path(file: Path) -> int:
    """Print the path of the options file; whether it exists is told on stderr."""
    put(str(file))
    if not _exists(file):
        say("the file does not exist; `stormdeck config init` writes it")
    return 0


def print_options(loaded: Loaded, *, as_json: bool) -> int:
    """Print every option with its value and origin, as a table or as JSON."""
    if as_json:
        put(json.dumps(_as_json(loaded), indent=2))
        return 0
    rows = [
        (declared.name, shown(getattr(loaded.options, declared.name)), str(loaded.options.origin(declared.name)))
        for declared in DECLARED
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, value, origin in rows:
        put(f"{name:{widths[0]}}  {value:{widths[1]}}  {printable(origin)}")
    return 0


def confirm(file: Path) -> int:
    """Say that the options are right: where they are not, no command comes this far."""
    put(f"{printable(str(file))}: no problems" if _exists(file) else "no options file: the defaults hold")
    return 0


def write_init(file: Path) -> int:
    """Write an options file that says what the defaults say; one that is there is left alone."""

    def put_in_place(new: NewFile) -> None:
        new.write(init_text().encode())
        new.appear(file)

    try:
        make_private(file.parent)
        with_new_file(file.parent, "config", put_in_place)
    except FileExistsError:
        say(f"stormdeck: {printable(str(file))} is there already and is left as it is")
        return REFUSED
    except OSError as error:
        say(f"stormdeck: {printable(str(file))} cannot be written: {error.strerror}")
        return REFUSED
    put(str(file))
    return 0


def init_text() -> str:
    """Return the text of an options file with every option, what it means, and its default."""
    sections = [_HEAD]
    for group in Group:
        sections.append(f"\n# {group.capitalize()}\n")
        sections.extend(_entry(declared) for declared in DECLARED if declared.group is group)
    return "".join(sections)


def _entry(declared: Declaration) -> str:
    """Return one option of the file: what it means, its other names, an example where the default shows none."""
    example = f"; such as {declared.example}" if declared.example else ""
    default = "null" if declared.default is None else shown(declared.default) if declared.default != () else "[]"
    value = f" {default}\n" if not declared.kind.pairs else f"\n{_actions()}"
    return f"\n# {declared.help}{example}\n# {declared.flag}, {declared.variable}\n{declared.name}:{value}"


def _actions() -> str:
    """Return a line for each action that can get another key, as comments."""
    rows = [(f"{action.id}: {_written(action.keys)}", action.help) for action in ACTIONS]
    return "".join(f"  # {row:<34} # {help_}\n" for row, help_ in rows)


def _written(keys: str) -> str:
    """Return an action's keys as YAML takes them."""
    text = ", ".join(map(written_key, keys.split(",")))
    return text if text[0].isalnum() else json.dumps(text)


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
    """Return a value as JSON has it."""
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:
        return False
