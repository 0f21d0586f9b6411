"""Follow one request and its answer as they pass, without keeping any of their text."""

from __future__ import annotations

from dataclasses import replace

from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.request import Kind, RequestFacts
from stormdeck.model.wire.response import ResponseReader

_ERROR_STATUS = 400


class Sighting:
    """One request on its way, as far as it was seen. Times are the caller's."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        """What is known of the request itself."""
        self.sent_bytes = 0
        self._is_message = exchange.kind is not Kind.OTHER
        self._status: int | None = None
        self._received_bytes = 0
        self._first_byte: float | None = None
        self._last_byte: float | None = None
        self._reader: ResponseReader | None = None

    @property
    def is_answered(self) -> bool:
        """Return whether the head of the answer was seen."""
        return self._status is not None

    def read(self, facts: RequestFacts) -> None:
        """Add what a request tells of itself."""
        self.exchange = replace(
            self.exchange,
            kind=facts.kind,
            session=facts.session,
            thread=facts.thread,
            agent=facts.agent,
            key=facts.key,
            question=facts.question,
            body=facts.body,
            model=facts.model,
            stream=facts.stream,
            max_tokens=facts.max_tokens,
        )

    def answer(self, status: int, content_type: str, encoding: str) -> None:
        """Note the head of the answer."""
        self._status = status
        if self._is_message:
            self._reader = ResponseReader(content_type, encoding)

    def piece(self, data: bytes, now: float) -> None:
        """Read the next bytes of the answer's body."""
        if self._first_byte is None:
            self._first_byte = now
        self._last_byte = now
        self._received_bytes += len(data)
        if self._reader is not None:
            self._reader.feed(data)

    def finish(self) -> Outcome:
        """Return how an answer ended that HTTP calls complete; a stream may lack its last event."""
        reader = self._reader
        if reader is not None:
            reader.finish()
        if self._status is not None and self._status >= _ERROR_STATUS:
            return Outcome.STATUS
        if reader is None:
            return Outcome.ANSWERED
        if reader.error_type:
            return Outcome.ERROR
        return Outcome.ANSWERED if reader.is_complete else Outcome.CUT

    @property
    def seen(self) -> Exchange:
        """Return the exchange as it stands."""
        seen = replace(
            self.exchange,
            status=self._status,
            sent_bytes=self.sent_bytes,
            received_bytes=self._received_bytes,
            first_byte=self._first_byte,
            last_byte=self._last_byte,
        )
        reader = self._reader
        if reader is None:
            return seen
        return replace(
            seen,
            deltas=reader.deltas,
            input_tokens=reader.input_tokens,
            cached_tokens=reader.cached_tokens,
            output_tokens=reader.output_tokens,
            stop_reason=reader.stop_reason,
            error_type=reader.error_type,
        )
