"""Decide which credentials may be sent to the base URL.

User settings, managed settings and the shell are trusted. A folder's settings may come with a cloned repository or an
archive: if only they set the base URL, that server gets the user's credentials only after the folder is trusted.
"""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.settings.scope import Scope, SettingsSnapshot
from stormdeck.model.urls import origin_of, with_scheme

BASE_URL = "env.ANTHROPIC_BASE_URL"
TOKEN = "env.ANTHROPIC_AUTH_TOKEN"  # noqa: S105 - a name
API_KEY = "env.ANTHROPIC_API_KEY"
CREDENTIALS = (TOKEN, API_KEY, "env.ANTHROPIC_CUSTOM_HEADERS", "env.CLAUDE_CODE_EXTRA_BODY")
"""Credentials that Claude Code sends to its base URL, in order of precedence."""
AUTHORITIES = ("env.NODE_EXTRA_CA_CERTS", "env.SSL_CERT_FILE")
"""Files of authorities. Of those in the settings, the client reads only the first (measured, 2.1.112, 2.1.332)."""
FOLDER_SCOPES = frozenset({Scope.LOCAL, Scope.PROJECT})


@dataclass(frozen=True, slots=True)
class Withheld:
    """A credential that is not sent, because only an untrusted folder's settings name the server."""

    origin: str
    folder: str
    path: str
    """The key path of the credential."""

    @property
    def noun(self) -> str:
        """Return what is not sent: ``your token``."""
        return "your token" if self.path in {TOKEN, API_KEY} else f"your {self.path.removeprefix('env.')}"

    @property
    def words(self) -> str:
        """Return what is not sent and why, as a sentence without a full stop."""
        server = self.origin.partition("://")[2]
        return f"this folder's settings lead to {server}; {self.noun} is not sent there until you trust the folder"


def is_trusted(settings: SettingsSnapshot) -> bool:
    """Return whether the base URL is trusted: set outside the folder, or the folder is trusted."""
    base = settings.effective.get(BASE_URL)
    if base is None or base.scope not in FOLDER_SCOPES or settings.trust.by_client:
        return True
    origin = _origin(str(base.value))
    return origin is not None and (origin in settings.trust.origins or origin in _named_outside(settings))


def may_send(settings: SettingsSnapshot, path: str) -> bool:
    """Return whether the effective value may be sent to the effective base URL.

    A credential in the folder's settings may be sent only to the base URL of the same file: another file of the folder
    may be a link to one of the user's files.
    """
    base, value = settings.effective.get(BASE_URL), settings.effective.get(path)
    if base is None or value is None or is_trusted(settings):
        return True
    return value.scope is base.scope


def may_trust(settings: SettingsSnapshot, path: str) -> bool:
    """Return whether a file of authorities may be trusted: a folder could name one that lets it read along."""
    value = settings.effective.get(path)
    return value is None or value.scope not in FOLDER_SCOPES or settings.trust.by_client


def depends_on_trust(settings: SettingsSnapshot) -> bool:
    """Return whether the folder's settings name a server or an authority, so that its trust must be looked up."""
    scopes = {settings.effective[path].scope for path in AUTHORITIES if path in settings.effective}
    return is_led_by_folder(settings) or not scopes.isdisjoint(FOLDER_SCOPES)


def withheld(settings: SettingsSnapshot) -> Withheld | None:
    """Return the first credential that must not be sent, ``None`` if all may be sent."""
    if not is_led_by_folder(settings):
        return None
    origin = _origin(settings.text(BASE_URL) or "")
    kept = next((path for path in CREDENTIALS if settings.text(path) and not may_send(settings, path)), None)
    return Withheld(origin, settings.trust.folder, kept) if origin is not None and kept is not None else None


def is_led_by_folder(settings: SettingsSnapshot) -> bool:
    """Return whether the effective base URL comes from the folder's settings, so that trust matters."""
    base = settings.effective.get(BASE_URL)
    return base is not None and base.scope in FOLDER_SCOPES


def _named_outside(settings: SettingsSnapshot) -> frozenset[str | None]:
    """Return the origins of the base URLs in settings outside the folder."""
    envs = [file.values.get("env") for file in settings.files if file.scope not in FOLDER_SCOPES]
    urls = [env.get("ANTHROPIC_BASE_URL") for env in envs if isinstance(env, dict)]
    return frozenset(_origin(url) for url in (*urls, settings.shell.get("ANTHROPIC_BASE_URL")) if isinstance(url, str))


def _origin(text: str) -> str | None:
    return origin_of(with_scheme(text))
