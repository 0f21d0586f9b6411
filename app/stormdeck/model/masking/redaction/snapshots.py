"""A settings file as it may leave this machine: every key, and the values of those that stormdeck knows.

A name that nobody but its user knows, as that of an own variable, is replaced.
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
from stormdeck.model.masking.redaction.redactor import NAME, Redactor, Taken
from stormdeck.model.retries.storms.storm import Storm
from stormdeck.model.rules.known_names import ROOT_KEYS, VARIABLES
from stormdeck.model.settings.field import Field, Kind, problem
from stormdeck.model.settings.fields import field_of
from stormdeck.model.settings.merge import entries
from stormdeck.model.settings.scope import SettingsFile, SettingsSnapshot
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found
from stormdeck.model.snapshots.gpu import GpuSnapshot
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.model.units import plural

OTHER = "value"
"""What is taken out beside secrets: values of settings that have nothing to do with servers, as hooks and rules."""
_FREE = frozenset({Kind.COMMAND, Kind.JSON, Kind.TEXT, Kind.HEADERS})
"""Kinds of values that may hold anything."""
_STRICT = frozenset({Kind.MILLISECONDS, Kind.COUNT, Kind.SWITCH})
_PUBLIC = re.compile(
    r"(?:ANTHROPIC|API|AWS|AZURE|BASH|CLAUDE|CLOUD|CLOUDSDK|COLORTERM|CUDA|DISABLE|ENABLE|GIT|GOOGLE|HF|HTTPS?|LC|LITELLM"
    r"|MAX|MCP|NODE|NO|NPM|OPENAI|OTEL|PYTHON\w{0,20}|SSH|SSL|TERM|UV|VERTEX|VLLM|XDG)_\w{1,60}|\$schema|[a-z]{1,5}_proxy"
)
"""Names of variables that begin as those of the client, its providers and its servers do."""
_NAMED_BY_USERS = frozenset(
    {"mcpServers", "enabledPlugins", "extraKnownMarketplaces", "modelOverrides", "agents", "pluginConfigs", "profiles"}
)


def settings_as_json(settings: SettingsSnapshot, redact: Redactor, taken: Taken) -> dict[str, object]:
    """Return every scope, strongest first, and the client's variables in the shell; their keys are kept."""
    shell = {f"env.{name}": text for name, text in settings.shell.items()}
    return {
        "files": [_file(file, redact, taken) for file in settings.files],
        "shell": {path.removeprefix("env."): _value(path, text, redact, taken) for path, text in shell.items()},
        "wins": {_key(path, redact, taken): found.scope.value for path, found in settings.effective.items()},
    }


def texts_for_numbers(settings: SettingsSnapshot) -> list[str]:
    """Return what stands in place of numbers and switches and is none."""
    values = [(path, value) for file in settings.files for path, value in entries(file.values)]
    values += [(f"env.{name}", text) for name, text in settings.shell.items()]
    return [
        str(value)
        for path, value in values
        if (known := field_of(path)) is not None and known.kind in _STRICT and not _is_of_kind(known, value)
    ]


def _file(file: SettingsFile, redact: Redactor, taken: Taken) -> dict[str, object]:
    error = file.error
    return {
        "scope": file.scope.value,
        "path": redact.file(str(file.path), taken),
        "exists": file.exists,
        "error": None
        if error is None
        else {"message": redact.text(error.message, taken), "line": error.line, "column": error.column},
        "values": {_key(key, redact, taken): _value(key, value, redact, taken) for key, value in file.values.items()},
    }


def _value(path: str, value: object, redact: Redactor, taken: Taken) -> object:
    """Return a value as it may be shown: a secret numbered, a known one redacted, of any other its kind and size."""
    name = path.rpartition(".")[2]
    if isinstance(value, Mapping) and not is_secret_name(name):
        return _entries(path, value, redact, taken)
    if value is None or isinstance(value, bool):
        return value
    if is_secret_name(name) or (holds_headers(name) and isinstance(value, str)):
        return redact.secret(str(value), taken) if value != "" else ""
    known = field_of(path)
    if known is not None and _is_of_kind(known, value):
        return redact.tree(value, taken)
    taken[OTHER] += 1
    if isinstance(value, str):
        return f"<{plural(len(value), 'character')}>"
    return f"<list of {len(value)}>" if isinstance(value, list) else "<number>"


def _entries(path: str, value: Mapping[str, object], redact: Redactor, taken: Taken) -> object:
    """Return an object's entries; only their number where users choose the names, as of MCP servers."""
    if path in _NAMED_BY_USERS or not _is_public(path):
        taken[OTHER] += len(value)
        return f"<{plural(len(value), 'entry', 'entries')}>"
    return {
        _key(f"{path}.{key}", redact, taken).removeprefix(f"{path}."): _value(f"{path}.{key}", inner, redact, taken)
        for key, inner in value.items()
    }


def private_names(settings: SettingsSnapshot) -> Iterator[str]:
    """Yield the names of variables and keys that are their user's own."""
    for file in settings.files:
        env = file.values.get("env")
        paths = [*map(str, file.values), *(f"env.{name}" for name in (env if isinstance(env, dict) else ()))]
        yield from (path.removeprefix("env.") for path in paths if not _is_public(path))


def _key(path: str, redact: Redactor, taken: Taken) -> str:
    """Return a key path as it may be shown."""
    if _is_public(path):
        return redact.text(path, taken)
    taken[NAME] += 1
    above = "env." if path.startswith("env.") else ""
    return above + redact.stand_in(NAME, path.removeprefix("env."))


def _is_public(path: str) -> bool:
    """Return whether a key at the root, or a variable, is one that others have too; below those all are."""
    name = path.removeprefix("env.")
    if name != path:
        return name in VARIABLES or _PUBLIC.fullmatch(name) is not None or name in ROOT_KEYS
    root = path.partition(".")[0]
    return root in ROOT_KEYS or root in VARIABLES or root == "env" or _PUBLIC.fullmatch(root) is not None


def _is_of_kind(known: Field, value: object) -> bool:
    """Return whether a value is what its field expects: text where a number belongs may say anything."""
    if known.kind in _FREE:
        return False
    text = str(value)
    return known.kind in {Kind.URL, Kind.MODEL, Kind.TIER_ID} or problem(known, text) is None


def without_quotes(deck: Deck) -> Deck:
    """Return the deck without what it quotes of logs: an error's text may hold a prompt."""
    traffic = deck.traffic
    return replace(
        deck,
        discovery=_without_programs(deck.discovery),
        tails=LogTails(endings=deck.tails.endings),
        traffic=_unquoted(traffic) if traffic is not None else None,
    )


def _without_programs(found: DiscoverySnapshot) -> DiscoverySnapshot:
    """Return the servers without the names of programs that hold their ports, but for forwarders that all know."""
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
    """Return the snapshots of the servers, the GPUs and the requests; settings and findings are told elsewhere."""
    return {
        "client_version": deck.client_version,
        "vllm": _plain(deck.vllm),
        "proxy": _plain(deck.proxy),
        "gpu": _plain(_public_programs(deck.gpu)),
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
    """Return the GPUs without the names of programs that not everybody has."""
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
    """Return a snapshot as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
