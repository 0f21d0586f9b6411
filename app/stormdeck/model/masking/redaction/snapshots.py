"""Redact settings and snapshots: keep every key, and the values of settings that stormdeck knows.

A name that the user invented, such as that of a variable, is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from pathlib import Path

from stormdeck.model.deck import Deck
from stormdeck.model.logs.endings import LogTails
from stormdeck.model.masking.names import holds_headers, is_secret_name
from stormdeck.model.masking.redaction.log_lines import message_structure
from stormdeck.model.masking.redaction.public_names import PROGRAMS
from stormdeck.model.masking.redaction.redactor import NAME, Counts, Redactor
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.rules.known_names import ALL_VARIABLES, ROOT_KEYS
from stormdeck.model.settings.field import Field, Kind, problem
from stormdeck.model.settings.fields import field_of
from stormdeck.model.settings.merge import entries
from stormdeck.model.settings.scope import SettingsFile, SettingsSnapshot
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found
from stormdeck.model.snapshots.gpu import GpuSnapshot
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.units import plural

OTHER = "value"
"""Counts replaced values of settings that are unrelated to servers, such as hooks and permissions."""
_FREE = frozenset({Kind.COMMAND, Kind.JSON, Kind.TEXT, Kind.HEADERS})
"""Kinds whose values may contain anything."""
_STRICT = frozenset({Kind.MILLISECONDS, Kind.COUNT, Kind.SWITCH})
_IN_SSH = re.compile(
    r"(?:\b([\w.-]+)@|\bhostname )([\w.%:-]+)|\b(?:host|by|to|from|with|via) ([\w.%:-]+) port -?\d|(/[\w./+@-]+)"
)
_PUBLIC = re.compile(
    r"(?:ANTHROPIC|API|AWS|AZURE|BASH|CLAUDE|CLOUD|CLOUDSDK|COLORTERM|CUDA|DISABLE|ENABLE|GIT|GOOGLE|HF|HTTPS?|LC|LITELLM"
    r"|MAX|MCP|NODE|NO|NPM|OPENAI|OTEL|PYTHON\w{0,20}|SSH|SSL|TERM|UV|VERTEX|VLLM|XDG)_\w{1,60}|\$schema|[a-z]{1,5}_proxy"
)
"""Variables with a prefix of the client, its providers or its servers."""
_NAMED_BY_USERS = frozenset(
    {"mcpServers", "enabledPlugins", "extraKnownMarketplaces", "modelOverrides", "agents", "pluginConfigs", "profiles"}
)


def settings_as_json(settings: SettingsSnapshot, redact: Redactor, counts: Counts) -> dict[str, object]:
    """Return every scope, strongest first, and the client's variables in the shell, with their keys."""
    shell = {f"env.{name}": text for name, text in settings.shell.items()}
    return {
        "files": [_file(file, redact, counts) for file in settings.files],
        "shell": {path.removeprefix("env."): _value(path, text, redact, counts) for path, text in shell.items()},
        "wins": {_key(path, redact, counts): found.scope.value for path, found in settings.effective.items()},
    }


def texts_for_numbers(settings: SettingsSnapshot) -> list[str]:
    """Return values of number and switch settings that are neither."""
    values = [(path, value) for file in settings.files for path, value in entries(file.values)]
    values += [(f"env.{name}", text) for name, text in settings.shell.items()]
    return [
        str(value)
        for path, value in values
        if (known := field_of(path)) is not None and known.kind in _STRICT and not _is_of_kind(known, value)
    ]


def _file(file: SettingsFile, redact: Redactor, counts: Counts) -> dict[str, object]:
    error = file.error
    return {
        "scope": file.scope.value,
        "path": redact.file(str(file.path), counts),
        "exists": file.exists,
        "error": None
        if error is None
        else {"message": redact.text(error.message, counts), "line": error.line, "column": error.column},
        "values": {_key(key, redact, counts): _value(key, value, redact, counts) for key, value in file.values.items()},
    }


def _value(path: str, value: object, redact: Redactor, counts: Counts) -> object:
    """Return a redacted value: a secret as its number, a known setting as text, any other as type and size."""
    name = path.rpartition(".")[2]
    if isinstance(value, Mapping) and not is_secret_name(name):
        return _entries(path, value, redact, counts)
    if value is None or isinstance(value, bool):
        return value
    if is_secret_name(name) or (holds_headers(name) and isinstance(value, str)):
        return redact.secret(str(value), counts) if value != "" else ""
    known = field_of(path)
    if known is not None and _is_of_kind(known, value):
        return redact.tree(value, counts)
    counts[OTHER] += 1
    if isinstance(value, str):
        return f"<{plural(len(value), 'character')}>"
    return f"<list of {len(value)}>" if isinstance(value, list) else "<number>"


def _entries(path: str, value: Mapping[str, object], redact: Redactor, counts: Counts) -> object:
    """Return an object's entries, or only their number if users choose the names, as for MCP servers."""
    if path in _NAMED_BY_USERS or not _is_public(path):
        counts[OTHER] += len(value)
        return f"<{plural(len(value), 'entry', 'entries')}>"
    return {
        _key(f"{path}.{key}", redact, counts).removeprefix(f"{path}."): _value(f"{path}.{key}", inner, redact, counts)
        for key, inner in value.items()
    }


