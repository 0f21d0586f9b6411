"""What is known of the client without running it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from stormdeck.model.snapshots.client_state import ClientState


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who else can read a settings file."""

    file: Path
    world_readable: bool = False
    """Every user of this machine may read it, the folders above it included."""
    tracked: bool = False
    """git tracks it, so a push publishes it."""


@dataclass(frozen=True, slots=True)
class RunningClient:
    """A client that runs while its settings change."""

    pid: int
    version: str | None = None


@dataclass(frozen=True, slots=True)
class ClientSnapshot:
    """The client's version, who else can read its files, and what it keeps of itself."""

    version: str | None
    """``2.1.329``; ``None``: not known, and the rules take the newest that was measured."""
    how: str
    """Where the version is from, in words."""
    exposures: tuple[Exposure, ...] = ()
    state: ClientState = field(default_factory=ClientState)
