"""Build the argument parsers of all commands."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from typing import Any

from stormdeck import __version__
from stormdeck.commands import completion, writers
from stormdeck.commands.argument_parser import PANEL, Parser
from stormdeck.commands.bundle import cli as bundle_cli
from stormdeck.commands.check import cli as settings_cli
from stormdeck.commands.export import cli as export_cli
from stormdeck.commands.retries import cli as retries_cli
from stormdeck.commands.status import cli as status_cli
from stormdeck.commands.timeline import cli as timeline_cli
from stormdeck.commands.usage import cli as usage_cli
from stormdeck.commands.use import cli as use_cli
from stormdeck.commands.wire import cli as wire_cli
from stormdeck.options import DECLARED, Declaration, Group
from stormdeck.options.kinds import shown

DEMO = "demo"
REPLAY = bundle_cli.REPLAY
CONFIG = "config"
CONFIG_PATH = "config path"
CONFIG_PRINT = "config print"
CONFIG_VALIDATE = "config validate"
CONFIG_INIT = writers.CONFIG_INIT

_DESCRIPTION = """\
A terminal panel for Claude Code on your own vLLM, directly or through a proxy.
It shows which hop is broken, what is retried silently, and what to change."""
_PANEL_NOTE = """\
Each option is also an environment variable (--litellm-config is STORMDECK_LITELLM_CONFIG) and a line of the options \
file (litellm_config). A flag wins over a variable, a variable over the file. `stormdeck config print` shows each \
value and where it comes from.

`stormdeck COMMAND --help` shows the options of a command, with examples.
"""
_EVERYWHERE = frozenset(Group)
_STACK = frozenset({Group.SERVERS, Group.FILES})
_GROUPS = {
    PANEL: _EVERYWHERE,
    CONFIG_PRINT: _EVERYWHERE,
    DEMO: frozenset({Group.PANEL}),
    REPLAY: frozenset({Group.PANEL}),
    settings_cli.SET: frozenset({Group.FILES}),
    settings_cli.UNSET: frozenset({Group.FILES}),
    use_cli.USE: frozenset({Group.FILES}),
    retries_cli.ANALYZE: frozenset(),
    timeline_cli.TIMELINE: frozenset(),
    usage_cli.USAGE: frozenset({Group.USAGE}),
    wire_cli.RUN: frozenset({Group.FILES}),
    wire_cli.TAP: frozenset({Group.FILES}),
    CONFIG: frozenset(),
    CONFIG_PATH: frozenset(),
    CONFIG_VALIDATE: frozenset(),
    CONFIG_INIT: frozenset(),
    completion.COMPLETION: frozenset(),
}
"""The groups of options in the help of a command, ``_STACK`` by default. Every command accepts all options."""
_SHOWN = {
    status_cli.STATUS: frozenset({"gpu", "ascii"}),
    timeline_cli.TIMELINE: frozenset({"home"}),
    usage_cli.USAGE: frozenset({"home"}),
    **dict.fromkeys(writers.WRITERS, frozenset({"readonly"})),
}
"""Single options that the help also shows."""


class _Collect(argparse.Action):
    """Collects the values of an option, so that flags before and after the command's name count alike."""

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
        """Store the value; for a switch ``on``, or ``off`` if it is spelled ``--no-...``."""
        if self.nargs == 0:
            values = "off" if option_string and option_string.startswith("--no-") else "on"
        self._into.setdefault(self.dest, []).append(str(values))


def build(flags: dict[str, list[str]], argv: Collection[str] | None = None) -> list[Parser]:
    """Return the parser of the whole command line, then those of its commands. Options are stored in ``flags``.

    With ``argv``, a command that it does not name gets no options of stormdeck: adding those to twenty commands takes
    longer than most commands do (measured).
    """
    root = Parser(
        prog="stormdeck",
        usage="stormdeck [COMMAND] [OPTION]...",
        description=_DESCRIPTION,
        epilog=_PANEL_NOTE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"stormdeck {__version__}", help="show the version")
    root.set_defaults(command=PANEL)
    commands = root.add_subparsers(title="commands", metavar="COMMAND", prog="stormdeck")

    def add(command: str, help_: str) -> Parser:
        return _add_command(commands, command, help_)

    parsers = [root, add(DEMO, "start the panel on a built-in stack, without a server or a GPU")]
    for family in (
        status_cli,
        settings_cli,
        use_cli,
        retries_cli,
        timeline_cli,
        usage_cli,
        wire_cli,
        export_cli,
        bundle_cli,
    ):
        parsers += family.add_parsers(add)
    parsers += [*_config(commands), *completion.add_parsers(add)]
    for parser in parsers:
        parser.allow_abbrev = False
        name = str(parser.get_default("command")).rsplit(maxsplit=1)[-1]
        if argv is None or parser is root or name in argv:
            _add_options(parser, flags)
    return parsers


def _config(commands: argparse._SubParsersAction[Parser]) -> list[Parser]:
    config = _add_command(commands, CONFIG, "show, check or create stormdeck's own options")
    config.usage = "stormdeck config ACTION [OPTION]..."
    actions = config.add_subparsers(title="actions", metavar="ACTION", prog="stormdeck config", required=True)
    path = _add_command(actions, CONFIG_PATH, "print the path of the options file")
    show = _add_command(actions, CONFIG_PRINT, "print every option with its value and origin")
    show.add_argument("--json", action="store_true", help="print JSON")
    valid = _add_command(actions, CONFIG_VALIDATE, "check the options; exit with 2 if one is wrong")
    init = _add_command(actions, CONFIG_INIT, "write an options file with all defaults, explained")
    return [config, path, show, valid, init]


def _add_command(commands: argparse._SubParsersAction[Parser], command: str, help_: str) -> Parser:
    """Add a command. ``command`` has all its words, such as ``config print``; the last one is added here."""
    parser = commands.add_parser(
        command.rsplit(maxsplit=1)[-1],
        help=help_,
        description=f"{help_[0].upper()}{help_[1:]}.",
        usage=f"stormdeck {command} [OPTION]...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=command)
    return parser


def _add_options(parser: Parser, flags: dict[str, list[str]]) -> None:
    """Add stormdeck's own options to a parser, by group. Values are collected in ``flags``."""
    command = parser.get_default("command")
    for group in Group:
        section = parser.add_argument_group(group)
        for declared in DECLARED:
            if declared.group is not group:
                continue
            names = [declared.flag]
            form: dict[str, Any] = {"metavar": declared.kind.metavar}
            if declared.kind.switch:
                names.append(declared.flag.replace("--", "--no-", 1))
                form = {"nargs": 0}
            help_ = _help(declared, command)
            section.add_argument(*names, action=_Collect, dest=declared.name, into=flags, help=help_, **form)


def _help(declared: Declaration, command: str) -> str:
    """Return the help of an option, or that it is hidden because it has no effect on this command."""
    in_group = declared.group in _GROUPS.get(command, _STACK)
    if not in_group and declared.name not in _SHOWN.get(command, frozenset()):
        return argparse.SUPPRESS
    return declared.help + ("" if declared.default in {None, ()} else f" (default {shown(declared.default)})")
