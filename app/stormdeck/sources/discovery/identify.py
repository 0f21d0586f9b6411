"""Identify the program that answers at a URL."""

from __future__ import annotations

from typing import NamedTuple

from stormdeck.model.snapshots.failure import LIMITED_WORDS
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.net.address import address
from stormdeck.sources.net.answers import (
    describe_answer,
    describe_failure,
    front_alone,
    is_gateway,
    refuses_key,
    served_models,
    text_field,
)
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import DEADLINE_S, LIMIT, PAGE_LIMIT, Answer, HttpClient, json_object
from stormdeck.sources.net.side_by_side import FAR_MS, SideBySide
from stormdeck.sources.servers.engine_kinds import engine_by_metrics, engine_by_models, engine_by_start, is_tgi

_MODELS, _VERSION, _METRICS, _ALIVE, _START = "/v1/models", "/version", "/metrics", "/health/liveliness", "/"
_INFO = "/info"


class Identity(NamedTuple):
    """The program that answers at a URL."""

    kind: ServerKind | None
    """``OTHER``: a server of another kind; ``None``: no answer."""
    words: str
    """How it was identified, or why there is no answer."""
    failure: Failure | None = None
    """Set where there is no answer."""


async def identify(
    url: str,
    http: HttpClient,
    key: str | None = None,
    deadline_s: float = DEADLINE_S,
    expected: ServerKind | None = None,
) -> Identity:
    """Return the program that answers, and how it was identified.

    With a key, one request identifies vLLM and most other inference servers: the model list, which every gateway
    passes. Without one it comes late, since LiteLLM logs each refusal in three lines. ``/health`` is never used: it
    makes LiteLLM send real completions. ``expected`` is what answered there before, or what its process is; then one
    request is enough for LiteLLM.
    """
    base = address(url)
    if base is None:
        bad = Failure(FailureKind.BAD_URL, "not a URL that begins with http:// or https://")
        return Identity(None, bad.text, bad)
    with SideBySide() as ahead:
        return await _Question(base.base, http, key, deadline_s, ahead).identify(expected)


_LIMITED = 429


