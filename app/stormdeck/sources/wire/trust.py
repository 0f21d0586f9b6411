"""Make the TLS context for the recorder's own connections: what the client trusts, and its own certificate."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress

from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.sources.settings.authorities import read_authorities

_CERTIFICATE = "env.CLAUDE_CODE_CLIENT_CERT"
_KEY = "env.CLAUDE_CODE_CLIENT_KEY"
_PASSPHRASE = "env.CLAUDE_CODE_CLIENT_KEY_PASSPHRASE"  # noqa: S105 - a name
_UNCHECKED = "env.NODE_TLS_REJECT_UNAUTHORIZED"


def context_for(base: str, settings: SettingsSnapshot) -> ssl.SSLContext:
    """Return the context for a base URL. Loading the usual authorities takes 100 ms, so plain HTTP has none."""
    if not base.lower().startswith("https:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    from stormdeck.sources.net.http import trusting

    context = trusting(read_authorities(settings))
    if settings.text(_UNCHECKED) == "0":
        # The user turned the check off for the client, so the recorder does not check either.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate = settings.text(_CERTIFICATE)
    if certificate:
        with suppress(OSError, ssl.SSLError):
            passphrase: Callable[[], str] = lambda: settings.text(_PASSPHRASE) or ""  # noqa: E731
            context.load_cert_chain(certificate, settings.text(_KEY) or None, passphrase)
    return context
