"""The command line: which command is meant, with which flags, and what is wrong with them."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from stormdeck import __version__
from stormdeck.commands import retries_cli, settings_cli, status_cli
from stormdeck.commands.talk import say
from stormdeck.options import DECLARED, Group, Loaded, Problem, load
from stormdeck.options.given import unknown
from stormdeck.options.kinds import quoted, shown

BAD_OPTIONS = 2
"""The exit code for options that are wrong, and for what could not be run."""
PANEL = "panel"
DEMO = "demo"
CONFIG_PATH = "config path"
CONFIG_PRINT = "config print"
CONFIG_INIT = "config init"

_EXAMPLES = """\
examples:
  stormdeck                                     look at what this machine has
  stormdeck demo                                look around, with no server and no GPU
  stormdeck --vllm http://10.0.0.5:8000         name the server
  stormdeck --log vllm.log --log litellm.log    follow these logs
  stormdeck check --fix                         find what is wrong, show the fixes, make them
  stormdeck check --canary                      prove it with a handful of tiny requests
  stormdeck set model sonnet                    change one of the client's settings
  stormdeck explain URL101                      what a finding means
  stormdeck explain "API Error: 400 ..."        what is behind a message that the client shows
  stormdeck status --format tmux                one look, for tmux's status line
  stormdeck analyze vllm.log                    count retries and find storms afterwards
  stormdeck watch --record today.jsonl          tell them as they happen, and keep the lines
  stormdeck config init                         write an options file to edit

Each option is also an environment variable (--litellm-config is STORMDECK_LITELLM_CONFIG)
and a line of the options file (litellm_config). A flag wins over a variable, a variable over
the file. `stormdeck config print` shows what holds and where it comes from.
"""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the command line asks for."""

    command: str
    """``panel``, ``demo``, or the words of a headless command such as ``config print``."""
    flags: Mapping[str, Sequence[str]]
    """The texts given to each option, by option name."""
    arguments: argparse.Namespace
    """What the command takes beside the options."""
    problems: tuple[Problem, ...] = ()


class _UsageError(Exception):
    """A command line that argparse cannot follow."""


class _Parser(argparse.ArgumentParser):
    """A parser that raises where argparse would leave the process."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(message)

    def flags(self) -> Iterable[str]:
        """Return every flag that this parser takes itself."""
        return self._option_string_actions


class _Collect(argparse.Action):
    """Adds a text to an option's, so that flags before and after the command's name count alike."""

    def __init__(
        self,
        option_strings: Sequence[str],
        dest: str,
        into: dict[str, list[str]],
        *,
        nargs: int | None = None,
        metavar: str | None = None,
        help: str | None = None,  # noqa: A002 - argparse passes it by this name
    ) -> None:
        super().__init__(option_strings, dest, nargs=nargs, default=argparse.SUPPRESS, metavar=metavar, help=help)
        self._into = into

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Take the value, or on and off from the two spellings of a switch."""
        if self.nargs == 0:
            values = "off" if option_string and option_string.startswith("--no-") else "on"
        self._into.setdefault(self.dest, []).append(str(values))


def parse(argv: Sequence[str]) -> Invocation:
    """Return what a command line asks for, problems included; ``--help`` and ``--version`` leave by SystemExit."""
    flags: dict[str, list[str]] = {}
    parsers = _build(flags)
    known = sorted({flag for parser in parsers for flag in parser.flags()})
    strangers = [name for name in _flag_names(argv) if name not in known]
    problems = [unknown("flag", name, known) for name in strangers]
    arguments = argparse.Namespace(command=PANEL)
    try:
        arguments, left = parsers[0].parse_known_args(_without(argv, strangers))
        problems += [f"unexpected {quoted(text)}" for text in retries_cli.take_files(arguments, left)]
    except _UsageError as error:
        problems.append(str(error))
    found = tuple(Problem("command line", problem) for problem in problems)
    return Invocation(arguments.command, flags, arguments, found)


def options_for(invocation: Invocation, environ: Mapping[str, str]) -> Loaded:
    """Return the options that an invocation is to run with, and everything that is wrong with either."""
    with_file = invocation.command not in {CONFIG_PATH, CONFIG_INIT}
    loaded = load(invocation.flags, environ, with_file=with_file)
    return replace(loaded, problems=(*invocation.problems, *loaded.problems))


