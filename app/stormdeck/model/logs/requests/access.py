"""Parse access lines: one HTTP request each, of servers, gateways and the fronts before them, behind any prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class RequestKind(StrEnum):
    """The kind of a request. Requests of different kinds are never added together.

    An access line does not show whether a request is main or auxiliary (facts/storms.md 4): both are ``MAIN`` here.
    """

    MAIN = "main"
    """``POST .../v1/messages``."""
    COUNT_TOKENS = "count_tokens"
    PROBE = "probe"
    """Health, model-list and metrics polls, and ``HEAD /``, from any client."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Access:
    """A parsed access line."""

    method: str
    path: str
    """As logged, including the query."""
    status: int
    """499 also for a client that left, where a front says it in another way."""
    host: str
    """The client's address; behind a front that passes it on, the real client's."""
    port: int
    """The client's port: equal ports are one connection. 0 if the line has none (a UNIX socket, most fronts)."""
    kind: RequestKind
    time: float | None = None
    """Unix seconds if the line has a date and time, else ``None``: use the arrival. Fronts log the answer's end."""
    agent: str = ""
    """The user agent, where the line has it."""
    seconds: float | None = None
    """How long the request took, where the line has it: then it was written when the answer had ended."""
    is_front: bool = False
    """The line is that of a web server or load balancer before the servers of the path."""


_PROBES = {
    "/",
    "/version",
    "/v1/models",
    "/models",
    "/model/info",
    "/v1/model/info",
    "/metrics",
    "/metrics/",
    "/load",
    "/ping",
    "/is_sleeping",
    "/api/hello",
}


@lru_cache(maxsize=1024)
def kind_of(method: str, path: str) -> RequestKind:
    """Return the kind of a request by its method and path, with or without a query."""
    bare = path.partition("?")[0]
    if method == "POST":
        if bare.endswith("/v1/messages"):
            return RequestKind.MAIN
        if bare.endswith("/v1/messages/count_tokens"):
            return RequestKind.COUNT_TOKENS
    elif method in {"GET", "HEAD"} and (bare in _PROBES or bare.startswith(("/health", "/v1/models/"))):
        return RequestKind.PROBE
    return RequestKind.OTHER


_CLAUDE = re.compile(r"claude-cli/(\d{1,4}(?:\.\d{1,6}){1,3})")


def client_version(agent: str) -> str:
    """Return the version of Claude Code in a user agent; empty for another client.

    >>> client_version("claude-cli/2.1.329 (external, cli)")
    '2.1.329'
    """
    match = _CLAUDE.match(agent)
    return match[1] if match else ""
