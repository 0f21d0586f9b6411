"""Hold stormdeck's own faults, as sentences for the user."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnFaults:
    """What stormdeck itself cannot do at the moment. All fields are empty if nothing is wrong."""

    unread: tuple[str, ...] = ()
    """For each log that cannot be followed: why, and what to do."""
    remarks: tuple[str, ...] = ()
    """Remarks on logs that are followed: renamed, or not read completely."""
    unanalysed: int = 0
    """Lines of the last minutes that were shown but not analysed, because they came too fast."""
    memory: str = ""
    """Why storms are not stored."""
    stopped: str = ""
    """Which part of stormdeck stopped because of a bug; the rest keeps running."""
