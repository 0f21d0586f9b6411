"""What stormdeck itself cannot do at the moment, in sentences for the user."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnFaults:
    """Empty: everything that is to be read is read, and what is to be kept is kept."""

    unread: tuple[str, ...] = ()
    """Of the logs to follow those that cannot be: why, and what to do."""
    remarks: tuple[str, ...] = ()
    """On logs that are followed: renamed, or not taken in whole."""
    memory: str = ""
    """Why storms are not remembered."""
    stopped: str = ""
    """What of stormdeck ended by a fault of its own; the rest goes on."""
