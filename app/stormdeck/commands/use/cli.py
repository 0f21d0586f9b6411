"""Declare and start the command ``use``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.options import Options

USE = "use"
COMMANDS = frozenset({USE})


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parser of the command."""
    use = add(USE, "switch Claude Code to the servers of a profile")
    use.usage = "stormdeck use PROFILE|--list|--save PROFILE [OPTION]..."
    use.add_argument(
        "name", metavar="PROFILE", nargs="?", help="a saved profile, or hosted, which removes all of its keys"
    )
    use.add_argument("--list", action="store_true", help="list the profiles, and mark the one in force")
    use.add_argument("--save", metavar="PROFILE", help="save the values of a settings file as a profile")
    use.add_argument("--names", action="store_true", help=argparse.SUPPRESS)
    use.add_argument(
        "--scope", default="user", metavar="SCOPE", help="which settings file: user (default), project or local"
    )
    use.add_argument("--dry-run", action="store_true", help="show the diff and new findings, write nothing")
    use.add_argument("--yes", action="store_true", help="write without asking, even if it causes an error")
    use.add_argument("--json", action="store_true", help="print JSON")
    use.epilog = (
        "A profile has the base URL, credentials, models, extra requests, timeouts and the context window; all other "
        "settings stay as they are. Shows the diff and the findings first. On a terminal it then asks. Without a "
        "terminal it writes, unless the change causes an error. Exit code: 0 done, or shown with --dry-run; 1 refused; "
        "2 called wrongly."
    )
    return [use]


def run(_: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run the command and return its exit code."""
    from stormdeck.commands.edit.steps import Manner
    from stormdeck.commands.exit_codes import FAILURE
    from stormdeck.commands.output import write_err
    from stormdeck.commands.use import listing, saving, switching

    asked = [arguments.name is not None, arguments.list, arguments.save is not None, arguments.names]
    if sum(asked) != 1:
        write_err("stormdeck: name one profile, or use --list or --save PROFILE. `stormdeck use --help` explains them.")
        return FAILURE
    if arguments.names:
        return listing.print_names(options, environ)
    manner = Manner(dry_run=arguments.dry_run, agreed=arguments.yes, as_json=arguments.json)
    if arguments.list:
        return listing.print_profiles(options, environ, arguments.scope, manner)
    if arguments.save is not None:
        return saving.save(options, environ, arguments.save, arguments.scope, manner)
    return switching.switch(options, environ, arguments.name, arguments.scope, manner)
