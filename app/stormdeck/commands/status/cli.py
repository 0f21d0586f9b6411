"""The command line of ``status``: what it takes, and how it is started."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.commands.status.formats import FORMATS, JSON
from stormdeck.options import Options

STATUS = "status"
COMMANDS = frozenset({STATUS})
_NOTE = """\
Where a panel runs, --json and --format answer from it, in a few milliseconds and without asking any server. --fresh \
looks itself, and so does any option that names another stack than the panel's.

In ~/.tmux.conf:

  set -g status-interval 5
  set -g status-right-length 100
  set -g status-right '#(stormdeck status --format tmux)'

In ~/.claude/settings.json; without refreshInterval the line stands still during a storm:

  "statusLine": {
    "type": "command",
    "command": "stormdeck status --format statusline",
    "refreshInterval": 5
  }

Exit code: 0 all well, 1 something needs a look, 2 broken. With --format statusline it is always 0, since Claude Code \
shows nothing of a command that ends otherwise.
"""


def add_parsers(add: AddCommand) -> list[Parser]:
    """Declare the command; ``add`` makes the parser of a command from its name and its help."""
    status = add(STATUS, "one look: which hop is broken, and what to do")
    status.add_argument("--json", action="store_true", help="print JSON")
    status.add_argument(
        "--format",
        metavar="FORMAT",
        choices=FORMATS,
        help="tmux: a piece of tmux's status line; statusline: one line for Claude Code's statusLine; json: as --json",
    )
    status.add_argument(
        "--fresh", action="store_true", help="ask the servers even where a running panel knows the answer"
    )
    status.epilog = _NOTE
    return [status]


def run(command: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run the command and return its exit code."""
    from stormdeck.commands.status import run as status

    shape = JSON if arguments.json else arguments.format
    return status.run(options, environ, shape=shape, fresh=arguments.fresh)
