"""The access line: one HTTP request as a server's log tells it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RequestKind(StrEnum):
    """What a request is. Kinds are never added together.

    An access line cannot tell a main from an auxiliary request (facts/storms.md 4): both are ``MAIN`` here.
    """

    MAIN = "main"
    """``POST .../v1/messages``."""
    COUNT_TOKENS = "count_tokens"
    PROBE = "probe"
    """Health, model-list and metrics polls of anybody, ``HEAD /``."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Access:
    """One access line."""

    method: str
    path: str
    """With its query, as logged."""
    status: int
    host: str
    port: int
    """The client's own port: equal ports are one connection."""
    kind: RequestKind
    time: float | None = None
    """Unix seconds where the line tells a date and time, else ``None``: count from arrival."""
