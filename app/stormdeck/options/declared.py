"""Which options there are: each one's name, kind, default and help, written down once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stormdeck.model.overview_layout import PANELS
from stormdeck.options.kinds import (
    DENSITY,
    FILE,
    FILES,
    FOLDER,
    KEYS,
    NOTIFY,
    PANEL_NAMES,
    SWITCH,
    THEME,
    URL,
    VERSION,
    Kind,
    number,
)

if TYPE_CHECKING:
    from stormdeck.model.keys.keymap import Chosen


VARIABLE_PREFIX = "STORMDECK_"


class Group(StrEnum):
    """The heading an option stands under, in the help and in the file."""

    SERVERS = "servers and logs"
    FILES = "whose files"
    PANEL = "the panel"


class OriginKind(StrEnum):
    """Where a value may come from, strongest first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the value of one option came from."""

    kind: OriginKind
    name: str = ""
    """The flag, the variable, or the file's path; empty for a default."""
    line: int | None = None
    """The line in the file, from 1."""

    def __str__(self) -> str:
        if self.kind is OriginKind.DEFAULT:
            return "default"
        return self.name if self.line is None else f"{self.name}:{self.line}"


DEFAULT = Origin(OriginKind.DEFAULT)


def _is(kind: Kind, group: Group, help_: str, example: str = "") -> dict[str, Any]:
    """Return a field's declaration; ``example`` is for an option whose default says nothing of its form."""
    return {"kind": kind, "group": group, "help": help_, "example": example}


@dataclass(frozen=True, slots=True)
class Options:
    """The value of every option. No secret is ever one of them."""

    vllm: str | None = field(
        default=None,
        metadata=_is(URL, Group.SERVERS, "base URL of vLLM; found by itself if not given", "http://127.0.0.1:8000"),
    )
    proxy: str | None = field(
        default=None,
        metadata=_is(
            URL, Group.SERVERS, "base URL of the proxy before it; found by itself if not given", "http://127.0.0.1:4000"
        ),
    )
    log: tuple[Path, ...] = field(
        default=(),
        metadata=_is(
            FILES,
            Group.SERVERS,
            "log to follow; repeatable; the logs of running servers if not given",
            "/var/log/vllm.log",
        ),
    )
    litellm_config: Path | None = field(
        default=None,
        metadata=_is(FILE, Group.SERVERS, "LiteLLM's config.yaml", "~/litellm/config.yaml"),
    )
    home: Path | None = field(
        default=None,
        metadata=_is(FOLDER, Group.FILES, "folder that stands for ~", "/home/alice"),
    )
    project: Path | None = field(
        default=None,
        metadata=_is(FOLDER, Group.FILES, "project whose settings count; the current folder if not given", "~/project"),
    )
    settings: Path | None = field(
        default=None,
        metadata=_is(
            FILE, Group.FILES, "one file as the user's settings, with no other file read", "~/.claude/settings.json"
        ),
    )
    client_version: str | None = field(
        default=None,
        metadata=_is(
            VERSION, Group.FILES, "version of Claude Code to check for; the installed one if not given", "2.1.112"
        ),
    )
    theme: str | None = field(
        default=None,
        metadata=_is(
            THEME,
            Group.PANEL,
            "dark, light, high-contrast, ansi or a theme of Textual's; the one chosen last if not given",
            "dark",
        ),
    )
    ascii: bool | None = field(
        default=None,
        metadata=_is(SWITCH, Group.PANEL, "draw with ASCII alone; told by the terminal and its locale if not given"),
    )
    panels: tuple[str, ...] = field(
        default=PANELS, metadata=_is(PANEL_NAMES, Group.PANEL, "panels of the overview, in order, with commas")
    )
    density: str = field(
        default="normal", metadata=_is(DENSITY, Group.PANEL, "normal, or compact: no blank rows between panels")
    )
    window: int = field(
        default=15, metadata=_is(number("MINUTES", 1, 60), Group.PANEL, "minutes that the request strip shows, 1 to 60")
    )
    poll: int = field(
        default=2, metadata=_is(number("SECONDS", 1, 60), Group.PANEL, "seconds between looks at a server, 1 to 60")
    )
    lines: int = field(
        default=200_000,
        metadata=_is(number("COUNT", 1_000, 2_000_000), Group.PANEL, "log lines kept in memory, 1000 to 2000000"),
    )
    gpu: bool = field(default=True, metadata=_is(SWITCH, Group.PANEL, "watch the GPUs of this machine"))
    bell: bool = field(default=False, metadata=_is(SWITCH, Group.PANEL, "ring the terminal's bell when a storm begins"))
    notify: str = field(
        default="off",
        metadata=_is(NOTIFY, Group.PANEL, "show a desktop notification when a storm begins, by this escape sequence"),
    )
    mouse: bool = field(
        default=True, metadata=_is(SWITCH, Group.PANEL, "take mouse events; off leaves selecting to the terminal")
    )
    readonly: bool = field(
        default=False,
        metadata=_is(SWITCH, Group.PANEL, "write nothing: no settings, no theme, no memory of storms"),
    )
    keys: tuple[Chosen, ...] = field(
        default=(),
        metadata=_is(KEYS, Group.PANEL, "key of an action; repeatable; in the file one line an action", "app.quit=Q"),
    )
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False, compare=False)
    """Where each option that is not at its default came from; ``origin`` reads it."""

    def origin(self, name: str) -> Origin:
        """Return where the value of an option came from."""
        return self.origins.get(name, DEFAULT)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One option, as the flags, the environment, the file and the help need it."""

    name: str
    default: object
    kind: Kind
    group: Group
    help: str
    example: str

    @property
    def flag(self) -> str:
        """Its flag on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return VARIABLE_PREFIX + self.name.upper()


DECLARED = tuple(
    Declaration(name=declared.name, default=declared.default, **declared.metadata)
    for declared in fields(Options)
    if declared.metadata
)
"""Every option, in the order in which they are shown."""
BY_NAME = {declared.name: declared for declared in DECLARED}


NAMING = ("vllm", "proxy", "log", "litellm_config", "settings", "client_version")


def named(options: Options) -> dict[str, object]:
    """Return the options that name the stack, as JSON has them; those that are not given are left out."""
    given = {name: getattr(options, name) for name in NAMING}
    return {
        name: [str(item) for item in value] if isinstance(value, tuple) else str(value)
        for name, value in given.items()
        if value
    }


def own_servers(options: Options) -> tuple[str, ...]:
    """Return what the user named as own: the URLs of servers, and the path of the proxy's YAML."""
    return tuple(str(one) for one in (options.vllm, options.proxy, options.litellm_config) if one)


def only_by_file(options: Options) -> bool:
    """Say whether the options file alone names the stack, no flag and no variable."""
    return all(options.origin(name).kind is OriginKind.FILE for name in named(options))


def refusal(options: Options) -> str:
    """Return why nothing may be written and who asked for that, as the end of a sentence; empty where all may be."""
    if not options.readonly:
        return ""
    return f"read only ({options.origin('readonly')}): nothing is written."
