"""Hold the client's own state outside of its settings: the login, and the folders that it trusts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Login(StrEnum):
    """Whether an account is logged in to the client."""

    NONE = "none"
    ACCOUNT = "account"
    """A file of the client contains the login."""
    KEY = "key"
    """The client has stored a key (``primaryApiKey``), which it sends as ``x-api-key`` (measured)."""
    UNKNOWN = "unknown"
    """A macOS keychain may contain a login, or a file cannot be read. Rules must not rely on it."""


@dataclass(frozen=True, slots=True)
class ClientState:
    """The state in ``~/.claude.json`` and ``.credentials.json``, without secrets."""

    login: Login = Login.NONE
    trusted: frozenset[str] = frozenset()
    """The folders whose settings the client trusts, as it writes them (``hasTrustDialogAccepted``)."""
    has_key: bool = False
    """``primaryApiKey`` is set."""
    onboarded: bool | None = None
    """``hasCompletedOnboarding`` is true; ``None``: the file cannot be read."""
    file: str = field(default="", compare=False)
    """The path of ``.claude.json``."""
