"""Create the source for an inference server of any kind."""

from __future__ import annotations

from collections.abc import Callable

from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.net.http import DEADLINE_S, HttpClient
from stormdeck.sources.servers.other_engine import OtherEngineSource
from stormdeck.sources.servers.vllm import VllmSource

EngineSource = VllmSource | OtherEngineSource


def engine_source(
    url: str,
    kind: ServerKind,
    http: HttpClient,
    clock: Callable[[], float],
    key: str | None = None,
    process: ServerProcess | None = None,
    deadline_s: float = DEADLINE_S,
    *,
    asks_ahead: bool = False,
) -> EngineSource:
    """Return the source that polls a server of this kind."""
    if kind is ServerKind.VLLM:
        return VllmSource(url, http, clock, key, process, deadline_s, asks_ahead=asks_ahead)
    return OtherEngineSource(url, kind, http, clock, key, process, deadline_s, asks_ahead=asks_ahead)