def complain(problems: Sequence[Problem]) -> int:
    """Tell every problem on stderr and return the exit code."""
    for problem in problems:
        say(f"stormdeck: {problem}")
    say("`stormdeck --help` shows the options.")
    return BAD_OPTIONS


def run_headless(invocation: Invocation, loaded: Loaded) -> int:
    """Run a command that needs no terminal and return its exit code."""
    if invocation.command in settings_cli.COMMANDS:
        return settings_cli.run(invocation.command, invocation.arguments, loaded.options, os.environ)
    if invocation.command in status_cli.COMMANDS:
        return status_cli.run(invocation.command, invocation.arguments, loaded.options, os.environ)
    if invocation.command in retries_cli.COMMANDS:
        return retries_cli.run(invocation.command, invocation.arguments, loaded.options, os.environ)
    from stormdeck.commands import config

    if invocation.command == CONFIG_PRINT:
        return config.print_options(loaded, as_json=invocation.arguments.json)
    if invocation.command == CONFIG_INIT:
        return config.write_init(loaded.file)
    return config.print_path(loaded.file)


def _build(flags: dict[str, list[str]]) -> list[_Parser]:
    """Return the parser of the whole line and, after it, those of its commands; options go to ``flags``."""
    root = _Parser(
        prog="stormdeck",
        usage="stormdeck [COMMAND] [OPTION]...",
        description="A terminal panel for Claude Code on your own vLLM, directly or through a proxy:\n"
        "which hop is broken, what is retried silently, which line to change.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"stormdeck {__version__}")
    root.set_defaults(command=PANEL)
    commands = root.add_subparsers(title="commands", metavar="COMMAND", prog="stormdeck")
    demo = _add_command(commands, DEMO, "the panel on a built-in stack: no server, no GPU")
    config = commands.add_parser(
        "config", help="the panel's own options: path, print, init", usage="stormdeck config ACTION [OPTION]..."
    )
    actions = config.add_subparsers(title="actions", metavar="ACTION", prog="stormdeck config", required=True)
    path = _add_command(actions, CONFIG_PATH, "print where the options file is")
    show = _add_command(actions, CONFIG_PRINT, "print every option, its value and where it comes from")
    show.add_argument("--json", action="store_true", help="print JSON")
    init = _add_command(actions, CONFIG_INIT, "write an options file with every default and what it means")

    def add(command: str, help_: str) -> _Parser:
        return _add_command(commands, command, help_)

    own = [*status_cli.add_parsers(add), *settings_cli.add_parsers(add), *retries_cli.add_parsers(add)]
    parsers = [root, demo, *own, config, path, show, init]
    for parser in parsers:
        parser.allow_abbrev = False
        _add_options(parser, flags)
    return parsers


def _add_command(commands: argparse._SubParsersAction[_Parser], command: str, help_: str) -> _Parser:
    """Add a command by all its words, the last of which is new."""
    parser = commands.add_parser(
        command.rsplit(maxsplit=1)[-1], help=help_, description=help_, usage=f"stormdeck {command} [OPTION]..."
    )
    parser.set_defaults(command=command)
    return parser


def _add_options(parser: _Parser, flags: dict[str, list[str]]) -> None:
    """Add the panel's options to a parser, by group; what is given is collected in ``flags``."""
    for group in Group:
        section = parser.add_argument_group(group)
        for declared in DECLARED:
            if declared.group is not group:
                continue
            default = "" if declared.default in {None, ()} else f" (default {shown(declared.default)})"
            names = [declared.flag]
            form: dict[str, Any] = {"metavar": declared.kind.metavar}
            if declared.kind.switch:
                names.append(declared.flag.replace("--", "--no-", 1))
                form = {"nargs": 0}
            section.add_argument(
                *names, action=_Collect, dest=declared.name, into=flags, help=declared.help + default, **form
            )


def _flag_names(argv: Sequence[str]) -> list[str]:
    """Return the names of the flags on a command line, known or not."""
    before_end = argv[: argv.index("--")] if "--" in argv else argv
    return [text.split("=", 1)[0] for text in before_end if re.match(r"-[^\d]", text)]


def _without(argv: Sequence[str], strangers: Sequence[str]) -> list[str]:
    """Return a command line without some flags and the word after each, which would pass for a command."""
    kept = []
    dropping = False
    for text in argv:
        if text.split("=", 1)[0] in strangers:
            dropping = "=" not in text
        elif dropping and not text.startswith("-"):
            dropping = False
        else:
            kept.append(text)
            dropping = False
    return kept
