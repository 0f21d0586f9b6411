"""What the client keeps of itself beside its settings: whether somebody is logged in, and which folders it trusts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Login(StrEnum):
    """Whether an account is logged in to the client."""

    NONE = "none"
    ACCOUNT = "account"
    """A file of the client holds the login."""
    KEY = "key"
    """A key that the client keeps itself (``primaryApiKey``); it goes out as ``x-api-key`` (measured)."""
    UNKNOWN = "unknown"
    """A macOS keychain may hold one, or a file cannot be read: then no rule may build on it."""


@dataclass(frozen=True, slots=True)
class ClientState:
    """One look at ``~/.claude.json`` and ``.credentials.json``; no secret is kept."""

    login: Login = Login.NONE
    trusted: frozenset[str] = frozenset()
    """The folders whose own settings the client trusts, as it writes them (``hasTrustDialogAccepted``)."""
