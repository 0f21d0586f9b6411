"""Declare and start the command ``usage``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.options import Options

USAGE = "usage"
COMMANDS = frozenset({USAGE})


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parser of the command."""
    usage = add(USAGE, "count turns, tokens, time waited and GPU energy, by day")
    usage.add_argument("--since", metavar="WHEN", help="only from then on; today and the six days before if not given")
    usage.add_argument(
        "--transcripts", metavar="DIR", help="Claude Code's transcripts, if they are not in its own folder"
    )
    usage.add_argument("--json", action="store_true", help="print JSON")
    usage.epilog = (
        "WHEN is an age (45s, 30m, 2h, 7d), a time of day (14:02), a date (2026-11-30) or both (2026-11-30T14:02). "
        "Tokens are those that the server reported for answered turns, read from the client's transcripts. Energy is "
        "that of the minutes in which a panel watched the GPUs, a day back. "
        "Exit code: 0, or 2 if something could not be read."
    )
    return [usage]


def run(_: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run the command and return its exit code."""
    from stormdeck.commands.usage import run as usage

    return usage.run(options, environ, since=arguments.since, transcripts=arguments.transcripts, as_json=arguments.json)
