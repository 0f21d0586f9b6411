"""Hold the health of the servers behind a proxy's model groups."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.snapshots.server import ServerState


@dataclass(frozen=True, slots=True)
class Backend:
    """The last answer of one server to a health check."""

    url: str
    state: ServerState
    detail: str = ""
    """Why it is not up, in words."""
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BackendsSnapshot:
    """The servers behind the model groups that were asked."""

    servers: tuple[Backend, ...] = ()
    not_asked: tuple[str, ...] = ()
    """URLs beyond the number of servers that are asked."""

    def at(self, url: str) -> Backend | None:
        """Return the server at a URL; ``None`` if it was not asked."""
        return next((one for one in self.servers if one.url == url), None)
