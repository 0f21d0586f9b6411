"""Read the certificate authorities that Claude Code trusts besides the usual ones."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from pathlib import Path

from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.settings.trust import AUTHORITIES, may_trust
from stormdeck.sources.io.bounded_read import read_bounded

_LARGEST = 4 * 1024 * 1024
"""Bytes; the bundle of a whole system has 230,000."""


def read_authorities(settings: SettingsSnapshot, paths: Sequence[str] = AUTHORITIES) -> tuple[str, ...]:
    """Return the PEM texts of the files that the settings name. Never raises: Node ignores an unreadable file, too.

    A folder's own settings count only where the client trusts the folder. ``SSL_CERT_FILE`` of the shell needs no
    reading: OpenSSL honours it.
    """
    texts = (_read(settings.text(path) or "") for path in paths if may_trust(settings, path))
    return tuple(text for text in texts if isinstance(text, str) and text)


def why_useless(settings: SettingsSnapshot) -> str:
    """Return why the file in ``NODE_EXTRA_CA_CERTS`` has no authority to trust; empty if it has, or is not named."""
    path = AUTHORITIES[0]
    name = settings.text(path)
    if not name:
        return ""
    if not may_trust(settings, path):
        return "is set by a folder that is not trusted"
    text = _read(name)
    if isinstance(text, OSError):
        return f"names a file that cannot be read ({text.strerror or text})"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return "names a file without a certificate in PEM form"
    return ""


def _read(name: str) -> str | OSError:
    if not name:
        return ""
    try:
        # Comments may have any letters; certificates are ASCII.
        return read_bounded(Path(name), _LARGEST).decode("ascii", "ignore")
    except OSError as error:
        return error
    except ValueError as error:
        return OSError(str(error))
