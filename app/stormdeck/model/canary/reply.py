"""An answer of the messages API, put together from its JSON or from its events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 256 * 1024
"""Of a whole stream; one of 64 tokens has 8 000 (measured, vLLM 0.32)."""
MOST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it stood on the wire."""

    name: str
    """Of its ``event:`` line, empty where it has none."""
    data: str
    """Of its ``data:`` lines, joined by line ends."""


class EventReader:
    """Takes bytes as they come, hands out whole events.

    Lines end with LF, CR or both; wrong UTF-8 becomes replacement characters; comments and unknown fields are
    dropped; what has no blank line after it is no event (all as in the HTML standard).
    """

    def __init__(self, most_bytes: int = MOST_BYTES, most_line: int = MOST_LINE) -> None:
        self._most_bytes = most_bytes
        self._most_line = most_line
        self._taken = 0
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._begun = False
        self._after_cr = False
        self.overflow = ""
        """Why no more is taken, in words; empty while all is well."""

    def take(self, chunk: bytes) -> list[Event]:
        """Return the events that a piece of the stream completes; nothing once it has overflowed."""
        if self.overflow or not chunk:
            return []
        self._taken += len(chunk)
        if self._taken > self._most_bytes:
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
    """Of the tool."""
    text: str = ""
    """What it says; of a tool call in a stream, its arguments as JSON text."""
    given: object = None
    """The arguments of a tool call as the block itself has them."""

    @property
    def arguments(self) -> Mapping[str, object] | None:
        """Return a tool call's arguments, ``None`` where they are no JSON object: the client cannot run it then."""
        found = _parsed(self.text) if self.text else self.given
        return found if isinstance(found, Mapping) else None


@dataclass(slots=True)
class Reply:
    """What has come of an answer so far."""

    blocks: list[Block] = field(default_factory=list)
    started: bool = False
    """A stream: ``message_start`` came."""
    stopped: bool = False
    """``message_stop`` came; of a JSON answer, always."""
    error: str | None = None
    """What an ``event: error`` said."""
    stop_reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    first_token_at: float | None = None
    """On the clock of ``take``."""
    strange: int = 0
    """Events that are no JSON objects."""

    @classmethod
    def whole(cls, body: Mapping[str, Any]) -> Reply | None:
        """Return the answer that a JSON body is, ``None`` for any other JSON."""
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
        """Say whether nothing more is to come."""
        return self.stopped or self.error is not None

    @property
    def text(self) -> str:
        """Return what it says to the user."""
        return "".join(block.text for block in self.blocks if block.kind == "text")

    @property
    def tool(self) -> Block | None:
        """Return the first tool call."""
        return next((block for block in self.blocks if block.kind == "tool_use"), None)

    def take(self, event: Event, at: float) -> None:
        """Take the next event of a stream, which came at a moment."""
        body = _parsed(event.data)
        if not isinstance(body, dict):
            self.strange += event.data != "[DONE]"
            return
        match body.get("type") or event.name:
            case "message_start":
                self.started = True
                self._count(_mapping(body.get("message")).get("usage"))
            case "content_block_start":
                self._open(_mapping(body.get("content_block")), at)
            case "content_block_delta":
                self._grow(_mapping(body.get("delta")), at)
            case "message_delta":
                self.stop_reason = _text(_mapping(body.get("delta")).get("stop_reason")) or self.stop_reason
                self._count(body.get("usage"))
            case "message_stop":
                self.stopped = True
            case "error":
                self.error = error_text(body) or "an error without words"

    def _open(self, start: Mapping[str, Any], at: float) -> None:
        if len(self.blocks) < _MOST_BLOCKS:
            kind = _text(start.get("type"))
            text = _text(start.get("text")) or _text(start.get("thinking"))
            self.blocks.append(Block(kind, _text(start.get("name")), text, start.get("input")))
            if text or kind == "tool_use":
                self._first(at)

    def _grow(self, delta: Mapping[str, Any], at: float) -> None:
        if not self.blocks:
            self.blocks.append(Block("text"))
        for name in ("text", "thinking", "partial_json"):
            self.blocks[-1].text += _text(delta.get(name))
        self._first(at)

    def _first(self, at: float) -> None:
        if self.first_token_at is None:
            self.first_token_at = at

    def _count(self, usage: object) -> None:
        """Take the highest counts told: LiteLLM begins a stream with zeros (measured, 1.109)."""
        told = _mapping(usage)
        cached = sum(_number(told.get(f"cache_{kind}_input_tokens")) for kind in ("creation", "read"))
        self.input_tokens = max(self.input_tokens, _number(told.get("input_tokens")) + cached)
        self.output_tokens = max(self.output_tokens, _number(told.get("output_tokens")))


def error_text(body: Mapping[str, Any]) -> str:
    """Return the words of an error body in any of its shapes: Anthropic's, OpenAI's, FastAPI's, vLLM's 401."""
    error = body.get("error")
    inner = error.get("message") if isinstance(error, Mapping) else error
    return _text(inner) or _text(body.get("detail")) or _text(body.get("message"))


def counted(body: Mapping[str, Any]) -> int | None:
    """Return the count of ``count_tokens``, ``None`` where the body has none."""
    count = body.get("input_tokens")
    return count if type(count) is int and 0 <= count < _MOST_TOKENS else None


def json_body(raw: bytes) -> dict[str, Any] | None:
    """Return the JSON object that bytes are, ``None`` for all else."""
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
