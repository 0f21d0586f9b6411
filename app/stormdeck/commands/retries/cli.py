"""The command line of ``analyze`` and ``watch``: what they take, and how they are started."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from stormdeck.commands.argument_parser import AddCommand, Parser
from stormdeck.options import Options

ANALYZE = "analyze"
WATCH = "watch"
COMMANDS = frozenset({ANALYZE, WATCH})
_LONGEST_TIMEOUT_MS = 2**31


def add_parsers(add: AddCommand) -> list[Parser]:
    """Declare the two commands; ``add`` makes the parser of a command from its name and its help."""
    analyze = add(ANALYZE, "count retries and find storms in logs or recordings, after the fact")
    analyze.usage = "stormdeck analyze FILE... [OPTION]..."
    analyze.add_argument("files", metavar="FILE", nargs="+", help="a server's log or a recording; - is standard input")
    analyze.add_argument(
        "--api-timeout-ms", metavar="N", type=_milliseconds, help="the client's API_TIMEOUT_MS, where it is known"
    )
    watch = add(WATCH, "tell retries and storms as they happen, one event a line")
    watch.usage = "stormdeck watch [FILE]... [OPTION]..."
    watch.add_argument(
        "files", metavar="FILE", nargs="*", help="a server's log; - is standard input; found by itself if not given"
    )
    watch.add_argument(
        "--record", metavar="OUT", help="keep the lines with their times in a new file, for analyze and replay"
    )
    watch.epilog = (
        "Events: log, storm_started, storm_attempt, storm_recovered, storm_gave_up, storm_withdrawn and, once a "
        "minute, counts. With --json each is an object on a line of its own, with version, event and t."
    )
    for parser in (analyze, watch):
        parser.add_argument("--transcripts", metavar="DIR", help="the client's folder, such as ~/.claude/projects")
        parser.add_argument("--json", action="store_true", help="print JSON")
    return [analyze, watch]


def take_files(arguments: argparse.Namespace, left: Sequence[str]) -> list[str]:
    """Take the files that stand behind an option, which argparse leaves over; return what is left of the rest."""
    if getattr(arguments, "command", None) not in COMMANDS:
        return list(left)
    arguments.files += [text for text in left if not _is_flag(text)]
    return [text for text in left if _is_flag(text)]


def run(command: str, arguments: argparse.Namespace, options: Options, environ: Mapping[str, str]) -> int:
    """Run one of the two and return its exit code."""
    if command == ANALYZE:
        from stormdeck.commands.retries import analyze

        return analyze.run(
            arguments.files,
            transcripts=arguments.transcripts,
            api_timeout_ms=arguments.api_timeout_ms,
            as_json=arguments.json,
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
