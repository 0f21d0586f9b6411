"""Define a profile, its name, and its text in the options folder.

``own.json`` holds the values; a secret stands in another file for its owner only, and ``own.json`` names that file::

    {"version": 1, "settings": {"env.ANTHROPIC_BASE_URL": "http://gpu-box:4000", "model": "sonnet"},
     "secrets": {"env.ANTHROPIC_AUTH_TOKEN": "own.secrets.json"}}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stormdeck.model.json_edit.document import Document, FileError
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.values import mask_value
from stormdeck.model.profiles.keys import PATH_KEYS, is_credential, keys_of
from stormdeck.model.profiles.switch import same
from stormdeck.model.settings.field import TIERS
from stormdeck.model.settings.scope import as_text

LONGEST_NAME = 40
MOST = 100
"""Profiles that are read; a folder with more is something else."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*", re.ASCII)
_SECRETS = ".secrets.json"
_SECRETS_NAME = re.compile(rf"({_NAME.pattern}){re.escape(_SECRETS)}", re.ASCII)
_TIER_KEYS = {tier: f"env.ANTHROPIC_DEFAULT_{tier.upper()}_MODEL" for tier in TIERS}


class ProfileError(Exception):
    """A profile cannot be used; holds the reason, as a sentence without a full stop."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of values for the keys that belong to a profile."""

    name: str
    values: Mapping[str, object] = field(default_factory=dict)
    """JSON values by key path; every other key of ``PATH_KEYS`` is removed from the file."""
    error: str = ""
    """Why it cannot be used; it has no values then."""

    @property
    def built_in(self) -> bool:
        """Return whether it has no file."""
        return self.name == HOSTED.name

    @property
    def base_url(self) -> str | None:
        """Return the base URL with its password masked; ``None`` for the hosted API."""
        path = "env.ANTHROPIC_BASE_URL"
        text = as_text(self.values.get(path))
        return None if text is None else mask_value(path, text)

    @property
    def model(self) -> str | None:
        """Return the model with which a session starts, a mapped tier as ``id (tier)``; ``None``: the default."""
        chosen = as_text(self.values.get("env.ANTHROPIC_MODEL")) or as_text(self.values.get("model"))
        mapped = as_text(self.values.get(_TIER_KEYS.get(chosen or "", "")))
        shown = chosen if mapped is None else f"{mapped} ({chosen})"
        return None if shown is None else mask_value("model", shown)


HOSTED = Profile("hosted")
"""The built-in profile of the hosted API: without any of the keys."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the file of a profile contains."""

    values: Mapping[str, object]
    secrets: Mapping[str, str]
    """For each key whose value is a secret, the file in the same folder that has it."""


def name_problem(name: str) -> str:
    """Return why a text is no name of a profile of the user's, as a sentence without a full stop; empty if it is."""
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        return f"a profile's name has letters, digits, - and _, at most {LONGEST_NAME}, and begins with no sign"
    if name.lower() == HOSTED.name:
        return f"{HOSTED.name} is the built-in profile without a server of your own; choose another name"
    return ""


def file_name(name: str) -> str:
    """Return the name of a profile's file."""
    return f"{name}.json"


def secrets_file_name(name: str) -> str:
    """Return the name of the file with a profile's secrets."""
    return f"{name}{_SECRETS}"


def name_of(file: str) -> str | None:
    """Return the profile that a file is of; ``None`` for any other file."""
    name = file.removesuffix(".json")
    return name if file.endswith(".json") and not name_problem(name) else None


def is_secret(path: str, value: object) -> bool:
    """Return whether a value goes to the file of secrets: each token, and whatever is masked on the screen."""
    if is_credential(path):
        return True
    if isinstance(value, str):
        return mask_value(path, value) != value
    text = json.dumps({keys_of(path)[-1]: value})
    return mask_json(text) != text


def texts_of(profile: Profile) -> tuple[str, str | None]:
    """Return the texts of a profile's file and of that with its secrets, if it has any.

    Raises ``ProfileError`` for a value that JSON cannot represent.
    """
    hidden = {path: value for path, value in profile.values.items() if is_secret(path, value)}
    shown = {path: value for path, value in profile.values.items() if path not in hidden}
    stored: dict[str, object] = {"version": 1, "settings": shown}
    if hidden:
        stored["secrets"] = dict.fromkeys(hidden, secrets_file_name(profile.name))
    return _dumps(stored), _dumps(hidden) if hidden else None


def _dumps(value: object) -> str:
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=2, allow_nan=False) + "\n"
    except ValueError:
        raise ProfileError("it has a number that JSON cannot represent") from None
    return text


def read_profile(text: str) -> Stored:
    """Return what the text of a profile's file contains, or raise ``ProfileError``."""
    root = _object(text)
    values, secrets = root.get("settings", {}), root.get("secrets", {})
    if not isinstance(values, dict) or not isinstance(secrets, dict):
        raise ProfileError("`settings` and `secrets` must be objects")
    for path in (*values, *secrets):
        if path not in PATH_KEYS:
            raise ProfileError("`settings` or `secrets` has a key that does not belong to a profile")
    if any(map(is_credential, values)):
        raise ProfileError("a token or key stands in it: it belongs in a file that `secrets` names")
    for name in secrets.values():
        found = _SECRETS_NAME.fullmatch(name) if isinstance(name, str) else None
        if found is None or name_problem(found[1]):
            raise ProfileError(f"`secrets` must name files of this folder, such as own{_SECRETS}")
    return Stored(values, secrets)


def read_secrets(text: str) -> Mapping[str, object]:
    """Return the values in a file of secrets, or raise ``ProfileError``."""
    return _object(text)


def _object(text: str) -> Mapping[str, object]:
    document = Document.parse(text)
    if isinstance(document, FileError):
        place = "" if document.line is None else f"line {document.line}: "
        raise ProfileError(f"{place}{document.message}")
    return document.values


@dataclass(frozen=True, slots=True)
class Standing:
    """Which profile a settings file has in force."""

    name: str | None
    """``None``: its values are those of no profile."""
    changed: bool = False
    """The file's values have changed since the profile was put into it, or the profile has."""


def standing_of(values: Mapping[str, object], profiles: tuple[Profile, ...], last: str | None) -> Standing:
    """Return which profile a file's values are, ``last`` being the one that was put into it last.

    A profile with the same values counts, also where the file was edited by hand.
    """
    equal = [one.name for one in profiles if not one.error and same(one.values, values)]
    if equal:
        return Standing(last if last in equal else equal[0])
    known = {one.name for one in profiles} - {HOSTED.name}
    return Standing(last, changed=True) if last in known and values else Standing(None)
