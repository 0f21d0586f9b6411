"""What the base URL answered to requests that cost no GPU time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from stormdeck.model.snapshots.server import ServerKind


class Reach(StrEnum):
    """What a connection to the base URL met."""

    ANSWERS = auto()
    REFUSED = auto()
    UNRESOLVED = auto()
    PLAIN_HTTP = auto()
    """The URL says ``https`` and the port speaks plain HTTP."""
    UNTRUSTED = auto()
    """Its certificate is signed by an authority that neither the client nor this machine knows."""
    BAD_CERTIFICATE = auto()
    """Its certificate has expired, or is for another name."""
    UNREACHABLE = auto()
    """The network knows no route there."""
    SILENT = auto()
    """The connection was accepted, and no answer came for the whole time that a slow server is given."""
    UNCONNECTED = auto()
    """No connection was made in that time: a firewall, a VPN that is off, a machine that is off."""
    CUT = auto()
    """The connection was accepted and closed without an answer."""
    GATEWAY = auto()
    """What is in front answers that the server behind it does not."""
    NO_TLS = auto()
    """The server ends the TLS handshake: it has no certificate for this name, or wants one of the client."""
    TLS_ONLY = auto()
    """The URL says ``http`` and the port speaks TLS."""
    STARTING = auto()
    """The process that is to answer there runs, and does not listen yet."""
    MAY_START = auto()
    """The port is held here and refuses connections; a server in a container that may be behind it is loading."""
    REDIRECT = auto()
    """``/v1/messages`` is redirected."""
    FAILS = auto()
    """``/v1/messages`` answers with a status of 500 or above; other paths may not."""
    NO_HTTP = auto()
    """What came back is not HTTP."""
    UNKNOWN = auto()
    """The look was too short to tell, or what is there could not be read."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What the base URL answered to GETs that cost no GPU time, asked with the client's own credential."""

    url: str
    """The base URL as it was asked, without user and password."""
    reach: Reach
    kind: ServerKind | None = None
    has_messages: bool | None = None
    """Whether ``POST /v1/messages`` exists there; ``None``: it cannot be told without a request that costs."""
    credential: int | None = None
    """The status of ``/v1/models`` with what the client sends; ``None``: not asked, or the client sends nothing."""
    detail: str = ""
    """What came back, in words."""
    authorities: str = ""
    """Why the file in ``NODE_EXTRA_CA_CERTS`` is of no use; empty if it is readable or not set."""
    needs_shell: bool = False
    """Its certificate is trusted only by the ``SSL_CERT_FILE`` of the settings, which the client does not read."""
    status: int | None = None
    """The status of ``/v1/messages``, where it is redirected or fails."""
    location: str = ""
    """Where a redirect leads, as a complete URL."""
    elsewhere: str | None = None
    """The URL of a server that was found while nothing answers here; the same host where there are several."""
