"""The parsers of the command line: which commands there are, what each takes, and how its help reads."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from stormdeck import __version__
from stormdeck.commands import completion, writers
from stormdeck.commands.argument_parser import PANEL, Parser
from stormdeck.commands.bundle import cli as bundle_cli
from stormdeck.commands.check import cli as settings_cli
from stormdeck.commands.retries import cli as retries_cli
from stormdeck.commands.status import cli as status_cli
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
A terminal panel for Claude Code on your own vLLM, directly or through a proxy:
which hop is broken, what is retried silently, which line to change."""
_PANEL_NOTE = """\
Each option is also an environment variable (--litellm-config is STORMDECK_LITELLM_CONFIG) and a line of the options \
file (litellm_config). A flag wins over a variable, a variable over the file. `stormdeck config print` shows what \
holds and where it comes from.

stormdeck COMMAND --help has examples of each command.
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
    retries_cli.ANALYZE: frozenset(),
    CONFIG: frozenset(),
    CONFIG_PATH: frozenset(),
    CONFIG_VALIDATE: frozenset(),
    CONFIG_INIT: frozenset(),
    completion.COMPLETION: frozenset(),
}
"""The options that the help of a command shows; without an entry those that name the stack. Each takes all."""
_SHOWN = {status_cli.STATUS: frozenset({"gpu", "ascii"}), **dict.fromkeys(writers.WRITERS, frozenset({"readonly"}))}
"""Other options that it shows."""


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


def build(flags: dict[str, list[str]]) -> list[Parser]:
    """Return the parser of the whole line and, after it, those of its commands; options go to ``flags``."""
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

    parsers = [root, add(DEMO, "the panel on a built-in stack: no server, no GPU")]
    for family in (status_cli, settings_cli, retries_cli, bundle_cli):
        parsers += family.add_parsers(add)
    parsers += [*_config(commands), *completion.add_parsers(add)]
    for parser in parsers:
        parser.allow_abbrev = False
        _add_options(parser, flags)
    return parsers


def _config(commands: argparse._SubParsersAction[Parser]) -> list[Parser]:
    config = _add_command(commands, CONFIG, "the panel's own options: path, print, validate, init")
    config.usage = "stormdeck config ACTION [OPTION]..."
    actions = config.add_subparsers(title="actions", metavar="ACTION", prog="stormdeck config", required=True)
    path = _add_command(actions, CONFIG_PATH, "print where the options file is")
    show = _add_command(actions, CONFIG_PRINT, "print every option, its value and where it comes from")
    show.add_argument("--json", action="store_true", help="print JSON")
    valid = _add_command(actions, CONFIG_VALIDATE, "say whether the options are right; where they are not, exit with 2")
    init = _add_command(actions, CONFIG_INIT, "write an options file with every default and what it means")
    return [config, path, show, valid, init]


def _add_command(commands: argparse._SubParsersAction[Parser], command: str, help_: str) -> Parser:
    """Add a command by all its words, the last of which is new."""
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
    """Add the panel's options to a parser, by group; what is given is collected in ``flags``."""
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
    """Return what a command's help says of an option; where it means nothing to the command, that it is left out."""
    in_group = declared.group in _GROUPS.get(command, _STACK)
    if not in_group and declared.name not in _SHOWN.get(command, frozenset()):
        return argparse.SUPPRESS
    return declared.help + ("" if declared.default in {None, ()} else f" (default {shown(declared.default)})")
