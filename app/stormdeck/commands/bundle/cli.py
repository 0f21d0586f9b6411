"""Declare and start the commands ``bundle`` and ``replay``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.options import Options

BUNDLE = "bundle"
REPLAY = "replay"
COMMANDS = frozenset({BUNDLE})
"""Commands that need no terminal."""
SLOWEST, FASTEST = 0.1, 10_000.0


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parsers of the two commands."""
    bundle = add(BUNDLE, "write a folder for a bug report, without secrets")
    bundle.add_argument("--out", metavar="DIR", help="the folder to create; it must not exist yet")
    bundle.add_argument("--recording", metavar="FILE", help="include the requests of a recording, for replay")
    bundle.add_argument("--yes", action="store_true", help="write without asking")
    bundle.add_argument("--json", action="store_true", help="print the list of files as JSON")
    bundle.epilog = (
        "The files are listed before they are written. Exit code: 0 written, 1 declined, 2 could not be written."
    )
    replay = add(REPLAY, "play a recording, or that of a bundle, in the panel")
    replay.usage = "stormdeck replay FILE [OPTION]..."
    replay.add_argument("file", metavar="FILE", help="a recording made by watch --record, or a bundle's folder")
    replay.add_argument(
        "--speed", metavar="N", type=_speed, default=1.0, help="playing speed, from 0.1 to 10000 times (default 1)"
    )
    return [bundle, replay]


def run(_: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run ``bundle`` and return its exit code."""
    from stormdeck.commands.bundle import run as bundle

    return bundle.run(
        options,
        environ,
        bundle.Request(arguments.out, arguments.recording, agreed=arguments.yes, as_json=arguments.json),
    )


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not SLOWEST <= speed <= FASTEST:
        raise argparse.ArgumentTypeError(f"expected a number from {SLOWEST:g} to {FASTEST:g}, such as 10")
    return speed
