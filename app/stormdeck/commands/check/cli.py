"""Declare and start the commands ``check``, ``set``, ``unset`` and ``explain``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.options import Options

CHECK = "check"
SET = "set"
UNSET = "unset"
EXPLAIN = "explain"
SHORT, LONG = CANARIES = ("short", "long")
"""The sizes of the canary."""
COMMANDS = frozenset({CHECK, SET, UNSET, EXPLAIN})


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parsers of the four commands."""
    check = add(CHECK, "check settings, proxy and server; fix what is safe")
    check.add_argument("--offline", action="store_true", help="do not ask any server")
    check.add_argument("--fix", action="store_true", help="show the safe fixes as a diff, ask, and write them")
    check.add_argument("--yes", action="store_true", help="with --fix: write without asking")
    check.add_argument(
        "--canary",
        nargs="?",
        choices=CANARIES,
        const=SHORT,
        metavar="long",
        help=(
            "also send small requests shaped like Claude Code's to the model, and say which features work; this costs "
            "tokens. --canary=long adds a prompt that nearly fills the context window"
        ),
    )
    for flag, words in (
        ("--only", "report and fix only what these rules find"),
        ("--skip", "leave out what these rules find"),
    ):
        help_ = f"{words}: codes or families, separated by commas; repeatable"
        check.add_argument(flag, metavar="CODES", type=_codes, action="extend", default=[], help=help_)
    check.epilog = (
        "Exit code: 0 no errors, 1 errors found, 2 could not run. What --only and --skip leave out does not count. "
        "--skip wins over --only. `stormdeck explain` lists all codes."
    )
    change = add(SET, "set one value in Claude Code's settings")
    change.usage = "stormdeck set KEY VALUE [OPTION]..."
    change.add_argument("key", metavar="KEY", help="a path such as model; NAME in capitals means env.NAME")
    change.add_argument("value", metavar="VALUE", help="text; put -- before a value that begins with a dash")
    change.add_argument("--json-value", action="store_true", help="read VALUE as JSON: true, 5, null, a list")
    remove = add(UNSET, "remove one value from Claude Code's settings")
    remove.usage = "stormdeck unset KEY [OPTION]..."
    remove.add_argument("key", metavar="KEY", help="a path such as model; NAME in capitals means env.NAME")
    for parser in (change, remove):
        parser.add_argument(
            "--scope", default="user", metavar="SCOPE", help="which settings file: user (default), project or local"
        )
        parser.add_argument("--dry-run", action="store_true", help="show the diff and new findings, write nothing")
        parser.add_argument("--yes", action="store_true", help="write without asking, even if it causes an error")
        parser.epilog = (
            "Shows the diff and the findings first. On a terminal it then asks. Without a terminal it writes, unless "
            "the change causes an error. Exit code: 0 done, or shown with --dry-run; 1 refused; 2 called wrongly."
        )
    page = add(EXPLAIN, "explain a rule, or find the cause of a message from Claude Code")
    page.usage = 'stormdeck explain [CODE|"MESSAGE"] [OPTION]...'
    help_ = "a rule (URL101), a family (FILE), or a message or part of it, in quotes; without it, all rules are listed"
    page.add_argument("words", metavar="CODE", nargs="*", help=help_)
    page.epilog = "Exit code: 0 explained or listed, 2 unknown."
    parsers = [check, change, remove, page]
    for parser in parsers:
        parser.add_argument("--json", action="store_true", help="print JSON")
    return parsers


def run(command: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run one of the four commands and return its exit code."""
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
            canary_size=arguments.canary,
            rules=Selection(tuple(arguments.only), tuple(arguments.skip)),
        )
    if command == EXPLAIN:
        from stormdeck.commands import explain

        return explain.explain(" ".join(arguments.words), options, environ, as_json=arguments.json)
    from stormdeck.commands.edit import one_value
    from stormdeck.commands.edit.steps import Manner

    return one_value.run(
        options,
        environ,
        one_value.Request(
            key=arguments.key,
            value=arguments.value if command == SET else None,
            scope=arguments.scope,
            json_value=command == SET and arguments.json_value,
            manner=Manner(dry_run=arguments.dry_run, agreed=arguments.yes, as_json=arguments.json),
        ),
    )


def _codes(text: str) -> tuple[str, ...]:
    from stormdeck.commands.rule_codes import read_codes

    try:
        return read_codes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
