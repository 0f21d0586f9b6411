"""Classify why a request got no answer, and describe it in plain words."""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from stormdeck.model.snapshots.failure import CUT_WORDS, ENDED_HANDSHAKE
from stormdeck.model.snapshots.failure import FailureKind as FailureKind  # noqa: PLC0414 - the sources import both from here
from stormdeck.model.text import clean

HOSTED = "the hosted API: not asked"
NO_DESCRIPTORS = "stormdeck has no free file descriptor; raise `ulimit -n` or end other programs"
_SHORT = {errno.EMFILE, errno.ENFILE}
_ENDED = {errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE}
"""A reset during the connect, too: a connection that nothing takes is refused instead."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer."""

    kind: FailureKind
    text: str
    """In plain words, without the URL: ``connection refused: nothing listens on port 8000``."""
    accepted: bool = False
    """The server took the connection before it failed."""


def failure_of(error: BaseException, port: int) -> Failure:
    """Return the failure that an exception of httpx stands for."""
    import httpx

    known = failure_of_connection(error, port)
    if known is not None:
        return known
    if isinstance(error, httpx.TimeoutException):
        return Failure(FailureKind.TIMEOUT, "no whole answer in time")
    if isinstance(error, httpx.ConnectError):
        reasons = (cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror)
        reason = next(reasons, str(error))
        return Failure(FailureKind.UNREACHABLE, f"cannot connect to port {port}: {clean(reason)}")
    if isinstance(error, httpx.RemoteProtocolError):
        words = str(error)
        if "disconnected" in words or "peer closed" in words:
            return _cut()
        return Failure(FailureKind.NOT_HTTP, "the answer is not HTTP")
    if isinstance(error, httpx.NetworkError):
        return _cut()
    return Failure(FailureKind.BAD_URL, f"cannot be requested: {clean(str(error))[:120]}")


def failure_of_connection(error: BaseException, port: int) -> Failure | None:
    """Return the failure that the state of a connection shows, ``None`` for other errors."""
    causes = tuple(_causes(error))
    if any(isinstance(cause, OSError) and is_out_of_descriptors(cause) for cause in causes):
        return Failure(FailureKind.OURS, NO_DESCRIPTORS)
    known = next(filter(None, map(_by_socket, causes)), None)
    if known is not None:
        return known
    # Of several addresses of a name, one that takes connections shows more than one that refuses.
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return refused(port)
    return None


def _by_socket(error: BaseException) -> Failure | None:
    """Return the failure that an error of a connection shows, ``None`` for other errors."""
    is_ended = isinstance(error, OSError) and error.errno in _ENDED
    if is_ended or isinstance(error, EOFError | ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _cut()
    return _tls_failure(error) if isinstance(error, ssl.SSLError) else None


def refused(port: int) -> Failure:
    """Return the failure for a port where nothing listens."""
    return Failure(FailureKind.REFUSED, f"connection refused: nothing listens on port {port}")


def _cut() -> Failure:
    """Return the failure for a connection that was made and then ended by the other side."""
    return Failure(FailureKind.CUT, CUT_WORDS, accepted=True)


def is_out_of_descriptors(error: OSError) -> bool:
    """Return whether the error is that this process or machine has no file descriptor left."""
    return error.errno in _SHORT


_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21, 24, 27}
"""OpenSSL's codes for a certificate that is self-signed, or whose authority is not known or no authority."""
_OTHERWISE_WRONG = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    62: "its certificate is for another name",
    64: "its certificate is for another address",
}


_ALERTS = {
    "CERTIFICATE_REQUIRED": "it wants a certificate of the client",
    "UNRECOGNIZED_NAME": "it has no certificate for this name",
    "INTERNAL_ERROR": "often, it has no certificate for this name",
    "PROTOCOL_VERSION": "it wants another version of TLS",
}
"""What the alerts of TLS mean; caddy sends ``internal_error`` where it has no certificate (measured, 2.6)."""


def _tls_failure(error: ssl.SSLError) -> Failure:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _UNKNOWN_AUTHORITY:
            words = f"its certificate is not trusted: {clean(error.verify_message)}"
            return Failure(FailureKind.UNTRUSTED, words, accepted=True)
        words = _OTHERWISE_WRONG.get(error.verify_code, f"its certificate is wrong: {clean(error.verify_message)}")
        return Failure(FailureKind.CERTIFICATE, words, accepted=True)
    if error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}:
        return Failure(FailureKind.TLS, "it does not speak TLS")
    reason = clean(error.reason or str(error))[:80]
    if "ALERT" not in reason and "UNRECOGNIZED_NAME" not in reason:
        return Failure(FailureKind.TLS, f"no TLS connection: {reason}")
    meant = next((words for name, words in _ALERTS.items() if name in reason), "")
    return Failure(FailureKind.TLS, f"{ENDED_HANDSHAKE} ({reason}{f': {meant}' if meant else ''})", accepted=True)


def _causes(error: BaseException | None, depth: int = 0) -> Iterator[BaseException]:
    """Yield an exception and all its causes."""
    if error is None or depth > 10:
        return
    yield error
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _causes(member, depth + 1)
    yield from _causes(error.__cause__ or error.__context__, depth + 1)
