"""Declare the options: name, kind, default and help of each, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stormdeck.model.exporter.address import ListenAddress
from stormdeck.model.logs.spec import FORMS, LogSpec
from stormdeck.model.overview_layout import PANELS
from stormdeck.options.kinds import (
    DENSITY,
    FILE,
    FOLDER,
    HOSTS,
    KEYS,
    LISTEN,
    LOGS,
    NOTIFY,
    PANEL_NAMES,
    PRICES,
    PROMETHEUS,
    SWITCH,
    THEME,
    URL,
    URLS,
    VERSION,
    Kind,
    number,
)

if TYPE_CHECKING:
    from stormdeck.model.fleet.access import PrometheusAccess
    from stormdeck.model.keys.keymap import Chosen
    from stormdeck.model.usage.prices import Price


VARIABLE_PREFIX = "STORMDECK_"


class Group(StrEnum):
    """The heading of an option in the help and in the file."""

    SERVERS = "servers and logs"
    FILES = "whose files"
    PANEL = "the panel"
    USAGE = "usage"


class OriginKind(StrEnum):
    """Where a value may come from, highest priority first."""

    FLAG = "flag"
    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the value of an option came from."""

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


def _option(kind: Kind, group: Group, help_: str, example: str = "") -> dict[str, Any]:
    """Return the metadata of a field. ``example`` is for options whose default does not show their form."""
    return {"kind": kind, "group": group, "help": help_, "example": example}


