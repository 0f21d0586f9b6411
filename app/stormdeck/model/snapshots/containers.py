"""Describe a container, as its runtime reports it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.logs.spec import ContainerLog, Runtime


class ContainerState(StrEnum):
    """The states of the Engine API."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"
    REMOVED = "removed"
    """It is no longer known to its runtime."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A port of a container that this machine forwards to it."""

    inner: int
    host: str
    """The address here, as a local client would name it."""
    port: int


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """One container at one moment."""

    runtime: Runtime
    id: str
    """All 64 characters."""
    name: str
    project: str = ""
    """The compose project; empty if compose did not create it."""
    service: str = ""
    """The compose service."""
    image: str = ""
    command: tuple[str, ...] = ()
    """Its command line, secrets masked."""
    ports: tuple[PublishedPort, ...] = ()
    networks: tuple[str, ...] = ()
    """The names of its networks; ``host`` for the machine's own."""
    state: ContainerState = ContainerState.UNKNOWN
    exit_code: int = 0
    oom_killed: bool = False
    """Its memory limit was reached and the kernel killed a process in it."""
    error: str = ""
    """Why it could not be started, in the runtime's words."""
    health: str = ""
    """``healthy``, ``unhealthy`` or ``starting``; empty without a health check."""
    restarts: int = 0
    """How often its restart policy has started it again since it was created."""
    started: float | None = None
    """Unix seconds of the last start."""
    finished: float | None = None
    """Unix seconds of the last end; ``None`` if it has never ended."""
    endpoint: str = ""
    """Where its runtime answers, as ``--host`` of docker takes it; empty if there is only one such place."""

    @property
    def log(self) -> ContainerLog:
        """Return the name of its log."""
        return ContainerLog(self.runtime, self.name)

    @property
    def is_running(self) -> bool:
        """Return whether its process runs."""
        return self.state in {ContainerState.RUNNING, ContainerState.PAUSED}

    def publishes(self, port: int) -> bool:
        """Return whether this port of this machine leads to it."""
        return any(one.port == port for one in self.ports)

    @property
    def ending(self) -> str:
        """Return how it ended, without a full stop; empty while it runs."""
        if self.is_running or self.state in {ContainerState.CREATED, ContainerState.UNKNOWN}:
            return self.error if self.state is ContainerState.CREATED else ""
        if self.state is ContainerState.REMOVED:
            return "was removed"
        if self.oom_killed:
            why = "a process in it was killed because its memory limit was reached (OOMKilled)"
        elif self.error:
            why = self.error
        else:
            why = _CODES.get(self.exit_code, "")
        word = "is restarted again and again, last" if self.state is ContainerState.RESTARTING else "has"
        return f"{word} exited with code {self.exit_code}" + (f": {why}" if why else "")


_CODES = {
    126: "its command cannot be executed",
    127: "its command was not found",
    134: "it aborted (SIGABRT)",
    137: "it was killed (SIGKILL)",
    139: "it crashed (SIGSEGV)",
    143: "it was stopped (SIGTERM)",
}
"""What an exit code of a shell or a signal means; 128 and the signal's number."""


@dataclass(frozen=True, slots=True)
class ContainersSnapshot:
    """The containers of the servers on the path, whose logs are followed."""

    containers: tuple[ContainerFacts, ...] = ()

    def of(self, log: str) -> ContainerFacts | None:
        """Return the container with this log, by the log's name."""
        return next((one for one in self.containers if one.log.name == log), None)
