"""Declare and start the command ``export``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.model.exporter.address import DEFAULT_PORT, EXPECTED, ListenAddress, read_address
from stormdeck.options import Options

EXPORT = "export"
COMMANDS = frozenset({EXPORT})
RULES = "rules"
DASHBOARD = "dashboard"
_NOTE = """\
It reads what the panel reads, and writes no file. No prompt, path, user, session, address or token is in a label.

Exit code: 0, also on Ctrl-C; 2 if the address cannot be listened on.
"""


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parser of the command."""
    export = add(EXPORT, "serve metrics for Prometheus, or print rules or a dashboard")
    export.usage = "stormdeck export [rules | dashboard] [OPTION]..."
    export.add_argument(
        "what", metavar="WHAT", nargs="?", choices=(RULES, DASHBOARD),
        help="rules: print alerting rules; dashboard: print a Grafana dashboard",
    )  # fmt: skip
    export.add_argument(
        "--listen", metavar="HOST:PORT", type=_place, default=ListenAddress("127.0.0.1", DEFAULT_PORT),
        help=f"where to listen (default 127.0.0.1:{DEFAULT_PORT})",
    )  # fmt: skip
    export.epilog = _NOTE
    return [export]


def run(_: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run the command and return its exit code."""
    if arguments.what is not None:
        from stormdeck.commands.export import documents

        return documents.print_rules() if arguments.what == RULES else documents.print_dashboard()
    from stormdeck.commands.export import serve

    return serve.run(options, environ, arguments.listen)


def _place(text: str) -> ListenAddress:
    at = read_address(text)
    if at is None:
        raise argparse.ArgumentTypeError(f"expected {EXPECTED}")
    return at
