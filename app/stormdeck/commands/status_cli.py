"""The command line of ``status``: what it takes, and how it is started."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import TypeVar

from stormdeck.options import Options

Parser = TypeVar("Parser", bound=argparse.ArgumentParser)

STATUS = "status"
COMMANDS = frozenset({STATUS})
_FORMATS = ("tmux", "statusline")


def add_parsers(add: Callable[[str, str], Parser]) -> list[Parser]:
    """Declare the command; ``add`` makes the parser of a command from its name and its help."""
    status = add(STATUS, "one look: which hop is broken, and what to do")
    status.add_argument("--json", action="store_true", help="print JSON")
    status.add_argument(
        "--format",
        metavar="FORMAT",
        choices=_FORMATS,
        help="tmux: a piece of tmux's status line; statusline: one line for Claude Code's statusLine",
    )
    status.epilog = (
        "Exit code: 0 all well, 1 something needs a look, 2 broken. In ~/.tmux.conf: set -g status-right "
        "'#(stormdeck status --format tmux)'"
    )
    return [status]


def run(command: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run the command and return its exit code."""
    from stormdeck.commands import status

    return status.run(options, environ, as_json=arguments.json, shape=arguments.format)