class _Question:
    """The requests that identify one server."""

    def __init__(self, root: str, http: HttpClient, key: str | None, deadline_s: float, ahead: SideBySide) -> None:
        self._root = root
        self._http = http
        self._key = key
        self._deadline_s = deadline_s
        self._ahead = ahead
        self._answers: dict[str, Answer | Failure] = {}
        self._late: Failure | None = None
        """Set where an answer was late: what it would have shown is not known."""

    async def identify(self, expected: ServerKind | None) -> Identity:
        if expected is ServerKind.LITELLM:
            alive = await self._ask(_ALIVE)
            if isinstance(alive, Failure):
                return Identity(None, describe_failure(alive), alive)
            if _is_alive(alive):
                return Identity(ServerKind.LITELLM, f"{_ALIVE} says I'm alive!")
        first = await self._ask(_MODELS if self._key else _VERSION)
        if _is_too_big(first) and self._key:
            first = await self._ask(_VERSION)
        if isinstance(first, Failure):
            return _failed(first)
        if self._key and (kind := engine_by_models(first)) is not None:
            return _listed(kind)
        # The path of the API shows it: a gateway may answer others, such as /, itself.
        if is_gateway(first) and (self._key or is_gateway(await self._ask(_MODELS))):
            words = front_alone(first.status)
            return Identity(None, words, Failure(FailureKind.GATEWAY, words))
        if first.latency_ms >= FAR_MS:
            self._ask_ahead(first)
        version = await self._ask(_VERSION) if self._key else first
        found = await self._vllm(version) or await self._proxy() or await self._engine()
        if found is not None:
            return found
        return await self._stranger(first)

    async def _stranger(self, first: Answer) -> Identity:
        """Return the identity of a server of another kind, or of one whose answers were late."""
        if self._late is not None:
            return Identity(None, describe_failure(self._late), self._late)
        huge = next((one for one in self._answers.values() if _is_too_big(one)), None)
        if isinstance(huge, Failure):
            return Identity(ServerKind.OTHER, f"answers, but what it serves is not known: {huge.text}")
        models = await self._ask(_MODELS)
        if isinstance(models, Answer) and refuses_key(models):
            return Identity(ServerKind.OTHER, f"answers {models.status} on {_MODELS}: it wants a key")
        if any(isinstance(one, Answer) and one.status == _LIMITED for one in self._answers.values()):
            return Identity(ServerKind.OTHER, f"answers {LIMITED_WORDS}, so what it is cannot be seen")
        start = await self._ask(_START)
        return Identity(ServerKind.OTHER, _other(start if isinstance(start, Answer) else first))

    async def _vllm(self, version: Answer | Failure) -> Identity | None:
        if not _is_version(version):
            return None
        kind = engine_by_models(await self._ask(_MODELS))
        if kind is not None:
            return _listed(kind)
        return await self._measured()

    async def _measured(self) -> Identity | None:
        kind = engine_by_metrics(await self._ask(_METRICS))
        return Identity(kind, f"{_METRICS} has {kind.value}'s metrics") if kind is not None else None

    async def _proxy(self) -> Identity | None:
        if _is_alive(await self._ask(_ALIVE)):
            return Identity(ServerKind.LITELLM, f"{_ALIVE} says I'm alive!")
        start = await self._ask(_START)
        kind = _by_start_page(start)
        return Identity(kind, f"/ says {text_field(start, 'message')}") if kind is not None else None

    async def _engine(self) -> Identity | None:
        """Return the identity of another inference server, or of vLLM behind a gateway that passes only ``/v1/``."""
        if self._late is not None:
            return None
        start, models = await self._ask(_START), await self._ask(_MODELS)
        kind = engine_by_models(models)
        if kind is not None:
            return _listed(kind)
        if is_gateway(models):
            words = front_alone(models.status) if isinstance(models, Answer) else ""
            return Identity(None, words, Failure(FailureKind.GATEWAY, words))
        kind = engine_by_start(start)
        if kind is not None:
            return Identity(kind, f"/ answers as {kind.value}")
        if refuses_key(models):
            return await self._measured()
        if served_models(models) is not None and is_tgi(await self._ask(_INFO)):
            return Identity(ServerKind.TGI, f"{_INFO} says text-generation-router")
        return None

    def _ask_ahead(self, first: Answer) -> None:
        """Send a slow server all remaining requests at once."""
        if self._key:
            paths = [_VERSION, _ALIVE, _START] + ([] if first.status == 200 else [_METRICS])
        else:
            paths = [_MODELS, _METRICS] if _is_version(first) else [_ALIVE, _START]
        for path in paths:
            self._ahead.start(path, self._get(path))

    async def _ask(self, path: str) -> Answer | Failure:
        if path not in self._answers:
            answer = self._answers[path] = await self._ahead.take(path) or await self._get(path)
            if isinstance(answer, Failure) and answer.kind is FailureKind.TIMEOUT:
                self._late = answer
        return self._answers[path]

    async def _get(self, path: str) -> Answer | Failure:
        key = self._key if path == _MODELS else None
        limit = PAGE_LIMIT if path == _METRICS else LIMIT
        return await self._http.get(self._root + path, key=key, limit=limit, deadline_s=self._deadline_s)


def _listed(kind: ServerKind) -> Identity:
    return Identity(kind, f"{_MODELS} answers as {kind.value}")


def _failed(first: Failure) -> Identity:
    """Return the identity of a server whose first answer failed; one that sends too much is running."""
    if _is_too_big(first):
        return Identity(ServerKind.OTHER, describe_failure(first))
    return Identity(None, describe_failure(first), first)


def _is_too_big(answer: Answer | Failure) -> bool:
    return isinstance(answer, Failure) and answer.kind is FailureKind.TOO_BIG


def _is_alive(answer: Answer | Failure) -> bool:
    return isinstance(answer, Answer) and answer.status == 200 and answer.body.strip(b' "\n') == b"I'm alive!"


def _is_version(answer: Answer | Failure) -> bool:
    return isinstance(answer, Answer) and answer.status == 200 and text_field(answer, "version") is not None


def _by_start_page(start: Answer | Failure) -> ServerKind | None:
    """Return the kind of a proxy that names itself on ``/`` (measured: facts/proxies.md 3)."""
    message = text_field(start, "message") or ""
    if message.startswith("Claude-to-OpenAI API Proxy"):
        return ServerKind.CLAUDE_CODE_PROXY
    if message == "LLMs API" and text_field(start, "version"):
        return ServerKind.CLAUDE_CODE_ROUTER
    return None


def _other(start: Answer) -> str:
    if refuses_key(start):
        return f"answers {start.status} to every request: something in front of it wants a key"
    status = "" if start.status == 200 else f" with status {start.status}"
    came = f"JSON{status}" if json_object(start) is not None else describe_answer(start)
    return f"answers, but neither as vLLM nor as a known proxy: / came back as {came}"
