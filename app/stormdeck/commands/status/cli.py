"""Declare and start the command ``status``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.commands.status.formats import FORMATS, JSON
from stormdeck.options import Options

STATUS = "status"
COMMANDS = frozenset({STATUS})
_NOTE = """\
While a panel is open, --json and --format show what it knows, in a few milliseconds and without asking any server. \
--fresh asks the servers, and so does any option that names another stack than the panel's.

In ~/.tmux.conf:

  set -g status-interval 5
  set -g status-right-length 100
  set -g status-right '#(stormdeck status --format tmux)'

In ~/.claude/settings.json. Without refreshInterval the line does not change during a storm:

  "statusLine": {
    "type": "command",
    "command": "stormdeck status --format statusline",
    "refreshInterval": 5
  }

Exit code: 0 all well, 1 something needs attention, 2 broken. With --format statusline it is always 0, since Claude \
Code shows nothing when the command fails.
"""


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parser of the command."""
    status = add(STATUS, "report once which hop is broken and what to do")
    status.add_argument("--json", action="store_true", help="print JSON")
    status.add_argument(
        "--format",
        metavar="FORMAT",
        choices=FORMATS,
        help="tmux: for tmux's status line; statusline: for Claude Code's statusLine; json: the same as --json",
    )
    status.add_argument("--fresh", action="store_true", help="ask the servers even while a panel is open")
    status.epilog = _NOTE
    return [status]


def run(command: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run the command and return its exit code."""
    from stormdeck.commands.status import run as status

    shape = JSON if arguments.json else arguments.format
    return status.run(options, environ, shape=shape, fresh=arguments.fresh)
