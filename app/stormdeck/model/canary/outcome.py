"""What became of one request, before anybody judges it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.canary.check import Route
from stormdeck.model.canary.reply import Reply
from stormdeck.model.hop import HopKind


class Gone(StrEnum):
    """Why there is no answer, or no whole one; the values are those of ``sources.trouble``."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNRESOLVED = "unresolved"
    TIMEOUT = "timeout"
    CUT = "cut"
    TLS = "tls"
    TOO_BIG = "too big"
    NOT_HTTP = "not http"
    BAD_URL = "bad url"
    HOSTED = "hosted"


@dataclass(frozen=True, slots=True)
class Way:
    """Which way a request went."""

    route: Route
    hop: HopKind
    """Who answers there: the proxy, or vLLM."""
    place: str
    """The URL, as it may be shown."""
    has_path: bool = False
    """The base URL names more than a host, so that requests go to a path below it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One request's end. Times are milliseconds; all text is clean and masked."""

    status: int | None = None
    """``None``: no answer began."""
    gone: Gone | None = None
    """``None``: the answer is whole."""
    detail: str = ""
    """Why it is not whole, in words."""
    reply: Reply | None = None
    """The message; ``None`` for an error, a count, and what is neither."""
    streamed: bool = False
    """It came as events."""
    error: str = ""
    """What an answer that is no message says: an error's words, else the beginning of the text."""
    html: bool = False
    count: int | None = None
    """Of ``count_tokens``."""
    latency_ms: int | None = None
    ttft_ms: int | None = None
    gap_ms: int | None = None

    @property
    def ok(self) -> bool:
        """Say whether the status promises an answer; it proves nothing yet."""
        return self.status is not None and 200 <= self.status < 300
