"""Refuse command lines that write the user's files when ``readonly`` is set."""

from __future__ import annotations

import argparse

from stormdeck.commands.bundle import cli as bundle_cli
from stormdeck.commands.check import cli as settings_cli
from stormdeck.commands.retries import cli as retries_cli
from stormdeck.commands.use import cli as use_cli
from stormdeck.options import Options
from stormdeck.options.declared import refusal
from stormdeck.options.kinds import printable

CONFIG_INIT = "config init"
WRITERS = frozenset(
    {
        settings_cli.CHECK,
        settings_cli.SET,
        settings_cli.UNSET,
        use_cli.USE,
        retries_cli.WATCH,
        bundle_cli.BUNDLE,
        CONFIG_INIT,
    }
)
"""Commands that write, some only with certain flags."""


def refused(command: str, arguments: argparse.Namespace, options: Options) -> str:
    """Return why a command line is refused; empty if it may run."""
    why = refusal(options)
    if not why or not _writes(command, arguments):
        return ""
    return printable(f"{why} --no-readonly lets this command write.")


def _writes(command: str, arguments: argparse.Namespace) -> bool:
    if command == settings_cli.CHECK:
        return bool(arguments.fix)
    if command in {settings_cli.SET, settings_cli.UNSET}:
        return not arguments.dry_run
    if command == use_cli.USE:
        return not (arguments.dry_run or arguments.list or arguments.names)
    if command == retries_cli.WATCH:
        return arguments.record is not None
    return command in WRITERS
