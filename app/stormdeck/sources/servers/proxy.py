"""Poll a proxy in front of vLLM with the cheapest requests that it offers."""

from __future__ import annotations

from collections.abc import Mapping

from stormdeck.model.snapshots.failure import LIMITED_WORDS
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState
from stormdeck.sources.net.answers import (
    describe_answer,
    front_alone,
    is_gateway,
    refuses_key,
    served_models,
    shown,
    text_field,
)
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import Answer, json_object
from stormdeck.sources.net.side_by_side import FAR_MS
from stormdeck.sources.servers.polled import SLOW_S, PolledServer, Reply

REFUSED_S = 300.0
"""How long a refused request is not repeated: LiteLLM writes three log lines for each (measured, 1.109)."""
_BAD_REQUEST = 400
"""How LiteLLM without a database answers a wrong key (measured, 1.109)."""
_REFUSED = {_BAD_REQUEST, 401, 403}
_ALIVE: Mapping[ServerKind, str] = {
    ServerKind.LITELLM: "/health/liveliness",
    ServerKind.CLAUDE_CODE_PROXY: "/health",
    ServerKind.CLAUDE_CODE_ROUTER: "/health",
    ServerKind.OTHER: "/",
}
"""LiteLLM's own ``/health`` is never requested: it sends a real completion to every model (measured, 1.109)."""

_DETAILS, _BACKLOG = "/health/readiness/details", "/health/backlog"

Verdict = tuple[ServerState, str]
_LIMITED = 429


class ProxySource(PolledServer[ProxySnapshot]):
    """Poll one proxy."""

    def _blank(self) -> ProxySnapshot:
        return ProxySnapshot(self.url, self._kind, ServerState.ASKING)

    def _forget(self) -> None:
        self._requested_at: float | None = None
        self._version: str | None = None
        self._models: tuple[str, ...] = ()
        self._refusal = ""
        self._refused_at: dict[str, float] = {}

    def _on_key(self) -> None:
        self._requested_at, self._refusal = None, ""
        self._refused_at.clear()

    async def _poll(self) -> ProxySnapshot:
        alive = await self._get(_ALIVE.get(self._kind, "/"))
        now = self._clock()
        if isinstance(alive, Failure):
            return self._without_answer(alive, now)
        self._asks_ahead = self._asks_ahead or alive.latency_ms >= FAR_MS
        self._on_answer(alive)
        state, detail = self._judge(alive)
        in_flight = None
        if state is ServerState.UP:
            in_flight = await self._request_more(now)
            if self._refusal:
                state, detail = ServerState.REFUSING, self._refusal
            elif self._kind is ServerKind.LITELLM and not self._key:
                detail = "no key is sent to it, so its models and requests in flight are not known"
        process = self.process
        return ProxySnapshot(
            url=self.url,
            kind=self._kind,
            state=state,
            detail=detail,
            latency_ms=self._latency.shown,
            version=self._version,
            models=self._models,
            in_flight=in_flight,
            started=process.started if process is not None else None,
            pid=process.pid if process is not None else None,
            seen=now,
        )

    def _judge(self, alive: Answer) -> Verdict:
        """Return the state by the answer to the liveness request."""
        path = _ALIVE.get(self._kind, "/")
        if self._kind is ServerKind.LITELLM:
            if alive.status == 503:
                return ServerState.DOWN, f"{path} says 503: it is shutting down"
            as_expected = alive.status == 200 and b"alive" in alive.body[:100]
        elif self._kind is ServerKind.OTHER:
            as_expected = alive.status < 500
        else:
            as_expected = alive.status == 200 and (json_object(alive) or {}).get("status") in {"healthy", "ok"}
        if as_expected:
            return ServerState.UP, ""
        if is_gateway(alive):
            return ServerState.DEGRADED, front_alone(alive.status)
        if refuses_key(alive):
            return ServerState.REFUSING, f"{path} says {alive.status}: something in front of it wants a key"
        if alive.status == _LIMITED:
            return ServerState.STALE, f"{path} says {LIMITED_WORDS}"
        return ServerState.STRANGE, f"{path} came back as {describe_answer(alive)}: this is no {self._kind.value}"

    async def _request_more(self, now: float) -> int | None:
        """Request what costs more or needs the key; return the requests in flight, ``None`` if not known."""
        since = self._requested_at
        due = since is None or not 0 <= now - since < SLOW_S or self._last.state is not ServerState.UP
        if self._kind is not ServerKind.LITELLM:
            if due and self._kind is not ServerKind.OTHER:
                self._requested_at = now
                self._version = _own_version(await self._get("/")) or self._version
            return None
        if not self._key:
            if due:
                self._requested_at = now
                self._version = text_field(await self._get("/health/readiness"), "litellm_version") or self._version
            return None
        if due:
            self._requested_at = now
            await self._refresh(now)
        if self._refusal:
            return None
        backlog = json_object(await self._keyed(_BACKLOG, now)) or {}
        count = backlog.get("in_flight_requests")
        # The count includes this very request (measured, 1.109).
        return max(0, count - 1) if type(count) is int else None

    async def _refresh(self, now: float) -> None:
        """Request the models, which shows whether the key is right, and the version."""
        listed = await self._keyed("/v1/models", now)
        models = served_models(listed)
        if models is not None:
            self._models, self._refusal = tuple(model.id for model in models), ""
        elif isinstance(listed, Answer) and (listed.status == _BAD_REQUEST or refuses_key(listed)):
            self._models, self._refusal = (), _refusal(listed)
        elif isinstance(listed, Failure) and listed.kind is FailureKind.BAD_URL:
            self._refusal = listed.text
        if self._refusal:
            return
        if self._asks_ahead:  # only once the key is known to be right: each refusal is three lines in its log
            for path in (_DETAILS, _BACKLOG):
                if path not in self._refused_at:
                    self._ahead.start(path, self._send(path, self._key))
        details = await self._keyed(_DETAILS, now)
        if isinstance(details, Answer) and details.status == 404:
            details = await self._get("/health/readiness")
        self._version = text_field(details, "litellm_version") or self._version

    async def _keyed(self, path: str, now: float) -> Reply:
        """Send a request with the key, unless the same one was refused in the last five minutes."""
        since = self._refused_at.get(path)
        if since is not None and 0 <= now - since < REFUSED_S:
            return Failure(FailureKind.REFUSED, "not requested again so soon")
        answer = await self._get(path, self._key)
        if isinstance(answer, Answer) and answer.status in {*_REFUSED, 404}:
            self._refused_at[path] = now
        return answer


def _refusal(answer: Answer) -> str:
    """Return why LiteLLM refuses our key. Without a database it answers a wrong key with 400, not 401."""
    error = (json_object(answer) or {}).get("error")
    message = error.get("message") if isinstance(error, dict) else None
    if isinstance(message, str) and "No connected db" in message:
        return "the key is not the proxy's master key: it answers 400 “No connected db.”"
    message_text = f": {shown(message, 80)}" if isinstance(message, str) else ""
    return f"it refuses our key with {answer.status}{message_text}"


def _own_version(start: Reply) -> str | None:
    """Return the version on a proxy's ``/``; that of claude-code-router is its core's."""
    version = text_field(start, "version")
    if version is not None:
        return version
    name, _, version = (text_field(start, "message") or "").rpartition(" v")
    return version if name and version[:1].isdigit() else None
