"""Put the recorder's address into the command line of Claude Code, merged with the user's own ``--settings``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

_FLAG = "--settings"
_CLIENT = "claude"
_VERSION = frozenset({"--version", "-v"})
"""By itself the client answers it at once; beside any other word it loads all of its program first (0.25 s)."""


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """The user's own ``--settings`` on the command line."""

    value: str = ""
    """A file, or JSON; empty if there is none."""

    @property
    def is_json(self) -> bool:
        """Return whether the value is JSON itself, as Claude Code decides: it begins with a brace."""
        return self.value.lstrip().startswith("{")


def own_settings(words: Sequence[str]) -> OwnSettings:
    """Return the last ``--settings`` of a command line.

    >>> own_settings(["claude", "--settings=a.json", "-p", "hi"]).value
    'a.json'
    """
    found = ""
    for index, word in enumerate(words):
        if word == "--":
            break
        if word == _FLAG and index + 1 < len(words):
            found = words[index + 1]
        elif word.startswith(f"{_FLAG}="):
            found = word.removeprefix(f"{_FLAG}=")
    return OwnSettings(found)


def with_variables(settings: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """Return settings with these variables in ``env``; everything else stays."""
    env = settings.get("env")
    return {**settings, "env": {**(env if isinstance(env, dict) else {}), **variables}}


def with_settings(words: Sequence[str], value: str) -> list[str]:
    """Return the command line with this ``--settings`` instead of any other.

    It goes right behind the program, so that it is in front of a command such as ``mcp``. A client that is asked for
    its version alone sends nothing and gets none.

    >>> with_settings(["npx", "claude", "-p", "hi"], "s.json")
    ['npx', 'claude', '--settings', 's.json', '-p', 'hi']
    """
    kept: list[str] = []
    rest = list(words)
    while rest and rest[0] != "--":
        word = rest.pop(0)
        if word == _FLAG and rest:
            rest.pop(0)
        elif not word.startswith(f"{_FLAG}="):
            kept.append(word)
    kept += rest
    named = [index for index, word in enumerate(kept) if PurePath(word).name.partition("@")[0].startswith(_CLIENT)]
    place = (named[0] if named else 0) + 1
    if len(kept) == place + 1 and kept[-1] in _VERSION:
        return kept
    return [*kept[:place], _FLAG, value, *kept[place:]]


def as_json(settings: Mapping[str, Any]) -> str:
    """Return settings as one line of JSON."""
    return json.dumps(settings, ensure_ascii=False, separators=(",", ":"))
