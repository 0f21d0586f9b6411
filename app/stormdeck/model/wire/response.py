"""Read an answer as it passes: tokens, stop reason, error type, and whether it is complete."""

from __future__ import annotations

import json
import zlib
from typing import Any

_LONGEST_LINE = 64 * 1024
"""Bytes of an event's line; longer ones are text of the answer, which is not read."""
_MOST_BODY = 4 * 1024 * 1024
"""Bytes of an answer in one piece that are kept until its end."""
_LONGEST = 100
_ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_CHUNK = b'"chat.completion.chunk"'
_COUNTED = b'"completion_tokens"'
"""In the last piece of a stream in OpenAI's form."""
_WORTH_READING = (b'"message_start"', b'"message_delta"', b'"error"', b'"usage"')


class ResponseReader:
    r"""Read the pieces of one body. Memory is bounded, and nothing of the text is kept.

    >>> reader = ResponseReader("text/event-stream")
    >>> reader.feed(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')
    >>> reader.finish()
    >>> reader.is_complete
    True
    """

    def __init__(self, content_type: str, encoding: str = "") -> None:
        self._is_stream = content_type.partition(";")[0].strip().lower() == "text/event-stream"
        encoding = encoding.strip().lower()
        self._window = _ENCODINGS.get(encoding)
        self._is_readable = encoding in {"", "identity"} or self._window is not None
        self._unpacker = zlib.decompressobj(self._window) if self._window is not None else None
        self._rest = bytearray()
        self._is_skipping = False
        """The current line is too long: drop it up to its end."""
        self._stopped = False
        self.deltas = 0
        """Pieces of text or of a tool's input so far: about one for each token."""
        self.input_tokens: int | None = None
        self.cached_tokens: int | None = None
        self.output_tokens: int | None = None
        self.stop_reason = ""
        self.error_type = ""

    @property
    def is_complete(self) -> bool:
        """Return whether a stream said that it is over. An answer in one piece is complete at its end."""
        return self._stopped or not self._is_stream or not self._is_readable

    def feed(self, piece: bytes) -> None:
        """Read the next bytes of the body."""
        if not self._is_readable:
            return
        if self._unpacker is not None:
            try:
                piece = self._unpacker.decompress(piece, _MOST_BODY)
            except zlib.error:
                self._is_readable = False
                return
            # A small piece can grow a thousandfold: one that does is no answer of a model.
            self._is_readable = not self._unpacker.unconsumed_tail
        if self._is_stream:
            self._feed_lines(piece)
        elif len(self._rest) + len(piece) <= _MOST_BODY:
            self._rest += piece
        else:
            self._is_readable = False
            self._rest.clear()

    def finish(self) -> None:
        """Read what is left at the end of the body."""
        if not self._is_readable:
            return
        if self._is_stream:
            self._line(bytes(self._rest))
        elif fields := _object(bytes(self._rest)):
            self._take(fields)
        self._rest.clear()

    def _feed_lines(self, piece: bytes) -> None:
        if piece.endswith(b"\n") and not self._rest and not self._is_skipping and len(piece) <= _LONGEST_LINE:
            # Nearly every piece: whole events, which need no buffer.
            for line in piece.split(b"\n"):
                self._line(line)
            return
        first, *others = piece.split(b"\n")
        self._append(first)
        for line in others:
            if not self._is_skipping:
                self._line(bytes(self._rest))
            self._rest.clear()
            self._is_skipping = False
            self._append(line)

    def _append(self, part: bytes) -> None:
        if self._is_skipping or len(self._rest) + len(part) > _LONGEST_LINE:
            self._is_skipping = True
            self._rest.clear()
        else:
            self._rest += part

    def _line(self, line: bytes) -> None:
        if not line.startswith(b"data:"):
            return
        if b'"content_block_delta"' in line or (_CHUNK in line and _COUNTED not in line):
            self.deltas += 1
        elif b'"message_stop"' in line or line[5:].strip() == b"[DONE]":
            self._stopped = True
        elif any(word in line for word in _WORTH_READING) and (fields := _object(line[5:])) is not None:
            self._take(fields)

    def _take(self, fields: dict[str, Any]) -> None:
        """Take usage, stop reason and error type of an event or of a whole answer."""
        message = fields.get("message")
        message = message if isinstance(message, dict) else {}
        for usage in (message.get("usage"), fields.get("usage")):
            if isinstance(usage, dict):
                for name in ("input_tokens", "prompt_tokens"):
                    self.input_tokens = _number(usage, name, self.input_tokens)
                for name in ("output_tokens", "completion_tokens"):
                    self.output_tokens = _number(usage, name, self.output_tokens)
                self.cached_tokens = _number(usage, "cache_read_input_tokens", self.cached_tokens)
        for holder in (message, fields, fields.get("delta")):
            reason = holder.get("stop_reason") if isinstance(holder, dict) else None
            if isinstance(reason, str):
                self.stop_reason = reason[:_LONGEST]
        error = fields.get("error")
        if isinstance(error, dict):
            named = error.get("type")
            self.error_type = named[:_LONGEST] if isinstance(named, str) and named else "error"
        elif isinstance(error, str):
            self.error_type = "error"


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _number(usage: dict[str, Any], name: str, before: int | None) -> int | None:
    value = usage.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else before
