"""What is known of the names in settings.json: the types of top-level keys, and what wrong names stand for.

The names are those of ``client_names.py``, which is read from the released bundles, with those of the public schema of
August 2026; the types are those of that schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from stormdeck.model.rules import client_names
from stormdeck.model.rules.spelling import words_of
from stormdeck.model.settings.root_types import ROOT_TYPES


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


VARIABLES = client_names.VARIABLES
"""In ``env``, that settings are made with: a misspelt name is compared with these."""
ALL_VARIABLES = VARIABLES | client_names.READ
"""All that the client reads: none of them is misspelt."""
NEWEST_LISTED = client_names.VERSION
"""The version whose names are listed; a newer version may know more."""
_SWITCHES = _names("""
autoConnectIde autoInstallIdeExtension axScreenReader disableBrowserExternalNavigation disableMobileSimulatorTools
externalEditorContext permissionExplainerEnabled requireCoworkFullVmSandbox useAutoModeDuringPlan voiceEnabled
""")
_TEXTS = _names("""
$schema askUserQuestionTimeout autoUpdatesChannel browserExternalPageTools defaultShell diffTool disableAutoMode
disableDeepLinkRegistration editorMode effortLevel forceLoginGatewayUrl forceLoginMethod parentSettingsBehavior
preferredNotifChannel teammateMode theme tui viewMode workflowSizeGuideline
""")
_LISTS = _names("""
allowedMcpServers deniedMcpServers disabledMcpjsonServers enabledMcpjsonServers footerLinksRegexes
managedMcpServers skippedMarketplaces skippedPlugins
sshHostAllowlist
""")
_OBJECTS = _names("""
attribution autoMode extraKnownMarketplaces hooks policyHelper spinnerTipsOverride subagentStatusLine
vimInsertModeRemaps
""")
_TYPES: Mapping[str, tuple[type, ...]] = {
    **ROOT_TYPES,
    **dict.fromkeys(_SWITCHES, (bool,)),
    **dict.fromkeys(_TEXTS, (str,)),
    **dict.fromkeys(_LISTS, (list,)),
    **dict.fromkeys(_OBJECTS, (dict,)),
}
"""The JSON types of top-level keys, measured or by the public schema; the types of other keys are not known."""
TYPED_KEYS = frozenset(_TYPES)
"""Top-level keys with a known type."""
ROOT_KEYS = TYPED_KEYS | client_names.ROOT_KEYS
"""All known top-level keys."""


def is_of_known_type(key: str, value: object) -> bool:
    """Return whether a value has the type of a top-level key; ``True`` if the type is not known."""
    types = _TYPES.get(key)
    if types is None:
        return True
    return isinstance(value, types) and (isinstance(value, bool) <= (bool in types))


_RIGHT_WORDS: Mapping[str, str] = {
    "ANTHROPIC_API_KEY": "CLAUDE_API_KEY CLAUDE_CODE_API_KEY",
    "ANTHROPIC_AUTH_TOKEN": (
        "ANTHROPIC_ACCESS_TOKEN ANTHROPIC_API_TOKEN ANTHROPIC_AUTH ANTHROPIC_AUTH_KEY ANTHROPIC_BEARER "
        "ANTHROPIC_BEARER_TOKEN ANTHROPIC_KEY ANTHROPIC_TOKEN CLAUDE_AUTH_TOKEN CLAUDE_CODE_AUTH_TOKEN "
        "CLAUDE_CODE_TOKEN CLAUDE_TOKEN"
    ),
    "ANTHROPIC_BASE_URL": (
        "ANTHROPIC_API_BASE ANTHROPIC_API_BASE_URL ANTHROPIC_API_ENDPOINT ANTHROPIC_API_URL "
        "ANTHROPIC_BASE ANTHROPIC_BASE_URI ANTHROPIC_ENDPOINT ANTHROPIC_HOST ANTHROPIC_SERVER_URL "
        "ANTHROPIC_URL CLAUDE_API_BASE CLAUDE_API_URL CLAUDE_BASE_URL CLAUDE_CODE_BASE_URL CLAUDE_URL"
    ),
    "ANTHROPIC_CUSTOM_HEADERS": "ANTHROPIC_EXTRA_HEADERS ANTHROPIC_HEADERS CLAUDE_CUSTOM_HEADERS",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL": (
        "ANTHROPIC_HAIKU_MODEL CLAUDE_CODE_HAIKU_MODEL CLAUDE_CODE_SMALL_FAST_MODEL CLAUDE_HAIKU_MODEL "
        "CLAUDE_SMALL_FAST_MODEL"
    ),
    "ANTHROPIC_DEFAULT_OPUS_MODEL": "ANTHROPIC_OPUS_MODEL CLAUDE_CODE_OPUS_MODEL CLAUDE_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL": "ANTHROPIC_SONNET_MODEL CLAUDE_CODE_SONNET_MODEL CLAUDE_SONNET_MODEL",
    "ANTHROPIC_MODEL": "ANTHROPIC_MODEL_ID ANTHROPIC_MODEL_NAME CLAUDE_CODE_MODEL CLAUDE_MODEL",
    "API_TIMEOUT_MS": (
        "ANTHROPIC_API_TIMEOUT_MS ANTHROPIC_TIMEOUT_MS CLAUDE_API_TIMEOUT_MS CLAUDE_CODE_API_TIMEOUT_MS "
        "CLAUDE_CODE_TIMEOUT_MS"
    ),
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "CLAUDE_DISABLE_NONESSENTIAL_TRAFFIC",
    "CLAUDE_CODE_EXTRA_BODY": "ANTHROPIC_EXTRA_BODY CLAUDE_EXTRA_BODY",
    "CLAUDE_CODE_MAX_CONTEXT_TOKENS": (
        "CLAUDE_CODE_CONTEXT_TOKENS CLAUDE_CODE_CONTEXT_WINDOW CLAUDE_CONTEXT_WINDOW CLAUDE_MAX_CONTEXT_TOKENS"
    ),
    "CLAUDE_CODE_MAX_OUTPUT_TOKENS": (
        "ANTHROPIC_MAX_OUTPUT_TOKENS ANTHROPIC_MAX_TOKENS CLAUDE_CODE_MAX_TOKENS CLAUDE_MAX_OUTPUT_TOKENS "
        "CLAUDE_MAX_TOKENS"
    ),
    "CLAUDE_CODE_MAX_RETRIES": "ANTHROPIC_MAX_RETRIES CLAUDE_MAX_RETRIES",
    "CLAUDE_CODE_SUBAGENT_MODEL": "ANTHROPIC_SUBAGENT_MODEL CLAUDE_SUBAGENT_MODEL",
    "CLAUDE_CODE_USE_BEDROCK": "CLAUDE_USE_BEDROCK",
    "CLAUDE_CODE_USE_VERTEX": "CLAUDE_USE_VERTEX",
    "DISABLE_TELEMETRY": "CLAUDE_CODE_DISABLE_TELEMETRY CLAUDE_DISABLE_TELEMETRY",
}
WRONG_WORDS: Mapping[str, str] = {wrong: right for right, words in _RIGHT_WORDS.items() for wrong in words.split()}
"""Wrong names that people write for a variable, in other words; 2.1.332 reads none of them."""
RETIRED = frozenset({"DISABLE_NON_ESSENTIAL_MODEL_CALLS"})
"""Variables that the newest version no longer knows."""
_NOTES = {"author", "comment", "comments", "description", "id", "name", "note", "notes", "title", "version"}
_BOOKKEEPING = re.compile(
    r"(?:has|last|cached|num|is|did)[A-Z]\w*|\w*(?:State|Count|Shown|Seen|Accepted|History|Installed|Time|Date"
    r"|Completed?|At|Fetched|Cache|Timestamp|Version|Migration)"
)


def is_own_note(key: str) -> bool:
    """Return whether a top-level key is a note by the user or bookkeeping by Claude Code, not a setting."""
    return key.lower() in _NOTES or not key[:1].isalpha() or _BOOKKEEPING.fullmatch(key) is not None


def variable_at_root(key: str) -> str | None:
    """Return the variable that a top-level key stands for: ``ANTHROPIC_BASE_URL`` for ``baseUrl``."""
    return _by_words().get(key.lower())


@lru_cache(maxsize=1)
def _by_words() -> Mapping[str, str]:
    """Return variables by their joined words, with and without a prefix such as ``CLAUDE_CODE_``, if unambiguous."""
    found: dict[str, set[str]] = {}
    for name in VARIABLES:
        words = words_of(name)
        for first in ((), ("claude", "code"), ("claude",), ("anthropic",)):
            left = words[len(first) :]
            if words[: len(first)] == first and len(left) > 1:
                found.setdefault("".join(left), set()).add(name)
    return {words: next(iter(names)) for words, names in found.items() if len(names) == 1}
