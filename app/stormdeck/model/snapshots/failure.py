"""Why a request to a server got no answer."""

from __future__ import annotations

from enum import StrEnum

CUT_WORDS = "the connection was closed before the answer was complete"
"""What every description of a connection that was cut contains."""

LIMITED_WORDS = "429: what is in front of it limits requests"
"""What every description of a server whose figures a limit hides contains."""

ENDED_HANDSHAKE = "the server ends the TLS handshake"
"""How the description of a TLS alert begins: the server speaks TLS, and refuses this connection."""


class FailureKind(StrEnum):
    """Why a server gave no answer, or no complete one."""

    REFUSED = "refused"
    """Nothing listens there."""
    UNREACHABLE = "unreachable"
    """No route to the host, or a firewall in between."""
    UNRESOLVED = "unresolved"
    """The name server answered that the name does not exist."""
    LOOKUP = "lookup"
    """The name server did not answer: whether the name exists is not known."""
    TIMEOUT = "timeout"
    CUT = "cut"
    """The connection was closed before the answer was complete."""
    UNTRUSTED = "untrusted"
    """Its certificate is signed by an authority that is not known here."""
    CERTIFICATE = "certificate"
    """Its certificate has expired, or is for another name."""
    TLS = "tls"
    """No TLS connection for another reason; usually the port does not speak TLS."""
    TOO_BIG = "too big"
    NOT_HTTP = "not http"
    BAD_URL = "bad url"
    HOSTED = "hosted"
    """Not asked: it is the hosted API."""
    GATEWAY = "gateway"
    """A gateway answered that the server behind it does not."""
    OURS = "ours"
    """Not asked: this process or machine has no free file descriptor."""
