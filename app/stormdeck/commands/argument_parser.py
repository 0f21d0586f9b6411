"""The argument parser of all commands."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import NoReturn

from stormdeck.commands.output import write_out
from stormdeck.options.file import unknown

PANEL = "panel"
"""The command when none is given."""
_MORE = "`stormdeck --help` lists the options that all commands accept."


class UsageError(Exception):
    """The command line cannot be parsed."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises ``UsageError`` instead of exiting, and shows examples below its help."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong."""
        raise UsageError(message)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is None or value in action.choices:
            return
        what = str(action.metavar or action.dest).lower()
        words = unknown(what, str(value), action.choices)
        raise UsageError(words if "did you mean" in words else f"{words}; there are {', '.join(action.choices)}")

    def _print_message(self, message: str, file: object = None) -> None:
        # argparse ignores errors of the stream; ``write_out`` reports them.
        write_out(message.removesuffix("\n"))

    def flags(self) -> Iterable[str]:
        """Return every flag that this parser accepts."""
        return self._option_string_actions

    def format_help(self) -> str:
        """Return the help. The examples are imported only here, since most runs show none."""
        from stormdeck.commands.examples import tail

        before, command = self.epilog, self.get_default("command")
        self.epilog = tail(command, before or "", "" if command == PANEL else _MORE)
        try:
            return super().format_help()
        finally:
            self.epilog = before


AddCommand = Callable[[str, str], Parser]
"""Adds the parser of a command, from the command's name and its one-line help."""
