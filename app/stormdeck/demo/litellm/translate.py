"""Translate a messages request to a chat request and the answer back, like LiteLLM for ``hosted_vllm/``."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

_STOP = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def to_chat(body: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the chat request for a messages request."""
    messages: list[dict[str, Any]] = []
    if system := _text(body.get("system", "")):
        messages.append({"role": "system", "content": system})
    for message in body.get("messages", []):
        messages += _chat_messages(message)
    chat: dict[str, Any] = {"model": model, "messages": messages, "max_tokens": body.get("max_tokens")}
    # Tools that the hosted API runs itself, such as its web search, are left out (measured, 1.110.2).
    if tools := [tool for tool in body.get("tools") or () if "input_schema" in tool]:
        chat["tools"] = [_chat_tool(tool) for tool in tools]
    if tools and (choice := body.get("tool_choice")):
        chat["tool_choice"] = _chat_choice(choice)
    if body.get("stream"):
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    return chat


def to_message(chat: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the messages answer for a chat answer."""
    choice, usage = chat["choices"][0], chat["usage"]
    content: list[dict[str, Any]] = [{"type": "text", "text": choice["message"]["content"]}]
    if calls := choice["message"].get("tool_calls"):
        content = [
            {
                "type": "tool_use",
                "id": call["id"],
                "name": call["function"]["name"],
                "input": json.loads(call["function"]["arguments"]),
            }
            for call in calls
        ]
    return {
        "id": chat["id"],
        "type": "message",
        "role": "assistant",
        "model": model,
        "stop_sequence": None,
        "usage": {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]},
        "content": content,
        "stop_reason": _STOP[choice["finish_reason"]],
        "stop_details": None,
    }


async def to_events(lines: AsyncIterator[str], model: str) -> AsyncIterator[str]:
    """Yield the events of a messages stream for the lines of a chat stream."""
    yield _start(model)
    opened, stop = False, "end_turn"
    async for line in lines:
        if not line.startswith("data: {"):
            continue
        chunk = json.loads(line.removeprefix("data: "))
        if problem := chunk.get("error"):
            text = f"litellm.InternalServerError: InternalServerError: Hosted_vllmException - {problem['message']}"
            yield _event("error", error={"type": "api_error", "message": text})
            return
        for choice in chunk["choices"]:
            for kind, fields in _deltas(choice["delta"], opened):
                opened = True
                yield _event(kind, index=0, **fields)
            stop = _STOP.get(choice["finish_reason"], stop)
        if usage := chunk.get("usage"):
            counts = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
            yield _event("content_block_stop", index=0)
            yield _event("message_delta", delta={"stop_reason": stop}, usage=counts)
            yield _event("message_stop")


def _deltas(delta: dict[str, Any], opened: bool) -> list[tuple[str, dict[str, Any]]]:
    """Return the events for one chat delta, preceded by the start of the block if it is not open yet."""
    events: list[tuple[str, dict[str, Any]]] = []
    call = (delta.get("tool_calls") or [None])[0]
    if call is None and not delta.get("content"):
        return events
    if not opened:
        block: dict[str, Any] = {"type": "text", "text": ""}
        if call is not None:
            block = {"type": "tool_use", "id": call["id"], "name": call["function"]["name"], "input": {}}
        events.append(("content_block_start", {"content_block": block}))
    if call is None:
        events.append(("content_block_delta", {"delta": {"type": "text_delta", "text": delta["content"]}}))
    elif part := call["function"]["arguments"]:
        events.append(("content_block_delta", {"delta": {"type": "input_json_delta", "partial_json": part}}))
    return events


def _chat_messages(message: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the chat messages for one message: tool results become messages of their own."""
    content = message["content"]
    if isinstance(content, str):
        return [{"role": message["role"], "content": content}]
    results = [
        {"role": "tool", "tool_call_id": block["tool_use_id"], "content": _result(block["content"])}
        for block in content
        if block["type"] == "tool_result"
    ]
    calls = [
        {
            "id": block["id"],
            "type": "function",
            "function": {"name": block["name"], "arguments": json.dumps(block["input"])},
        }
        for block in content
        if block["type"] == "tool_use"
    ]
    rest = [{"role": message["role"], "content": text}] if (text := _text(content)) else []
    if calls:
        rest = [{"role": message["role"], "content": _text(content), "tool_calls": calls}]
    return [*results, *rest]


def _chat_tool(tool: dict[str, Any]) -> dict[str, Any]:
    function = {"name": tool["name"], "description": tool.get("description", ""), "parameters": tool["input_schema"]}
    return {"type": "function", "function": function}


def _chat_choice(choice: dict[str, Any]) -> object:
    """Return ``tool_choice`` in the format of chat completions."""
    if choice.get("type") == "tool":
        return {"type": "function", "function": {"name": choice.get("name", "")}}
    return {"any": "required"}.get(str(choice.get("type")), choice.get("type"))


def _result(content: str | list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """Return the result of a tool; one with images keeps its blocks, the images as chat completions have them."""
    if isinstance(content, str) or not any(block["type"] == "image" for block in content):
        return _text(content)
    blocks = []
    for block in content:
        if block["type"] == "image":
            source = block["source"]
            url = f"data:{source.get('media_type')};base64,{source.get('data')}"
            blocks.append({"type": "image_url", "image_url": {"url": url}})
        elif block["type"] == "text":
            blocks.append(block)
    return blocks


def _text(content: str | list[dict[str, Any]]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(block["text"] for block in content if block["type"] == "text")


def _start(model: str) -> str:
    usage = dict.fromkeys(
        ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"), 0
    )
    message: dict[str, Any] = {
        "id": f"msg_{uuid.uuid4()}",
        "type": "message",
        "role": "assistant",
        "content": [],
        "model": model,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }
    return _event("message_start", message=message)


def _event(kind: str, **fields: object) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"
