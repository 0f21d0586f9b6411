"""What is known of the client without running it."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.rules.facts import Exposure


@dataclass(frozen=True, slots=True)
class ClientSnapshot:
    """The client's version, and who else can read its files."""

    version: str | None
    """``2.1.329``; ``None``: not known, and the rules take the newest that was measured."""
    how: str
    """What told it, in words."""
    exposures: tuple[Exposure, ...] = ()
