"""Send requests to the server behind the proxy like LiteLLM 1.109.1: with retries and a cooldown."""

from __future__ import annotations

import asyncio
import hashlib
import http
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

NUM_RETRIES = 2
RETRY_WAITS_S = (0.12, 0.18, 0.12)
"""Waits after each attempt, including the last. Measured: 1, 1.5 and 1 s; shortened for a quick storm."""
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
COOLING = frozenset({401, 404})
COOLDOWN_S = 5.0
"""Duration of the cooldown after a 401 or 404 from the only deployment (measured)."""
TIMEOUT_S = 6000.0
_KINDS = {
    400: "BadRequestError",
    401: "AuthenticationError",
    404: "NotFoundError",
    429: "RateLimitError",
    502: "BadGatewayError",
    503: "ServiceUnavailableError",
}


class UpstreamError(Exception):
    """The error that LiteLLM returns once its own retries are used up."""

    def __init__(self, status: int, body: str, retries: int) -> None:
        self.status = status
        self.retries = retries
        self.kind = _KINDS.get(status, "InternalServerError")
        self.reason = http.HTTPStatus(status).phrase
        twice = "" if status == 400 else f"{self.kind}: "
        self.text = f"litellm.{self.kind}: {twice}Hosted_vllmException - {body}"
        super().__init__(self.text)


class CooldownError(Exception):
    """The only deployment is in cooldown, so the server is not asked."""

    def __init__(self, model: str, deployment: str) -> None:
        super().__init__(
            f"No deployments available for selected model, Try again in {COOLDOWN_S:.0f} seconds. "
            f"All deployments for selected model are in cooldown. Passed model={model}. "
            f"pre-call-checks=False, cooldown_list=['{deployment}']"
        )


@dataclass(slots=True)
class Deployment:
    """The only server behind the proxy."""

    model: str
    url: str
    """URL of its chat completions, which ``hosted_vllm/`` calls (measured)."""
    speed: float = 1.0
    _client: httpx.AsyncClient = field(init=False)
    _cold_until: float = 0.0

    def __post_init__(self) -> None:
        self._client = httpx.AsyncClient(
            timeout=TIMEOUT_S,
            trust_env=False,
            headers={"user-agent": "litellm/1.109.1", "authorization": "Bearer dummy"},
            limits=httpx.Limits(keepalive_expiry=4.0),
        )

    @property
    def id(self) -> str:
        """Return its id as shown in the cooldown list."""
        return hashlib.sha256(f"{self.model} {self.url}".encode()).hexdigest()

    async def ask(self, body: dict[str, Any]) -> tuple[httpx.Response, int]:
        """Return an answer whose body has not been read, and the number of retries.

        Raises ``CooldownError`` or ``UpstreamError``.
        """
        if time.monotonic() < self._cold_until:
            raise CooldownError(self.model, self.id)
        for attempt in range(NUM_RETRIES + 1):
            status, answer, text = await self._ask_once(body)
            if answer is not None:
                return answer, attempt
            if status not in RETRIED:
                break
            await asyncio.sleep(RETRY_WAITS_S[attempt] / self.speed)
        if status in COOLING:
            self._cold_until = time.monotonic() + COOLDOWN_S / self.speed
        raise UpstreamError(status, text, attempt)

    async def _ask_once(self, body: dict[str, Any]) -> tuple[int, httpx.Response | None, str]:
        """Return the status, and either the open answer or an error text."""
        try:
            answer = await self._client.send(self._client.build_request("POST", self.url, json=body), stream=True)
        except httpx.HTTPError as error:
            return 500, None, f"Cannot connect to host: {error}"
        if answer.status_code < 400:
            return answer.status_code, answer, ""
        await answer.aread()
        await answer.aclose()
        return answer.status_code, None, answer.text
