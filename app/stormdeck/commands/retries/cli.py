"""Declare and start the commands ``analyze`` and ``watch``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.model.logs.spec import FORMS
from stormdeck.options import Options

ANALYZE = "analyze"
WATCH = "watch"
COMMANDS = frozenset({ANALYZE, WATCH})
_LONGEST_TIMEOUT_MS = 2**31
_MOST_JOBS = 256


def add_parsers(add: AddCommand) -> list[Parser]:
    """Add the parsers of the two commands."""
    analyze = add(ANALYZE, "count retries and find storms in logs or recordings")
    analyze.usage = "stormdeck analyze FILE... [OPTION]..."
    analyze.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        help="a server's log, by its file or its place such as docker:NAME, or a recording; - for standard input",
    )
    analyze.add_argument(
        "--api-timeout-ms", metavar="N", type=_milliseconds, help="Claude Code's API_TIMEOUT_MS, if known"
    )
    analyze.add_argument(
        "--jobs", metavar="N", type=_jobs, help="processes that read several logs side by side (default: one a core)"
    )
    watch = add(WATCH, "report retries and storms as they happen, one event per line")
    watch.usage = "stormdeck watch [FILE]... [OPTION]..."
    watch.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        help=f"a server's log: {FORMS}; without it, logs are found automatically",
    )
    watch.add_argument(
        "--record", metavar="OUT", help="also write the lines and their times to a new file, for analyze and replay"
    )
    watch.epilog = (
        "Events: log, storm_started, storm_attempt, storm_recovered, storm_gave_up, storm_withdrawn and, once a "
        "minute, counts. With --json each event is a JSON object on one line, with version, event and t."
    )
    for parser in (analyze, watch):
        parser.add_argument(
            "--transcripts", metavar="DIR", help="also read Claude Code's transcripts, usually in ~/.claude/projects"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")
    return [analyze, watch]


def take_files(arguments: argparse.Namespace, left: Sequence[str]) -> list[str]:
    """Add files that follow an option, which argparse does not take. Return the arguments that remain unknown."""
    if getattr(arguments, "command", None) not in COMMANDS:
        return list(left)
    arguments.files += [text for text in left if not _is_flag(text)]
    return [text for text in left if _is_flag(text)]


def run(command: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run one of the two commands and return its exit code."""
    if command == ANALYZE:
        from stormdeck.commands.retries import analyze

        return analyze.run(
            arguments.files,
            transcripts=arguments.transcripts,
            api_timeout_ms=arguments.api_timeout_ms,
            as_json=arguments.json,
            jobs=arguments.jobs,
        )
    from stormdeck.commands.retries import watch

    return watch.run(
        options,
        environ,
        watch.Request(
            files=arguments.files,
            transcripts=arguments.transcripts,
            record=arguments.record,
            as_json=arguments.json,
        ),
    )


def _is_flag(text: str) -> bool:
    return text.startswith("-") and text != "-"


def _milliseconds(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:12]) <= _LONGEST_TIMEOUT_MS:
        raise argparse.ArgumentTypeError("expected a whole number of milliseconds above 0, such as 600000")
    return int(text)


def _jobs(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text[:12]) <= _MOST_JOBS:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 to {_MOST_JOBS}")
    return int(text)
