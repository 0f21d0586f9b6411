"""``stormdeck completion``: print a completion script for a shell, generated from the parsers."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.commands.exit_codes import SUCCESS
from stormdeck.commands.output import write_out

COMPLETION = "completion"
_PROFILES = "stormdeck use --names"
"""Prints the names of the profiles when a shell completes one."""
SHELLS = ("bash", "zsh", "fish")
_NOTE = """\
bash (with the package bash-completion) and fish load these files automatically. For zsh, add to ~/.zshrc:

  fpath+=~/.zfunc; autoload -Uz compinit; compinit
"""


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parser of the command."""
    completion = add(COMPLETION, "print a completion script for bash, zsh or fish")
    completion.usage = f"stormdeck completion {'|'.join(SHELLS)}"
    completion.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    completion.epilog = _NOTE
    return [completion]


def run(shell: str, parsers: Sequence[Parser]) -> int:
    """Print the completion script for a shell and return the exit code."""
    write_out(script(shell, parsers))
    return SUCCESS


def script(shell: str, parsers: Sequence[Parser]) -> str:
    """Return the completion script. The first parser is that of the whole command line."""
    import shtab

    kinds: dict[str, object] = {"file": shtab.FILE, "folder": shtab.DIRECTORY, "profile": shtab.cmd(_PROFILES)}
    root, *others = parsers
    for parser in (root, *others):
        for action in parser._actions:
            _describe(action, kinds)
    return str(shtab.complete(root, shell=shell))


def _describe(action: argparse.Action, kinds: dict[str, object]) -> None:
    """Set the words that can be completed for an argument."""
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if metavar in {"FILE", "LOG", "OUT"}:
        vars(action)["complete"] = kinds["file"]
    elif metavar == "DIR":
        vars(action)["complete"] = kinds["folder"]
    elif metavar == "PROFILE":
        vars(action)["complete"] = kinds["profile"]
    elif action.choices is None:
        action.choices = _words(metavar)


def _words(metavar: str) -> list[str] | None:
    if metavar in {"CODE", "CODES"}:
        from stormdeck.commands.rule_codes import SELECTORS

        return list(SELECTORS)
    if metavar == "THEME":
        from stormdeck.model.theme_names import THEME_NAMES

        return list(THEME_NAMES)
    if metavar == "KEY":
        from stormdeck.model.settings.fields import FIELDS

        return [field.path for field in FIELDS]
    if metavar == "SCOPE":
        from stormdeck.commands.edit.files import WRITABLE

        return list(WRITABLE)
    return metavar.split("|") if "|" in metavar else None
