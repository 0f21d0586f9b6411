"""Parse the command line, report its errors, and run commands that need no terminal."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from stormdeck.commands import completion, writers
from stormdeck.commands.argument_parser import PANEL, UsageError
from stormdeck.commands.bundle import cli as bundle_cli
from stormdeck.commands.check import cli as settings_cli
from stormdeck.commands.exit_codes import FAILURE
from stormdeck.commands.export import cli as export_cli
from stormdeck.commands.output import write_err
from stormdeck.commands.parsers import CONFIG_INIT, CONFIG_PATH, CONFIG_PRINT, CONFIG_VALIDATE, build
from stormdeck.commands.retries import cli as retries_cli
from stormdeck.commands.status import cli as status_cli
from stormdeck.commands.timeline import cli as timeline_cli
from stormdeck.commands.usage import cli as usage_cli
from stormdeck.commands.use import cli as use_cli
from stormdeck.commands.wire import cli as wire_cli
from stormdeck.options import Loaded, Options, Problem, load
from stormdeck.options.file import unknown
from stormdeck.options.kinds import quoted

_FAMILIES: tuple[tuple[frozenset[str], Callable[[str, argparse.Namespace, Options, Mapping[str, str]], int]], ...] = (
    (settings_cli.COMMANDS, settings_cli.run),
    (status_cli.COMMANDS, status_cli.run),
    (use_cli.COMMANDS, use_cli.run),
    (retries_cli.COMMANDS, retries_cli.run),
    (timeline_cli.COMMANDS, timeline_cli.run),
    (usage_cli.COMMANDS, usage_cli.run),
    (bundle_cli.COMMANDS, bundle_cli.run),
    (wire_cli.COMMANDS, wire_cli.run),
    (export_cli.COMMANDS, export_cli.run),
)
"""The commands of a family, and what runs them."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A parsed command line."""

    command: str
    """``panel``, ``demo``, or the words of another command such as ``config print``."""
    flags: Mapping[str, Sequence[str]]
    """The values given for each option, by its name."""
    arguments: argparse.Namespace
    """The arguments of the command itself."""
    problems: tuple[Problem, ...] = ()


def parse(argv: Sequence[str]) -> Invocation:
    """Parse a command line and collect its problems. ``--help`` and ``--version`` raise SystemExit."""
    argv, words = wire_cli.split_words(argv)
    flags: dict[str, list[str]] = {}
    parsers = build(flags, argv)
    known = sorted({flag for parser in parsers for flag in parser.flags()})
    unknown_flags = [name for name in _flag_names(argv) if name not in known]
    problems = [unknown("flag", name, known) for name in unknown_flags]
    arguments = argparse.Namespace(command=PANEL)
    try:
        arguments, left = parsers[0].parse_known_args(_without(argv, unknown_flags))
        problems += [f"unexpected {quoted(text)}" for text in retries_cli.take_files(arguments, left)]
    except UsageError as error:
        problems.append(str(error))
    if words:
        arguments.words = words
    found = tuple(Problem("command line", problem) for problem in problems)
    return Invocation(arguments.command, flags, arguments, found)


def options_for(invocation: Invocation, environ: Mapping[str, str]) -> Loaded:
    """Return the options of an invocation, and all problems of the options and the command line."""
    with_file = invocation.command not in {CONFIG_PATH, CONFIG_INIT}
    loaded = load(invocation.flags, environ, with_file=with_file)
    return replace(loaded, problems=(*invocation.problems, *loaded.problems))


def report_problems(problems: Sequence[Problem]) -> int:
    """Print every problem to stderr and return the exit code."""
    for problem in problems:
        write_err(f"stormdeck: {problem}")
    write_err("`stormdeck --help` shows the options.")
    return FAILURE


def run_headless(invocation: Invocation, loaded: Loaded) -> int:
    """Run a command that needs no terminal and return its exit code."""
    why_not = writers.refused(invocation.command, invocation.arguments, loaded.options)
    if why_not:
        write_err(f"stormdeck: {why_not}")
        return FAILURE
    for commands, run in _FAMILIES:
        if invocation.command in commands:
            return run(invocation.command, invocation.arguments, loaded.options, os.environ)
    if invocation.command == completion.COMPLETION:
        return completion.run(invocation.arguments.shell, build({}))
    return _config(invocation, loaded)


def _config(invocation: Invocation, loaded: Loaded) -> int:
    """Run an action of ``config``."""
    from stormdeck.commands import config

    if invocation.command == CONFIG_PRINT:
        return config.print_options(loaded, as_json=invocation.arguments.json)
    if invocation.command == CONFIG_VALIDATE:
        return config.confirm(loaded.file)
    if invocation.command == CONFIG_INIT:
        return config.write_init(loaded.file)
    return config.print_path(loaded.file)


def _flag_names(argv: Sequence[str]) -> list[str]:
    """Return the names of the flags on a command line, known or not."""
    before_end = argv[: argv.index("--")] if "--" in argv else argv
    return [text.split("=", 1)[0] for text in before_end if re.match(r"-[^\d]", text)]


def _without(argv: Sequence[str], unknown_flags: Sequence[str]) -> list[str]:
    """Return a command line without unknown flags and the word after each, which could be taken for a command."""
    kept = []
    dropping = False
    for text in argv:
        if text.split("=", 1)[0] in unknown_flags:
            dropping = "=" not in text
        elif dropping and not text.startswith("-"):
            dropping = False
        else:
            kept.append(text)
            dropping = False
    return kept
