"""Decide whether edits need no confirmation: same account, same destination, nothing new for a hosted server."""

from __future__ import annotations

import re
from collections.abc import Iterable

from stormdeck.model.finding import Edit
from stormdeck.model.rules.client.url import repaired
from stormdeck.model.rules.facts import BASE_URL, CUSTOM_OPTION, FABLE_ID, TIER_IDS
from stormdeck.model.rules.known_names import ALL_VARIABLES, ROOT_KEYS
from stormdeck.model.settings.field import TIERS
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.urls import host_of, is_loopback, is_near, same_place

_CREDENTIAL = re.compile(
    r"(?:^|_)(?:TOKEN|KEY|OAUTH|AUTH|SECRET|PASSPHRASE|PASSWORD|CREDENTIALS?|HEADERS|PROFILE)(?:_|$)"
    r"|[Hh]elper$|^forceLogin|AuthRefresh$|CredentialExport$|^xaaIdp$"
)
"""Settings that determine the account, and so who pays."""
_SENT = {"env.ANTHROPIC_AUTH_TOKEN", "env.ANTHROPIC_API_KEY"}
_ROUTE = re.compile(
    r"(?:_BASE_URL|_ENDPOINT|_RESOURCE|_REGION|_PROJECT_ID|_WORKSPACE_ID)$|^(?:HTTPS?|ALL)_PROXY$"
    r"|^CLAUDE_CODE_USE_(?:ANTHROPIC_AWS|ANTHROPIC_GOOGLE_CLOUD|BEDROCK|FOUNDRY|MANTLE|VERTEX)$|[Gg]atewayUrl$"
)
"""Settings that determine where requests go."""
_POWER = re.compile(
    r"^(?:allow|deny|enable|hooks|permissions|sandbox|skip|ssh|statusLine|subagentStatusLine|trust)|^fileSuggestion$"
    r"|Mcp|[Pp]lugin|[Mm]arketplace|Channel|Wrapper$|Url"
)
"""Top-level keys that run commands or grant permissions."""
_CLOUD = tuple(
    f"env.CLAUDE_CODE_USE_{name}"
    for name in ("ANTHROPIC_AWS", "ANTHROPIC_GOOGLE_CLOUD", "BEDROCK", "FOUNDRY", "MANTLE", "VERTEX")
)
_MODELS = {
    "model",
    "env.ANTHROPIC_MODEL",
    "env.ANTHROPIC_SMALL_FAST_MODEL",
    "env.CLAUDE_CODE_SUBAGENT_MODEL",
    CUSTOM_OPTION,
    FABLE_ID,
    *TIER_IDS.values(),
}
_LOCAL_ONLY = {
    "env.API_FORCE_IDLE_TIMEOUT",
    "env.API_TIMEOUT_MS",
    "env.CLAUDE_CODE_MAX_RETRIES",
    "env.CLAUDE_STREAM_IDLE_TIMEOUT_MS",
}
"""Settings that a hosted server does not see: timeouts and retries."""
_OFF = {"", "0", "false"}


def is_safe(before: SettingsSnapshot, after: SettingsSnapshot, edits: Iterable[Edit]) -> bool:
    """Return whether edits may be applied without confirmation."""
    paths = {edit.path for edit in edits}
    if any(_POWER.search(key) for key in {path.partition(".")[0] for path in paths} & ROOT_KEYS):
        return False
    changed = {path for path in paths if before.text(path) != after.text(path)}
    credentials = {path for path in _known(changed) if _CREDENTIAL.search(_name(path))}
    if credentials and not _is_same_secret(before, after, credentials):
        return False
    if BASE_URL in changed and not _same_origin(before.text(BASE_URL) or "", after.text(BASE_URL) or ""):
        return False
    if any(_ROUTE.search(_name(path)) for path in changed & _known(changed) - {BASE_URL}):
        return False
    if any(_is_other_model(before, after, path) for path in changed & _MODELS):
        return False
    return _uses_own_server(after) or _known(changed) <= _LOCAL_ONLY


def _is_same_secret(before: SettingsSnapshot, after: SettingsSnapshot, changed: set[str]) -> bool:
    """Return whether the user's own server gets the same secret as before, only under another name."""
    old, new = ({snapshot.text(path) for path in _SENT if snapshot.text(path)} for snapshot in (before, after))
    return changed <= _SENT and old == new and _uses_own_server(before) and _uses_own_server(after)


def _name(path: str) -> str:
    return path.removeprefix("env.")


def _known(paths: Iterable[str]) -> set[str]:
    """Return the paths that Claude Code reads; others do not change its requests."""
    upper = {path: path.removeprefix("env.").upper() for path in paths if path.startswith("env.")}
    return {path for path, name in upper.items() if name in ALL_VARIABLES} | ROOT_KEYS.intersection(paths)


def _same_origin(before: str, after: str) -> bool:
    """Return whether two base URLs lead to the same server, and a network connection stays encrypted."""
    was = repaired(before) if before.strip() else ""
    weaker = was.lower().startswith("https:") and not after.lower().startswith("https:")
    return same_place(was, after) and (not weaker or is_loopback(host_of(after)))


def _is_other_model(before: SettingsSnapshot, after: SettingsSnapshot, path: str) -> bool:
    """Return whether a selected id is replaced by a different model, not only by another spelling."""
    old, new = (before.text(path) or "").strip(), (after.text(path) or "").strip()
    replaced = bool(old and new) and not (path == "model" and new in TIERS)
    return replaced and _bare(old) != _bare(new)


def _bare(model: str) -> str:
    """Return an id in lower case, without owner and without the suffix ``[1m]``."""
    return model.lower().removesuffix("[1m]").strip().rpartition("/")[2]


def _uses_own_server(settings: SettingsSnapshot) -> bool:
    """Return whether requests go to this machine or a private network."""
    url = settings.text(BASE_URL) or ""
    cloud = any((settings.text(path) or "").strip().lower() not in _OFF for path in _CLOUD)
    return bool(url.strip()) and is_near(host_of(repaired(url))) and not cloud