def names_in_ssh(message: str) -> Iterator[str]:
    """Yield the machines and users that a message of ssh names: a configuration may lead elsewhere than an alias says.

    >>> list(names_in_ssh("me@gpu: Permission denied; ssh: connect to host gpu.lan port 22: Connection refused"))
    ['me@gpu', 'me', 'gpu', 'gpu.lan']
    """
    for match in _IN_SSH.finditer(message):
        words = [word.rstrip(":.,") for word in match.groups() if word]
        yield from ("@".join(words), *words) if len(words) > 1 else words


def private_names(settings: SettingsSnapshot) -> Iterator[str]:
    """Yield the names of variables and keys that the user invented."""
    for file in settings.files:
        env = file.values.get("env")
        paths = [*map(str, file.values), *(f"env.{name}" for name in (env if isinstance(env, dict) else ()))]
        yield from (path.removeprefix("env.") for path in paths if not _is_public(path))


def _key(path: str, redact: Redactor, counts: Counts) -> str:
    """Return a redacted key path."""
    if _is_public(path):
        return redact.text(path, counts)
    counts[NAME] += 1
    above = "env." if path.startswith("env.") else ""
    return above + redact.stand_in(NAME, path.removeprefix("env."))


def _is_public(path: str) -> bool:
    """Return whether a root key or a variable has a public name; keys below a public one are public."""
    name = path.removeprefix("env.")
    if name != path:
        return name in ALL_VARIABLES or _PUBLIC.fullmatch(name) is not None or name in ROOT_KEYS
    root = path.partition(".")[0]
    return root in ROOT_KEYS or root in ALL_VARIABLES or root == "env" or _PUBLIC.fullmatch(root) is not None


def _is_of_kind(known: Field, value: object) -> bool:
    """Return whether a value has the type that its field expects; any other may contain anything."""
    if known.kind in _FREE:
        return False
    text = str(value)
    return known.kind in {Kind.URL, Kind.MODEL, Kind.TIER_ID} or problem(known, text) is None


def without_quotes(deck: Deck) -> Deck:
    """Return the deck without quotes from logs: the text of an error may contain a prompt."""
    traffic = deck.traffic
    return replace(
        deck,
        discovery=_without_programs(deck.discovery),
        tails=LogTails(endings=deck.tails.endings),
        traffic=_unquoted(traffic) if traffic is not None else None,
    )


def _without_programs(found: DiscoverySnapshot) -> DiscoverySnapshot:
    """Return the servers without the names of programs on their ports, except well-known forwarders."""
    names = {one.holder.name for one in (*found.found, *found.beside) if one.holder is not None and not one.forwards}

    def nameless(one: Found) -> Found:
        holder = one.holder
        return replace(one, holder=replace(holder, name=_PROGRAM)) if holder and holder.name in names else one

    notes = found.log_notes
    for name in sorted(names, key=len, reverse=True):
        notes = tuple(note.replace(f" {name} (pid ", f" {_PROGRAM} (pid ") for note in notes)
    return replace(
        found,
        found=tuple(map(nameless, found.found)),
        beside=tuple(map(nameless, found.beside)),
        log_notes=notes,
    )


_PROGRAM = "a program"


def deck_as_json(deck: Deck) -> dict[str, object]:
    """Return the snapshots of servers, GPUs and requests as JSON."""
    return {
        "client_version": deck.client_version,
        "vllm": _plain(deck.vllm),
        "proxy": _plain(deck.proxy),
        "gpu": _plain(_public_programs(deck.gpu)),
        "gpu_hosts": [_plain(_public_programs(host.snapshot)) for host in deck.gpu_hosts.hosts],
        "traffic": _plain(deck.traffic),
        "found": [
            {
                "url": found.url,
                "kind": found.kind.value,
                "how": found.how,
                "log": found.process.log_note if found.process is not None else None,
            }
            for found in deck.discovery.found
        ],
        "missed": _plain(deck.discovery.missed),
        "log_notes": _plain(deck.discovery.log_notes),
        "log_endings": _plain(deck.tails.endings),
    }


def _public_programs(snapshot: GpuSnapshot) -> GpuSnapshot:
    """Return the GPUs without the names of programs that are not public."""
    return replace(
        snapshot,
        gpus=tuple(
            replace(
                gpu,
                processes=tuple(
                    one if PROGRAMS.fullmatch(one.name) else replace(one, name="<program>") for one in gpu.processes
                ),
            )
            for gpu in snapshot.gpus
        ),
    )


def _unquoted(traffic: TrafficSnapshot) -> TrafficSnapshot:
    failure = traffic.failure
    return replace(
        traffic,
        storms=tuple(_without_reason(storm) for storm in traffic.storms),
        in_flight=tuple(one._replace(folder="") for one in traffic.in_flight),
        failure=replace(failure, reason=_structure(failure.reason)) if failure is not None else None,
    )


def _without_reason(storm: Storm) -> Storm:
    return replace(storm, reason=_structure(storm.reason), folder="")


def _structure(reason: str) -> str:
    return message_structure(reason) if reason else ""


def _plain(value: object) -> object:
    """Return a snapshot as JSON values."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
