"""Declare and start the commands ``run`` and ``tap``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.options import Options

RUN = "run"
TAP = "tap"
COMMANDS = frozenset({RUN, TAP})
DEFAULT_PORT = 8484
_RUN_NOTE = """\
The recorder listens on a loopback port of its own and passes every byte on, both ways. No settings file is written: \
the client gets the address with --settings. It keeps times, sizes, tokens, statuses and outcomes, and no prompt or \
answer. An open panel shows them. All is gone when the client ends.

Exit code: that of the client; 2 if nothing can be recorded.
"""
_TAP_NOTE = """\
For an IDE, another user or another machine: set their ANTHROPIC_BASE_URL to the address that is printed. On a \
terminal, s sets it in your user settings and u takes it back; it is taken back when the command ends, also if it is \
killed.

Exit code: 0 on Ctrl-C, 2 if nothing can be recorded.
"""


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parsers of the two commands."""
    run_ = add(RUN, "start Claude Code with a recorder between it and its server")
    run_.usage = "stormdeck run [OPTION]... -- claude [ARGUMENT]..."
    run_.add_argument("words", metavar="WORD", nargs="*", help="the client's command line (default claude)")
    run_.epilog = _RUN_NOTE
    tap = add(TAP, "stand between clients and a server, and show what passes")
    tap.add_argument(
        "--listen", metavar="HOST:PORT", type=_place, default=("127.0.0.1", DEFAULT_PORT),
        help=f"where to listen (default 127.0.0.1:{DEFAULT_PORT})",
    )  # fmt: skip
    tap.add_argument("--json", action="store_true", help="print each request that ended as a line of JSON")
    tap.epilog = _TAP_NOTE
    for parser in (run_, tap):
        parser.add_argument("--to", metavar="URL", help="the server (default: the base URL in the settings)")
        parser.add_argument("--record", metavar="OUT", help="also write each request that ended to a new file, as JSON")
    return [run_, tap]


def split_words(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the command line of ``run`` before ``--``, and the client's after it; all of another command's.

    >>> split_words(["run", "--", "claude", "-p", "hi"])
    (['run'], ['claude', '-p', 'hi'])
    """
    if RUN not in argv or "--" not in argv:
        return list(argv), []
    end = list(argv).index("--")
    if RUN not in argv[:end]:
        return list(argv), []
    return list(argv[:end]), list(argv[end + 1 :])


def run(command: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run one of the two commands and return its exit code."""
    if command == RUN:
        from stormdeck.commands.wire import run as session

        return session.run(options, environ, arguments.words, arguments.to, arguments.record)
    from stormdeck.commands.wire import tap

    return tap.run(options, environ, arguments.listen, arguments.to, arguments.record, as_json=arguments.json)


def _place(text: str) -> tuple[str, int]:
    """Return host and port of ``PORT``, ``HOST:PORT`` or ``[HOST]:PORT``."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 <= int(port[:6]) <= 65535:
        raise argparse.ArgumentTypeError("expected HOST:PORT, such as 127.0.0.1:8484")
    return host.strip("[]") or "127.0.0.1", int(port)
