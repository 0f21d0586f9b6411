"""Read Claude Code's own state: its login, trusted folders and variables. Never writes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from stormdeck.model.snapshots.client_state import ClientState, Login
from stormdeck.paths import UserPaths
from stormdeck.sources.io.bounded_read import read_bounded

LARGEST = 32 * 1024 * 1024
"""Bytes; ``.claude.json`` grows with the number of projects."""

_Mark = tuple[int, int, int]
_read: dict[Path, tuple[_Mark, dict[str, object] | None]] = {}
"""Cache of each file's content, by inode, time and size: an unchanged file is not read again."""


def read_client_state(paths: UserPaths) -> ClientState:
    """Return the client's login, trusted folders and progress. Blocking, some milliseconds. Never raises."""
    own, credentials = _object(paths.client_state), _object(paths.credentials)
    return ClientState(
        _login(own, credentials),
        _trusted(own),
        has_key=bool((own or {}).get("primaryApiKey")),
        onboarded=None if own is None else own.get("hasCompletedOnboarding") is True,
        file=str(paths.client_state),
    )


def read_client_env(paths: UserPaths) -> dict[str, object]:
    """Return ``env`` of the client's state, empty without one. Blocking, some milliseconds. Never raises."""
    env = (_object(paths.client_state) or {}).get("env")
    return env if isinstance(env, dict) else {}


def _login(own: dict[str, object] | None, credentials: dict[str, object] | None) -> Login:
    """Return the login in the two files; ``.credentials.json`` may have only those of MCP servers."""
    account = (credentials or {}).get("claudeAiOauth")
    has_tokens = isinstance(account, dict) and (account.get("accessToken") or account.get("refreshToken"))
    if has_tokens or (own or {}).get("oauthAccount"):
        return Login.ACCOUNT
    if (own or {}).get("primaryApiKey"):
        return Login.KEY
    in_keychain = str(sys.platform) == "darwin"
    return Login.UNKNOWN if in_keychain or own is None or credentials is None else Login.NONE


def _trusted(own: dict[str, object] | None) -> frozenset[str]:
    projects = (own or {}).get("projects")
    entries = projects.items() if isinstance(projects, dict) else ()
    return frozenset(
        folder for folder, kept in entries if isinstance(kept, dict) and kept.get("hasTrustDialogAccepted") is True
    )


def _object(path: Path) -> dict[str, object] | None:
    """Return the JSON object in a file, empty without a file, ``None`` where it cannot be read."""
    try:
        status = path.stat()
        mark = (status.st_ino, status.st_mtime_ns, status.st_size)
        known = _read.get(path)
        if known is None or known[0] != mark:
            known = _read[path] = (mark, _parsed(read_bounded(path, LARGEST)))
        return known[1]
    except FileNotFoundError:
        return {}
    except OSError:
        return None


def _parsed(data: bytes) -> dict[str, object] | None:
    try:
        read = json.loads(data.decode("utf-8-sig") or "{}")
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, dict):
        return None
    return {key: _kept(key, value) for key, value in read.items() if key in _KEPT}


_KEPT = {"claudeAiOauth", "env", "hasCompletedOnboarding", "oauthAccount", "primaryApiKey", "projects"}
_SECRETS = {"accessToken", "refreshToken"}


def _kept(key: str, value: object) -> object:
    """Return the needed part of an entry: whether a login is there, never its secret."""
    if key == "env":
        return value
    if key == "projects" and isinstance(value, dict):
        return {
            folder: {"hasTrustDialogAccepted": one.get("hasTrustDialogAccepted")}
            for folder, one in value.items()
            if isinstance(one, dict)
        }
    if key == "claudeAiOauth" and isinstance(value, dict):
        return {name: bool(value.get(name)) for name in _SECRETS}
    return bool(value)
