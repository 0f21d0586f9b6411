"""Declare and start the command ``timeline``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.options import Options

TIMELINE = "timeline"
COMMANDS = frozenset({TIMELINE})


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parser of the command."""
    timeline = add(TIMELINE, "print what happened while the panel ran, the newest last")
    timeline.add_argument("--since", metavar="WHEN", help="only events since then; all that are kept if not given")
    timeline.add_argument("--until", metavar="WHEN", help="only events up to then; up to now if not given")
    timeline.add_argument("--json", action="store_true", help="print JSON")
    timeline.epilog = (
        "WHEN is an age (45s, 30m, 2h, 7d), a time of day (14:02), a date (2026-11-30) or both (2026-11-30T14:02). "
        "The panel keeps the newest thousand events for thirty days, and five hundred storms. "
        "Exit code: 0, or 2 if they could not be read."
    )
    return [timeline]


def run(_: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run the command and return its exit code."""
    from stormdeck.commands.timeline import run as timeline

    return timeline.run(options, environ, since=arguments.since, until=arguments.until, as_json=arguments.json)