@dataclass(frozen=True, slots=True)
class Options:
    """The value of every option. None of them is a secret."""

    vllm: str | None = field(
        default=None,
        metadata=_option(URL, Group.SERVERS, "base URL of vLLM; searched for if not given", "http://127.0.0.1:8000"),
    )
    proxy: str | None = field(
        default=None,
        metadata=_option(
            URL, Group.SERVERS, "base URL of the proxy; searched for if not given", "http://127.0.0.1:4000"
        ),
    )
    log: tuple[LogSpec, ...] = field(
        default=(),
        metadata=_option(
            LOGS,
            Group.SERVERS,
            f"log to follow: {FORMS}; repeatable; the logs of running servers if not given",
            "docker:litellm",
        ),
    )
    prometheus: tuple[PrometheusAccess, ...] = field(
        default=(),
        metadata=_option(
            PROMETHEUS,
            Group.SERVERS,
            "Prometheus, Thanos, Mimir or VictoriaMetrics that knows many servers, as URL[,KEY=VALUE...]; repeatable; "
            "KEY is bearer, user, password, header, tenant, ca, only, model, instance or host",
            "http://127.0.0.1:9090",
        ),
    )
    litellm_config: Path | None = field(
        default=None,
        metadata=_option(FILE, Group.SERVERS, "LiteLLM's config.yaml", "~/litellm/config.yaml"),
    )
    host: tuple[str, ...] = field(
        default=(),
        metadata=_option(
            HOSTS,
            Group.SERVERS,
            "machine of the servers, as ssh names it; its ports, logs and GPUs are read by ssh; repeatable",
            "gpu-box",
        ),
    )
    gpu_metrics: tuple[str, ...] = field(
        default=(),
        metadata=_option(
            URLS,
            Group.SERVERS,
            "page of NVIDIA's DCGM exporter or of nvidia_gpu_exporter on a GPU machine; repeatable",
            "http://gpu-box:9400/metrics",
        ),
    )
    home: Path | None = field(
        default=None,
        metadata=_option(FOLDER, Group.FILES, "home folder to use instead of ~", "/home/alice"),
    )
    project: Path | None = field(
        default=None,
        metadata=_option(
            FOLDER, Group.FILES, "project whose settings to read; the current folder if not given", "~/project"
        ),
    )
    settings: Path | None = field(
        default=None,
        metadata=_option(FILE, Group.FILES, "settings file to read instead of all others", "~/.claude/settings.json"),
    )
    client_version: str | None = field(
        default=None,
        metadata=_option(
            VERSION, Group.FILES, "version of Claude Code to assume; the installed one if not given", "2.1.112"
        ),
    )
    theme: str | None = field(
        default=None,
        metadata=_option(
            THEME,
            Group.PANEL,
            "dark, light, high-contrast, ansi or a theme of Textual's; the one chosen last if not given",
            "dark",
        ),
    )
    ascii: bool | None = field(
        default=None,
        metadata=_option(
            SWITCH, Group.PANEL, "draw with ASCII only; detected from the terminal and locale if not given"
        ),
    )
    panels: tuple[str, ...] = field(
        default=PANELS,
        metadata=_option(
            PANEL_NAMES,
            Group.PANEL,
            "panels of the overview, in order, separated by commas; those chosen in the panel if not given",
        ),
    )
    density: str = field(
        default="normal",
        metadata=_option(
            DENSITY,
            Group.PANEL,
            "normal, or compact: no blank rows between panels; as chosen in the panel if not given",
        ),
    )
    window: int = field(
        default=15,
        metadata=_option(number("MINUTES", 1, 60), Group.PANEL, "minutes shown in the request chart, 1 to 60"),
    )
    poll: int = field(
        default=2,
        metadata=_option(
            number("SECONDS", 1, 60),
            Group.PANEL,
            "seconds between polls of a server, 1 to 60; as set in the panel if not given",
        ),
    )
    lines: int = field(
        default=200_000,
        metadata=_option(number("COUNT", 1_000, 2_000_000), Group.PANEL, "log lines kept in memory, 1000 to 2000000"),
    )
    gpu: bool = field(default=True, metadata=_option(SWITCH, Group.PANEL, "watch the GPUs of this machine"))
    export: ListenAddress | None = field(
        default=None,
        metadata=_option(
            LISTEN, Group.PANEL, "serve what the export command does, while the panel runs", "127.0.0.1:9464"
        ),
    )
    bell: bool = field(
        default=False, metadata=_option(SWITCH, Group.PANEL, "ring the terminal's bell when a storm begins")
    )
    notify: str = field(
        default="off",
        metadata=_option(
            NOTIFY, Group.PANEL, "show a desktop notification when a storm begins, by this escape sequence"
        ),
    )
    mouse: bool = field(
        default=True,
        metadata=_option(SWITCH, Group.PANEL, "handle the mouse; off leaves selecting text to the terminal"),
    )
    readonly: bool = field(
        default=False,
        metadata=_option(SWITCH, Group.PANEL, "write nothing: no settings, no theme, no storm history"),
    )
    keys: tuple[Chosen, ...] = field(
        default=(),
        metadata=_option(
            KEYS, Group.PANEL, "key of an action; repeatable; in the file, one line per action", "app.quit=Q"
        ),
    )
    prices: tuple[Price, ...] = field(
        default=(),
        metadata=_option(
            PRICES,
            Group.USAGE,
            "price of a million tokens, for input, cached and output; repeatable; in the file, one line each",
            "input=3",
        ),
    )
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False, compare=False)
    """Where each option that is not at its default came from; use ``origin`` to read it."""

    def origin(self, name: str) -> Origin:
        """Return where the value of an option came from."""
        return self.origins.get(name, DEFAULT)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One option, with what flags, environment, file and help need of it."""

    name: str
    default: object
    kind: Kind
    group: Group
    help: str
    example: str

    @property
    def flag(self) -> str:
        """Command line flag."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Environment variable."""
        return VARIABLE_PREFIX + self.name.upper()


DECLARED = tuple(
    Declaration(name=declared.name, default=declared.default, **declared.metadata)
    for declared in fields(Options)
    if declared.metadata
)
"""All options, in display order."""
BY_NAME = {declared.name: declared for declared in DECLARED}


STACK_OPTIONS = (
    *("vllm", "proxy", "log", "host", "gpu_metrics", "prometheus", "litellm_config", "settings", "client_version"),
)


def stack_options(options: Options) -> dict[str, object]:
    """Return the given options that name the stack, as JSON values."""
    given = {name: getattr(options, name) for name in STACK_OPTIONS}
    return {
        name: [str(item) for item in value] if isinstance(value, tuple) else str(value)
        for name, value in given.items()
        if value
    }


def own_servers(options: Options) -> tuple[str, ...]:
    """Return the servers that the user named: their URLs, and the path of the proxy's YAML."""
    return tuple(str(one) for one in (options.vllm, options.proxy, options.litellm_config) if one)


def only_by_file(options: Options) -> bool:
    """Return whether only the options file names the stack, and no flag or variable."""
    return all(options.origin(name).kind is OriginKind.FILE for name in stack_options(options))


def refusal(options: Options) -> str:
    """Return why nothing may be written and which option says so, to end a sentence with; empty if allowed."""
    if not options.readonly:
        return ""
    return f"read only ({options.origin('readonly')}): nothing is written."
