"""Read one response chunk by chunk, so that a partial one can be judged too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from stormdeck.model.canary.check import Question, Route
from stormdeck.model.canary.questions import CanaryRequest
from stormdeck.model.canary.reply import EventReader, Reply, counted, error_text, json_body
from stormdeck.model.finding import HopKind
from stormdeck.model.masking.lines import MASK, mask_text
from stormdeck.model.snapshots.failure import FailureKind
from stormdeck.model.text import clean


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where requests are sent."""

    route: Route
    hop: HopKind
    """What answers there: the proxy or vLLM."""
    place: str
    """The URL, safe to show."""
    has_path: bool = False
    """Whether the base URL has a path, to which the client adds its own."""


@dataclass(frozen=True, slots=True)
class CanaryResponse:
    """The response to one request. Times are milliseconds; all text is cleaned and masked."""

    status: int | None = None
    """``None``: there was no response."""
    failure: FailureKind | None = None
    """``None``: the response is complete."""
    detail: str = ""
    """Why it is incomplete."""
    reply: Reply | None = None
    """The message; ``None`` for anything else, such as an error or a count."""
    streamed: bool = False
    """Whether it was a stream of events."""
    error: str = ""
    """For anything but a message: the text of the error, or the beginning of the body."""
    html: bool = False
    count: int | None = None
    """The result of ``count_tokens``."""
    latency_ms: int | None = None
    ttft_ms: int | None = None
    gap_ms: int | None = None
    ended_ms: int | None = None
    """From sending to the last event of a stream."""

    @property
    def ok(self) -> bool:
        """Return whether the status is a success, which alone proves nothing."""
        return self.status is not None and 200 <= self.status < 300


LIMIT = 256 * 1024
"""Bytes of a response that is not a stream; one of 64 tokens has 600 (measured, vLLM 0.32)."""
_EXCERPT = 400
_SHORTEST_SECRET = 6


class ResponseReader:
    """Reads one response. All times are seconds of one clock; the request was sent ``at``.

    Where the server quotes one of ``secrets``, it is masked.
    """

    def __init__(self, request: CanaryRequest, secrets: Iterable[str], at: float) -> None:
        self.reply = Reply()
        self.overflow = ""
        self._request = request
        self._secrets = [secret for secret in secrets if len(secret) >= _SHORTEST_SECRET]
        self._sent_at = self._last = at
        self._status: int | None = None
        self._kind = ""
        self._streamed = False
        self._events = EventReader()
        self._body = bytearray()
        self._gap_s: float | None = None

    def begin(self, status: int, kind: str) -> None:
        """Process status and content type."""
        self._status, self._kind = status, kind.lower()
        self._streamed = "event-stream" in self._kind and status < 300

    def feed(self, chunk: bytes, now: float) -> None:
        """Process the next bytes."""
        if not self._streamed:
            self._body += chunk
            if len(self._body) > LIMIT:
                self.overflow = f"more than {LIMIT // 1024} KiB for a tiny answer"
            return
        for event in self._events.feed(chunk):
            if self.reply.started:
                self._gap_s = max(self._gap_s or 0.0, now - self._last)
            self._last = now
            self.reply.add(event, now)
        self.overflow = self._events.overflow

    def finish(self, failure: FailureKind | None, detail: str, now: float) -> CanaryResponse:
        """Return the response as it is now, with the reason if it is incomplete."""
        body = json_body(bytes(self._body)) or {}
        reply = self.reply if self._streamed else Reply.whole(body)
        if reply is not None and reply.error is not None:
            reply.error = self._shown(reply.error)
        first = self.reply.first_token_at
        for block in reply.blocks if reply is not None else ():
            block.name, block.text = self._shown(block.name), self._masked(block.text)
        start = bytes(self._body[:200]).lstrip().lower()
        return CanaryResponse(
            status=self._status,
            failure=failure,
            detail=detail,
            reply=reply if self._status is not None and self._status < 300 else None,
            streamed=self._streamed,
            error="" if reply is not None else self._shown(error_text(body) or self._text()),
            html="html" in self._kind or start.startswith((b"<!doctype", b"<html")),
            count=counted(body) if self._request.question is Question.COUNT_TOKENS else None,
            latency_ms=_ms(now - self._sent_at),
            ttft_ms=None if first is None else _ms(first - self._sent_at),
            gap_ms=None if self._gap_s is None else _ms(self._gap_s),
            ended_ms=_ms(self._last - self._sent_at) if self.reply.started else None,
        )

    def _text(self) -> str:
        return bytes(self._body[: 4 * _EXCERPT]).decode("utf-8", "replace")

    def _shown(self, text: str) -> str:
        """Return a server's text on one line, masked: some servers quote the key that they refuse."""
        return self._masked(" ".join(clean(text[: 8 * _EXCERPT]).split()))[:_EXCERPT]

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return mask_text(text)


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
