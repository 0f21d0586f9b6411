"""Validate a request like vLLM 0.33, and extract the work for the engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from stormdeck.demo.vllm.answers import chat_error
from stormdeck.demo.vllm.engine import Work

BILLING = "x-anthropic-billing-header:"


class InvalidRequest(Exception):  # noqa: N818
    """A request that does not validate: answered with 400 and vLLM's error body."""

    def __init__(self, problem: str, param: str | None) -> None:
        super().__init__(problem)
        self.body = chat_error(400, "Bad Request", f"1 validation error:\n  {problem}", param)


def parse(raw: bytes, content_type: str, required: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON object of a request. Raises ``InvalidRequest``."""
    if not raw.strip():
        raise InvalidRequest("{'type': 'missing', 'loc': 'body', 'msg': 'Field required', 'input': 'None'}", "body")
    if content_type.partition(";")[0].strip() != "application/json":
        raise InvalidRequest("Unsupported Media Type: Only 'application/json' is allowed", None)
    try:
        body = json.loads(raw)
    except json.JSONDecodeError as error:
        place = f"body.{error.pos}"
        raise InvalidRequest(
            f"{{'type': 'json_invalid', 'loc': '{place}', 'msg': 'JSON decode error', "
            f"'input': '<dict of 0 items>', 'ctx': {{'error': '{error.msg}'}}}}",
            place,
        ) from None
    for name in required:
        if not isinstance(body, dict) or name not in body:
            raise InvalidRequest(
                f"{{'type': 'missing', 'loc': 'body.{name}', 'msg': 'Field required', "
                f"'input': '<dict of {len(body)} items>'}}",
                f"body.{name}",
            )
    _check_types(body)
    _check_tools(body)
    return dict(body)


def _check_types(body: dict[str, Any]) -> None:
    """Reject wrong types: messages must be a list of objects, and ``max_tokens`` a number."""
    messages, most = body["messages"], body.get("max_tokens", 1)
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise InvalidRequest(_kind("list_type", "body.messages", "Input should be a valid list"), "body.messages")
    if not isinstance(most, int):
        raise InvalidRequest(_kind("int_type", "body.max_tokens", "Input should be a valid integer"), "body.max_tokens")
    thinking = body.get("thinking")
    if isinstance(thinking, dict) and isinstance(thinking.get("budget_tokens"), int):
        _check_budget(thinking["budget_tokens"], most, len(body))


def _check_budget(budget: int, most: int, fields: int) -> None:
    """Reject a thinking budget that leaves no tokens for the answer (measured, 0.32; 0.33: source)."""
    if budget >= most:
        text = "thinking.budget_tokens must be less than max_tokens"
        raise InvalidRequest(
            f"{{'type': 'value_error', 'loc': 'body', 'msg': 'Value error, {text}', "
            f"'input': '<dict of {fields} items>', 'ctx': {{'error': ValueError('{text}')}}}}",
            "body",
        )


def _check_tools(body: dict[str, Any]) -> None:
    """Reject tools that the hosted API runs itself, such as its web search: they have no schema (measured, 0.32)."""
    tools = body.get("tools")
    for number, tool in enumerate(tools if isinstance(tools, list) else ()):
        if isinstance(tool, dict) and "type" in tool and "function" not in tool and "input_schema" not in tool:
            place = f"body.tools.{number}.input_schema"
            given = f"<dict of {len(tool)} items>"
            text = f"{{'type': 'missing', 'loc': '{place}', 'msg': 'Field required', 'input': '{given}'}}"
            raise InvalidRequest(text, place)


def has_image(messages: object) -> bool:
    """Return whether a message or the result of a tool in it has an image."""
    if isinstance(messages, list):
        return any(has_image(one) for one in messages)
    if not isinstance(messages, dict):
        return False
    return messages.get("type") in {"image", "image_url"} or has_image(messages.get("content"))


def _kind(kind: str, place: str, text: str) -> str:
    return f"{{'type': '{kind}', 'loc': '{place}', 'msg': '{text}'}}"


def message_work(body: dict[str, Any]) -> Work:
    """Return the work of a messages request, without the billing block, like 0.18 and later."""
    system = body.get("system", "")
    if isinstance(system, list):
        system = [block for block in system if not str(block.get("text", "")).startswith(BILLING)]
    messages = body.get("messages", [])
    return Work(
        prompt=_prompt(body.get("tools", []), system, messages),
        max_tokens=int(body.get("max_tokens", 16)),
        tools=_may_call(body.get("tools"), messages),
        tool_turns=_trailing(messages, _is_tool_result),
        asked_tool=_forced(body) or _requested(body.get("tools"), messages),
    )


def chat_work(body: dict[str, Any]) -> Work:
    """Return the work of a chat request."""
    messages = body.get("messages", [])
    return Work(
        prompt=_prompt(body.get("tools", []), "", messages),
        max_tokens=int(body.get("max_tokens") or body.get("max_completion_tokens") or 4096),
        tools=_may_call(body.get("tools"), messages),
        tool_turns=_trailing(messages, lambda message: message.get("role") == "tool"),
        asked_tool=_forced(body) or _requested(body.get("tools"), messages),
    )


def _forced(body: dict[str, Any]) -> str:
    """Return the tool that ``tool_choice`` forces, in the format of either route; empty if none."""
    choice, names = body.get("tool_choice"), _names(body.get("tools"))
    if isinstance(choice, dict):
        function = choice.get("function")
        name = function.get("name") if isinstance(function, dict) else choice.get("name")
        if name in names:
            return str(name)
        choice = choice.get("type")
    return names[0] if choice in {"any", "required"} and names else ""


def _requested(tools: object, messages: list[dict[str, Any]]) -> str:
    """Return the tool that the user's last message asks for by name, if any."""
    prompt = json.dumps(messages[-1].get("content", "")) if messages and messages[-1].get("role") == "user" else ""
    return next((name for name in _names(tools) if f"Use the {name} tool" in prompt), "")


def _may_call(tools: object, messages: list[dict[str, Any]]) -> bool:
    """Return whether the model may call a tool: the client's request for a summary forbids it."""
    return bool(tools) and not (messages and "Do NOT call any tools" in json.dumps(messages[-1].get("content", "")))


def _names(tools: object) -> list[str]:
    """Return the names of the tools, in the format of either route."""
    offered = [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    functions = [tool.get("function", tool) for tool in offered]
    return [str(one["name"]) for one in functions if isinstance(one, dict) and one.get("name")]


def _prompt(tools: object, system: object, messages: object) -> str:
    """Return the prompt in the order of a chat template, so that a longer conversation has it as a prefix."""
    return "".join(json.dumps(part, separators=(",", ":")) for part in (system, tools, messages)).removesuffix("]")


def _is_tool_result(message: dict[str, Any]) -> bool:
    content = message.get("content")
    return isinstance(content, list) and any(block.get("type") == "tool_result" for block in content)


def _trailing(messages: list[dict[str, Any]], is_result: Callable[[dict[str, Any]], bool]) -> int:
    """Return the number of tool-result messages at the end of a conversation."""
    count = 0
    for message in reversed(messages):
        if message.get("role") == "assistant":
            continue
        if not is_result(message):
            break
        count += 1
    return count
