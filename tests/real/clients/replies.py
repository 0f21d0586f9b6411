"""What the recording server answers to a client's request for a message, one step of a script for each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import count

SERVED = "Qwen3.5-27B"
TOKEN = "sk-real-tests"
_NUMBERS = count(1)


@dataclass(frozen=True)
class Say:
    """An answer in words, as a stream or whole, as it is asked for."""

    text: str = "done"


@dataclass(frozen=True)
class Call:
    """An answer that calls a tool."""

    tool: str
    arguments: dict


@dataclass(frozen=True)
class Refuse:
    """An error with a status."""

    status: int
    body: dict | str
    headers: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """The head and the first words of a stream, then the end of the connection."""


@dataclass(frozen=True)
class Slow:
    """An answer in words, with a pause after each event."""

    text: str = "done"
    pause_s: float = 0.3


@dataclass(frozen=True)
class Break:
    """The head and the first words of a stream, then an event that tells of an error, and a good end."""


@dataclass(frozen=True)
class Reset:
    """The connection is reset before a byte of an answer."""


@dataclass(frozen=True)
class Hang:
    """Silence for as long as the client waits."""


Step = Say | Slow | Call | Refuse | Cut | Break | Reset | Hang


ERROR = b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
"""An event of a stream that tells of an error."""


def engine_dead() -> Refuse:
    """Return what vLLM 0.33 says once its engine has died (facts/vllm.md)."""
    message = "The server had an error while processing your request."
    return Refuse(500, {"type": "error", "error": {"type": "api_error", "message": message}})


def cooldown(**headers: str) -> Refuse:
    """Return what LiteLLM says while the only deployment of a model rests (facts/proxies.md)."""
    message = f"No deployments available for selected model, Try again in 5 seconds. Passed model={SERVED}."
    body = {"error": {"message": message, "type": "None", "param": "None", "code": "429"}}
    return Refuse(429, body, {name.replace("_", "-"): value for name, value in headers.items()})


def overloaded() -> Refuse:
    """Return what the hosted API says when it is overloaded."""
    return Refuse(529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})


def malformed() -> Refuse:
    """Return what vLLM says to a field that it does not know."""
    message = "1 validation error: Extra inputs are not permitted"
    return Refuse(400, {"error": {"message": message, "type": "Bad Request", "param": None, "code": 400}})


def unknown_model(model: str) -> Refuse:
    """Return what vLLM 0.33 says to an id that it does not serve (facts/vllm.md)."""
    message = f"The model `{model}` does not exist. Valid aliases: {SERVED}."
    return Refuse(404, {"type": "error", "error": {"type": "not_found_error", "message": message}})


NO_PATH = Refuse(404, {"detail": "Not Found"})
NOT_ALLOWED = Refuse(405, {"detail": "Method Not Allowed"})
NO_ENTRY = Refuse(401, {"error": "Unauthorized"})


def message_of(step: Say | Call, model: str) -> dict:
    """Return an answer as a whole message."""
    number = next(_NUMBERS)
    if isinstance(step, Say):
        block, reason = {"type": "text", "text": step.text}, "end_turn"
    else:
        block = {"type": "tool_use", "id": f"toolu_{number:04}", "name": step.tool, "input": step.arguments}
        reason = "tool_use"
    return {
        "id": f"chatcmpl-{number:08}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [block],
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 20, "output_tokens": 5},
    }


def events_of(message: dict) -> list[bytes]:
    """Return a message as the events of a stream."""
    block = message["content"][0]
    if block["type"] == "text":
        empty, delta = {"type": "text", "text": ""}, {"type": "text_delta", "text": block["text"]}
    else:
        empty = {**block, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    usage = message["usage"]
    opened = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    return [
        _event("message_start", message=opened),
        _event("content_block_start", index=0, content_block=empty),
        _event("content_block_delta", index=0, delta=delta),
        _event("content_block_stop", index=0),
        _event("message_delta", delta=ending, usage=usage),
        _event("message_stop"),
    ]


def _event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
