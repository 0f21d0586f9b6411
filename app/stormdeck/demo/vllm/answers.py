"""Build the answers of vLLM 0.33, as bodies and streams, for messages and chat completions.

The bodies were recorded from 0.32; the types and texts of errors are read from 0.33's source.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from stormdeck.demo.vllm.engine import SAID, EngineDeadError
from stormdeck.demo.vllm.replies import Reply

VERSION = "0.33.0"
FINGERPRINT = f"vllm-{VERSION}-31243f28"
_ERROR_TYPES = {400: "invalid_request_error", 404: "not_found_error"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: model, reply and length of the prompt."""

    model: str
    reply: Reply
    prompt_tokens: int

    @property
    def usage(self) -> dict[str, int]:
        """Return the token counts in the format of the messages route."""
        return {"input_tokens": self.prompt_tokens, "output_tokens": len(self.reply.pieces)}


def message(answer: Answer, text: str) -> dict[str, Any]:
    """Return the JSON body of ``/v1/messages``."""
    block: dict[str, Any] = {"type": "text", "text": text}
    if answer.reply.tool:
        block = {"type": "tool_use", "id": _tool_id(), "name": answer.reply.tool, "input": json.loads(text)}
    return {
        "id": _id(),
        "type": "message",
        "role": "assistant",
        "content": [block],
        "model": answer.model,
        "stop_reason": _stop(answer.reply),
        "usage": answer.usage,
    }


async def message_stream(answer: Answer, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield the events of ``/v1/messages``. If the engine dies, they end with an error event (measured)."""
    usage = {"input_tokens": answer.prompt_tokens, "output_tokens": 0}
    head = {"id": _id(), "type": "message", "role": "assistant", "content": [], "model": answer.model}
    yield _event("message_start", message={**head, "stop_reason": None, "stop_sequence": None, "usage": usage})
    block: dict[str, Any] = {"type": "text", "text": ""}
    if answer.reply.tool:
        block = {"type": "tool_use", "id": _tool_id(), "name": answer.reply.tool, "input": {}}
    yield _event("content_block_start", content_block=block, index=0)
    kind, key = ("input_json_delta", "partial_json") if answer.reply.tool else ("text_delta", "text")
    try:
        async for piece in pieces:
            yield _event("content_block_delta", delta={"type": kind, key: piece}, index=0)
    except EngineDeadError:
        yield _event("content_block_stop", index=0)
        yield _event("error", error=_error(500, SAID))
        return
    yield _event("content_block_stop", index=0)
    yield _event("message_delta", delta={"stop_reason": _stop(answer.reply), "stop_sequence": None}, usage=answer.usage)
    yield _event("message_stop")


def completion(answer: Answer, text: str) -> dict[str, Any]:
    """Return the JSON body of ``/v1/chat/completions``."""
    content: dict[str, Any] = {"role": "assistant", "content": text, "refusal": None, "reasoning": None}
    if answer.reply.tool:
        call = {"id": _tool_id(), "type": "function", "function": {"name": answer.reply.tool, "arguments": text}}
        content |= {"content": "", "tool_calls": [call]}
    return {
        "id": _id(),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": answer.model,
        "choices": [{"index": 0, "message": content, "logprobs": None, "finish_reason": _finish(answer.reply)}],
        "system_fingerprint": FINGERPRINT,
        "usage": _chat_usage(answer),
    }


async def completion_stream(answer: Answer, pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """Yield the chunks of ``/v1/chat/completions``; the last one has the usage."""
    head = {"id": _id(), "object": "chat.completion.chunk", "created": int(time.time()), "model": answer.model}
    tool: dict[str, Any] = {"id": _tool_id(), "type": "function", "index": 0}

    def chunk(delta: Mapping[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _data({**head, "choices": [choice]})

    yield chunk({"role": "assistant", "content": ""})
    if answer.reply.tool:
        yield chunk({"tool_calls": [{**tool, "function": {"name": answer.reply.tool, "arguments": ""}}]})
    try:
        async for piece in pieces:
            if answer.reply.tool:
                yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
            else:
                yield chunk({"content": piece})
    except EngineDeadError:
        yield _data(chat_error(500, "InternalServerError", SAID))
        yield "data: [DONE]\n\n"
        return
    yield chunk({}, _finish(answer.reply))
    yield _data({**head, "choices": [], "usage": _chat_usage(answer), "system_fingerprint": FINGERPRINT})
    yield "data: [DONE]\n\n"


def error(status: int, text: str) -> dict[str, Any]:
    """Return an error body of ``/v1/messages``."""
    return {"type": "error", "error": _error(status, text)}


def chat_error(code: int, kind: str, text: str, param: str | None = None) -> dict[str, Any]:
    """Return an error body of ``/v1/chat/completions``, and of all routes for invalid requests."""
    return {"error": {"message": text, "type": kind, "param": param, "code": code}}


def _error(status: int, text: str) -> dict[str, str]:
    return {"type": _ERROR_TYPES.get(status, "api_error"), "message": text}


def _id() -> str:
    return f"chatcmpl-{secrets.token_hex(8)}"


def _tool_id() -> str:
    return f"chatcmpl-tool-{secrets.token_hex(8)}"


def _stop(reply: Reply) -> str:
    return "tool_use" if reply.tool else "max_tokens" if reply.cut else "end_turn"


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.tool else "length" if reply.cut else "stop"


def _chat_usage(answer: Answer) -> dict[str, int]:
    prompt, generated = answer.prompt_tokens, len(answer.reply.pieces)
    return {"prompt_tokens": prompt, "total_tokens": prompt + generated, "completion_tokens": generated}


def _event(kind: str, **fields: object) -> str:
    return f"event: {kind}\n{_data({'type': kind, **fields})}"


def _data(body: object) -> str:
    return f"data: {json.dumps(body, separators=(',', ':'), ensure_ascii=False)}\n\n"
