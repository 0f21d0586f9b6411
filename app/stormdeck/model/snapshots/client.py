"""What is known of the client without running it."""

from __future__ import annotations

from dataclasses import dataclass, field

from stormdeck.model.rules.facts import Exposure
from stormdeck.model.snapshots.client_state import ClientState


@dataclass(frozen=True, slots=True)
class ClientSnapshot:
    """The client's version, who else can read its files, and what it keeps of itself."""

    version: str | None
    """``2.1.329``; ``None``: not known, and the rules take the newest that was measured."""
    how: str
    """What told it, in words."""
    exposures: tuple[Exposure, ...] = ()
    state: ClientState = field(default_factory=ClientState)
