"""Hears one answer out, piece by piece, so that what came is known wherever it broke off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.canary.check import Question, Route
from stormdeck.model.canary.questions import Ask
from stormdeck.model.canary.reply import EventReader, Reply, counted, error_text, json_body
from stormdeck.model.finding import HopKind
from stormdeck.model.masking.lines import MASK, mask_text
from stormdeck.model.text import clean


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


LIMIT = 256 * 1024
"""Bytes of an answer that is no stream; one of 64 tokens has 600 (measured, vLLM 0.32)."""
_EXCERPT = 400
_SHORTEST_SECRET = 6


class ResponseReader:
    """What one answer says. All moments are seconds on one clock, ``at`` the one of asking.

    Whatever the server quotes of ``secrets`` is masked.
    """

    def __init__(self, ask: Ask, secrets: Iterable[str], at: float) -> None:
        self.reply = Reply()
        self.overflow = ""
        self._ask = ask
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
        self._asked = self._last = at
        self._status: int | None = None
        self._kind = ""
        self._streamed = False
        self._events = EventReader()
        self._body = bytearray()
        self._gap_s: float | None = None

    def begins(self, status: int, kind: str) -> None:
        """Take the head of the answer."""
        self._status, self._kind = status, kind.lower()
        self._streamed = "event-stream" in self._kind and status < 300

    def take(self, chunk: bytes, now: float) -> None:
        """Take the next bytes, which came at a moment."""
        if not self._streamed:
            self._body += chunk
            if len(self._body) > LIMIT:
                self.overflow = f"more than {LIMIT // 1024} KiB for a tiny answer"
            return
        for event in self._events.take(chunk):
            if self.reply.started:
                self._gap_s = max(self._gap_s or 0.0, now - self._last)
            self._last = now
            self.reply.take(event, now)
        self.overflow = self._events.overflow

    def outcome(self, gone: Gone | None, detail: str, now: float) -> Outcome:
        """Return what came of it all, asked for at a moment."""
        body = json_body(bytes(self._body)) or {}
        reply = self.reply if self._streamed else Reply.whole(body)
        if reply is not None and reply.error is not None:
            reply.error = self._shown(reply.error)
        first = self.reply.first_token_at
        for block in reply.blocks if reply is not None else ():
            block.name, block.text = self._shown(block.name), self._plain(block.text)
        start = bytes(self._body[:200]).lstrip().lower()
        return Outcome(
            status=self._status,
            gone=gone,
            detail=detail,
            reply=reply if self._status is not None and self._status < 300 else None,
            streamed=self._streamed,
            error="" if reply is not None else self._shown(error_text(body) or self._text()),
            html="html" in self._kind or start.startswith((b"<!doctype", b"<html")),
            count=counted(body) if self._ask.question is Question.COUNT_TOKENS else None,
            latency_ms=_ms(now - self._asked),
            ttft_ms=None if first is None else _ms(first - self._asked),
            gap_ms=None if self._gap_s is None else _ms(self._gap_s),
        )

    def _text(self) -> str:
        return bytes(self._body[: 4 * _EXCERPT]).decode("utf-8", "replace")

    def _shown(self, text: str) -> str:
        """Return a server's words as they may be shown, on one line: some echo the key that they refuse."""
        return self._plain(" ".join(clean(text[: 8 * _EXCERPT]).split()))[:_EXCERPT]

    def _plain(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return mask_text(text)


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
