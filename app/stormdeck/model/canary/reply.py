"""Parse an answer of the messages API, from JSON or from server-sent events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 256 * 1024
"""Limit of a whole stream; one of 64 tokens has 8 000 (measured, vLLM 0.32)."""
MOST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    name: str
    """From its ``event:`` line, or empty."""
    data: str
    """From its ``data:`` lines, joined by line feeds."""


class EventReader:
    r"""Parse a stream of bytes into events, as the HTML standard defines them.

    Lines end with LF, CR or both; invalid UTF-8 becomes replacement characters; comments and unknown fields are
    dropped; an event without a blank line after it is incomplete and dropped.

    >>> EventReader().feed(b"event: ping\ndata: {}\n\n")
    [Event(name='ping', data='{}')]
    """

    def __init__(self, most_bytes: int = MOST_BYTES, most_line: int = MOST_LINE) -> None:
        self._most_bytes = most_bytes
        self._most_line = most_line
        self._size = 0
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._begun = False
        self._after_cr = False
        self.overflow = ""
        """Why the stream was too large, or empty."""

    def feed(self, chunk: bytes) -> list[Event]:
        """Return the events that a chunk completes; none after an overflow."""
        if self.overflow or not chunk:
            return []
        self._size += len(chunk)
        if self._size > self._most_bytes:
            self.overflow = f"more than {self._most_bytes // 1024} KiB for a tiny answer"
            return []
        return [event for line in self._lines(chunk) if (event := self._line(line)) is not None]

    def _lines(self, chunk: bytes) -> list[bytes]:
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r") if chunk else False
        whole = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = whole.split(b"\n")
        if lines:
            lines[0] = self._rest + lines[0]
            self._rest = rest
        else:
            self._rest += rest
        if max(map(len, (*lines, self._rest))) > self._most_line:
            self.overflow = f"a line of more than {self._most_line // 1024} KiB"
            return []
        return lines

    def _line(self, raw: bytes) -> Event | None:
        line = raw.decode("utf-8", "replace")
        if not self._begun:
            self._begun, line = True, line.removeprefix("\ufeff")
        if not line:
            event = Event(self._name, "\n".join(self._data)) if self._data else None
            self._name, self._data = "", []
            return event
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        return None


_MOST_BLOCKS = 64
_MOST_TOKENS = 10**9


@dataclass(slots=True)
class Block:
    """One content block."""

    kind: str
    """``text``, ``thinking``, ``tool_use``."""
    name: str = ""
    """The name of the tool."""
    text: str = ""
    """Its text; for a streamed tool call, the arguments as JSON text."""
    input: object = None
    """The arguments of a tool call in the block itself."""

    @property
    def arguments(self) -> Mapping[str, object] | None:
        """Return a tool call's arguments, or ``None`` if they are not a JSON object, which the client cannot run."""
        found = _parsed(self.text) if self.text else self.input
        return found if isinstance(found, Mapping) else None


@dataclass(slots=True)
class Reply:
    """An answer as received so far."""

    blocks: list[Block] = field(default_factory=list)
    started: bool = False
    """Whether ``message_start`` came."""
    stopped: bool = False
    """Whether ``message_stop`` came; always for a JSON answer."""
    error: str | None = None
    """The text of an ``event: error``."""
    stop_reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    first_token_at: float | None = None
    """In the time of ``add``."""
    not_json: int = 0
    """The number of events that are not JSON objects."""

    @classmethod
    def whole(cls, body: Mapping[str, Any]) -> Reply | None:
        """Return the answer in a JSON body, or ``None`` for other JSON."""
        content = body.get("content")
        if body.get("type") != "message" or not isinstance(content, list):
            return None
        reply = cls(started=True, stopped=True, stop_reason=_text(body.get("stop_reason")))
        for entry in content:
            reply._open(_mapping(entry), 0.0)
        reply.first_token_at = None
        reply._count(body.get("usage"))
        return reply

    @property
    def ended(self) -> bool:
        """Return whether it is complete or failed."""
        return self.stopped or self.error is not None

    @property
    def text(self) -> str:
        """Return the text for the user."""
        return "".join(block.text for block in self.blocks if block.kind == "text")

    @property
    def tool(self) -> Block | None:
        """Return the first tool call."""
        return next((block for block in self.blocks if block.kind == "tool_use"), None)

    def add(self, event: Event, at: float) -> None:
        """Add the next event of a stream."""
        body = _parsed(event.data)
        if not isinstance(body, dict):
            self.not_json += event.data != "[DONE]"
            return
        match body.get("type") or event.name:
            case "message_start":
                self.started = True
                self._count(_mapping(body.get("message")).get("usage"))
            case "content_block_start":
                self._open(_mapping(body.get("content_block")), at)
            case "content_block_delta":
                self._extend(_mapping(body.get("delta")), at)
            case "message_delta":
                self.stop_reason = _text(_mapping(body.get("delta")).get("stop_reason")) or self.stop_reason
                self._count(body.get("usage"))
            case "message_stop":
                self.stopped = True
            case "error":
                self.error = error_text(body) or "an error without a message"

    def _open(self, start: Mapping[str, Any], at: float) -> None:
        if len(self.blocks) < _MOST_BLOCKS:
            kind = _text(start.get("type"))
            text = _text(start.get("text")) or _text(start.get("thinking"))
            self.blocks.append(Block(kind, _text(start.get("name")), text, start.get("input")))
            if text or kind == "tool_use":
                self._note_first_token(at)

    def _extend(self, delta: Mapping[str, Any], at: float) -> None:
        if not self.blocks:
            self.blocks.append(Block("text"))
        for name in ("text", "thinking", "partial_json"):
            self.blocks[-1].text += _text(delta.get(name))
        self._note_first_token(at)

    def _note_first_token(self, at: float) -> None:
        if self.first_token_at is None:
            self.first_token_at = at

    def _count(self, usage: object) -> None:
        """Keep the highest counts: LiteLLM begins a stream with zeros (measured, 1.109)."""
        counts = _mapping(usage)
        cached = sum(_number(counts.get(f"cache_{kind}_input_tokens")) for kind in ("creation", "read"))
        self.input_tokens = max(self.input_tokens, _number(counts.get("input_tokens")) + cached)
        self.output_tokens = max(self.output_tokens, _number(counts.get("output_tokens")))


def error_text(body: Mapping[str, Any]) -> str:
    """Return the message of an error body: Anthropic's, OpenAI's, FastAPI's, or that of vLLM's 401."""
    error = body.get("error")
    inner = error.get("message") if isinstance(error, Mapping) else error
    return _text(inner) or _text(body.get("detail")) or _text(body.get("message"))


def counted(body: Mapping[str, Any]) -> int | None:
    """Return the count in an answer of ``count_tokens``, or ``None``."""
    count = body.get("input_tokens")
    return count if type(count) is int and 0 <= count < _MOST_TOKENS else None


def json_body(raw: bytes) -> dict[str, Any] | None:
    """Return a body as a JSON object, or ``None`` if it is none."""
    found = _parsed(raw)
    return found if isinstance(found, dict) else None


def _parsed(text: str | bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if type(value) is int and 0 <= value < _MOST_TOKENS else 0
