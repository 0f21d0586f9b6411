"""The command line of ``check``, ``set``, ``unset`` and ``explain``: what they take, and how they are started."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.options import Options

CHECK = "check"
SET = "set"
UNSET = "unset"
EXPLAIN = "explain"
COMMANDS = frozenset({CHECK, SET, UNSET, EXPLAIN})


def add_parsers(add: AddCommand) -> list[Parser]:
    """Declare the four commands; ``add`` makes the parser of a command from its name and its help."""
    check = add(CHECK, "check the settings, the proxy and the server; fix what is safe")
    check.add_argument("--offline", action="store_true", help="ask no server")
    check.add_argument("--fix", action="store_true", help="show the safe fixes as a diff, ask, and write them")
    check.add_argument("--yes", action="store_true", help="with --fix: write without asking")
    check.add_argument(
        "--canary", action="store_true", help="send a handful of tiny requests too, which cost the model some tokens"
    )
    for flag, words in (("--only", "tell only what these rules find, and fix only that"), ("--skip", "not these")):
        help_ = f"{words}: codes or families, with commas; repeatable"
        check.add_argument(flag, metavar="CODES", type=_codes, action="extend", default=[], help=help_)
    check.epilog = (
        "Exit code: 0 no error is found, 1 an error is, 2 it could not run. What --only and --skip leave out does not "
        "count; --skip wins over --only. `stormdeck explain` lists all codes."
    )
    change = add(SET, "set one of the client's settings: model, env.NAME or NAME")
    change.usage = "stormdeck set KEY VALUE [OPTION]..."
    change.add_argument("key", metavar="KEY", help="a path such as model; NAME alone means env.NAME")
    change.add_argument("value", metavar="VALUE", help="taken as text; after -- where it begins with a dash")
    change.add_argument("--json-value", action="store_true", help="take VALUE as JSON: true, 5, null, a list")
    remove = add(UNSET, "remove one of the client's settings")
    remove.usage = "stormdeck unset KEY [OPTION]..."
    remove.add_argument("key", metavar="KEY", help="a path such as model; NAME alone means env.NAME")
    for parser in (change, remove):
        parser.add_argument("--scope", default="user", metavar="SCOPE", help="user (default), project or local")
        parser.add_argument("--dry-run", action="store_true", help="show the diff and what it brings, write nothing")
        parser.add_argument("--yes", action="store_true", help="write without asking, also what brings an error")
        parser.epilog = (
            "On a terminal the diff and the findings are shown and you are asked. Without one it is written, unless it "
            "brings an error. Exit code: 0 done, or shown with --dry-run; 1 refused; 2 wrong use."
        )
    page = add(EXPLAIN, "explain a rule, or what is behind a message that the client shows")
    page.usage = 'stormdeck explain [CODE|"MESSAGE"] [OPTION]...'
    help_ = (
        "a rule (URL101), a family (FILE), or a message of the client or a piece of it, in quotes; nothing: all rules"
    )
    page.add_argument("words", metavar="CODE", nargs="*", help=help_)
    page.epilog = "Exit code: 0 explained or listed, 2 not known."
    parsers = [check, change, remove, page]
    for parser in parsers:
        parser.add_argument("--json", action="store_true", help="print JSON")
    return parsers


def run(command: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run one of the four and return its exit code."""
    if command == CHECK:
        from stormdeck.commands.check import run as check
        from stormdeck.model.rules.registry import Selection

        return check.run(
            options,
            environ,
            offline=arguments.offline,
            as_json=arguments.json,
            wants_fix=arguments.fix,
            agreed=arguments.yes,
            with_canary=arguments.canary,
            rules=Selection(tuple(arguments.only), tuple(arguments.skip)),
        )
    if command == EXPLAIN:
        from stormdeck.commands import explain

        return explain.explain(" ".join(arguments.words), options, environ, as_json=arguments.json)
    from stormdeck.commands import edit

    return edit.run(
        options,
        environ,
        edit.Request(
            key=arguments.key,
            value=arguments.value if command == SET else None,
            scope=arguments.scope,
            json_value=command == SET and arguments.json_value,
            dry_run=arguments.dry_run,
            agreed=arguments.yes,
            as_json=arguments.json,
        ),
    )


def _codes(text: str) -> tuple[str, ...]:
    from stormdeck.commands.rule_codes import read_codes

    try:
        return read_codes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
