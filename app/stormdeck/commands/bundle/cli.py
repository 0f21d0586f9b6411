"""The command line of ``bundle`` and ``replay``: what they take, and how they are started."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.options import Options

BUNDLE = "bundle"
REPLAY = "replay"
COMMANDS = frozenset({BUNDLE})
"""Those that need no terminal."""
SLOWEST, FASTEST = 0.1, 10_000.0


def add_parsers(add: AddCommand) -> list[Parser]:
    """Declare the two commands; ``add`` makes the parser of a command from its name and its help."""
    bundle = add(BUNDLE, "write a folder for a bug report, without secrets, listed before it is written")
    bundle.add_argument("--out", metavar="DIR", help="the folder to make; it must not exist yet")
    bundle.add_argument(
        "--recording", metavar="FILE", help="put in the requests of a recording too, to be played by replay"
    )
    bundle.add_argument("--yes", action="store_true", help="write without asking")
    bundle.add_argument("--json", action="store_true", help="print the list as JSON")
    bundle.epilog = "Exit code: 0 written, 1 not agreed to, 2 could not be written."
    replay = add(REPLAY, "play a recording, or a bundle's, in the panel")
    replay.usage = "stormdeck replay FILE [OPTION]..."
    replay.add_argument("file", metavar="FILE", help="a recording of watch --record, or the folder of a bundle")
    replay.add_argument(
        "--speed", metavar="N", type=_speed, default=1.0, help="how many times as fast, 0.1 to 10000 (default 1)"
    )
    return [bundle, replay]


def run(arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
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
