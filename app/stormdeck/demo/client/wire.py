"""Send a request like Claude Code 2.1.332 and return its result."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx

from stormdeck.demo.client import CLIENT_VERSION
from stormdeck.demo.client.settings import ClientSettings

USER_AGENT = f"claude-cli/{CLIENT_VERSION} (external, cli)"
BETAS = (
    "claude-code-20250219,context-1m-2025-08-07,interleaved-thinking-2025-05-14,context-management-2025-06-27,"
    "mid-conversation-tool-changes-2026-07-01,thinking-token-count-2026-05-13,advanced-tool-use-2025-11-20,"
    "effort-2025-11-24"
)
IDLE_CONNECTION_S = 4.0
"""An idle connection serves no request after this long (facts/storms.md 2); uvicorn closes it after 5 s."""


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a request."""

    status: int
    """HTTP status; 0 if there was no answer."""
    content: tuple[dict[str, Any], ...] | None = None
    """The answer's blocks; ``None`` if it failed or its stream ended early."""


class Wire:
    """The client's connections."""

    def __init__(self) -> None:
        limits = httpx.Limits(keepalive_expiry=IDLE_CONNECTION_S)
        self._http = httpx.AsyncClient(limits=limits, trust_env=False)

    async def send(self, settings: ClientSettings, session: str, body: dict[str, Any]) -> Result:
        """Send a messages request and read its answer to the end."""
        url = f"{settings.base_url}/v1/messages?beta=true"
        headers = _headers(settings, session)
        try:
            async with self._http.stream("POST", url, json=body, headers=headers, timeout=settings.timeout_s) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                    return Result(answer.status_code)
                if body.get("stream"):
                    return Result(answer.status_code, await _collect(answer.aiter_lines()))
                return Result(answer.status_code, tuple(json.loads(await answer.aread())["content"]))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            return Result(0)

    async def count_tokens(self, settings: ClientSettings, session: str, body: dict[str, Any]) -> None:
        """Send a ``count_tokens`` request; the client ignores errors."""
        await self._request("POST", settings, "/v1/messages/count_tokens?beta=true", _headers(settings, session), body)

    async def hello(self, settings: ClientSettings) -> None:
        """Send the probe that it sends when it starts."""
        await self._request("HEAD", settings, "/api/hello", {"user-agent": "Bun/1.4.4"}, None)

    async def _request(
        self, method: str, settings: ClientSettings, path: str, headers: dict[str, str], body: dict[str, Any] | None
    ) -> None:
        try:
            await self._http.request(method, f"{settings.base_url}{path}", headers=headers, json=body)
        except (httpx.HTTPError, httpx.InvalidURL):
            return


def _headers(settings: ClientSettings, session: str) -> dict[str, str]:
    return {
        "authorization": f"Bearer {settings.token}",
        "user-agent": USER_AGENT,
        "x-app": "cli",
        "anthropic-version": "2023-06-01",
        "anthropic-beta": BETAS,
        "x-claude-code-session-id": session,
        "x-stainless-retry-count": "0",
        "x-stainless-timeout": str(int(settings.timeout_s)),
    }


async def _collect(lines: AsyncIterator[str]) -> tuple[dict[str, Any], ...] | None:
    """Return the blocks of a stream; ``None`` if it ends without ``message_stop``.

    The stream is read to its end, so that the connection is reused for the next request, as in the real client.
    """
    blocks: list[dict[str, Any]] = []
    text, whole = "", False
    async for line in lines:
        if not line.startswith("data: "):
            continue
        event = json.loads(line.removeprefix("data: "))
        match event["type"]:
            case "content_block_start":
                blocks.append(event["content_block"])
                text = ""
            case "content_block_delta":
                delta = event["delta"]
                text += delta.get("text") or delta.get("partial_json") or ""
            case "content_block_stop":
                tool = blocks[-1]["type"] == "tool_use"
                blocks[-1] |= {"input": json.loads(text)} if tool else {"text": text}
            case "message_stop":
                whole = True
    return tuple(blocks) if whole else None
