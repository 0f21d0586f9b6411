"""Read the secrets and the authority that the access to a Prometheus names."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from stormdeck.model.fleet.access import TENANT_HEADER, PrometheusAccess, Secret
from stormdeck.sources.io.bounded_read import read_bounded

_LARGEST_SECRET = 64 * 1024
_LARGEST_BUNDLE = 4 * 1024 * 1024
"""Bytes; the bundle of a whole system has 230,000."""


class UnreadableError(Exception):
    """What the user named cannot be used; the message is a sentence without any secret."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is sent with every request to one Prometheus and to no other origin."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    authority: str = field(default="", repr=False)
    """A PEM text of authorities to trust besides the usual ones."""


def read_credentials(access: PrometheusAccess, environ: Mapping[str, str]) -> Credentials:
    """Return the headers and the authority; raises ``UnreadableError``. Reads files: run it in a thread."""
    headers = {}
    if access.tenant:
        headers[TENANT_HEADER] = access.tenant
    for name, secret in access.headers:
        headers[name] = _read(secret, environ)
    if access.bearer is not None:
        headers["authorization"] = f"Bearer {_read(access.bearer, environ)}"
    if access.password is not None:
        login = f"{access.user}:{_read(access.password, environ)}"
        headers["authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    return Credentials(headers, _authority(access))


def _read(secret: Secret, environ: Mapping[str, str]) -> str:
    if secret.file is None:
        text, named = environ.get(secret.variable, ""), f"the variable {secret.variable}"
    else:
        named = f"the file {secret.file}"
        try:
            text = read_bounded(secret.file, _LARGEST_SECRET).decode("utf-8", "replace")
        except OSError as error:
            raise UnreadableError(f"the secret cannot be read: {named}: {error.strerror or error}") from error
    text = text.strip()
    if not text:
        raise UnreadableError(f"the secret is missing: {named} is {'empty' if secret.file else 'not set'}")
    if not text.isascii() or not text.isprintable():
        raise UnreadableError(f"the secret cannot be sent: {named} has characters that no HTTP header can carry")
    return text


def _authority(access: PrometheusAccess) -> str:
    if access.ca is None:
        return ""
    try:
        text = read_bounded(access.ca, _LARGEST_BUNDLE).decode("ascii", "ignore")
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except OSError as error:
        why = "it has no certificate in PEM form" if isinstance(error, ssl.SSLError) else error.strerror or error
        raise UnreadableError(f"the authority cannot be used: {access.ca}: {why}") from error
    except ValueError as error:
        raise UnreadableError(
            f"the authority cannot be used: {access.ca}: it has no certificate in PEM form"
        ) from error
    return text
