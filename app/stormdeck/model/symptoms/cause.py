"""One cause that a message may have, with what speaks for it here and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.path import HopKind


class Standing(StrEnum):
    """What is known of a cause here and now, the surest first."""

    FOUND = "found here"
    POSSIBLE = "possible"
    """It cannot be checked from what is known."""
    UNLIKELY = "checked, not found here"


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause of a message."""

    code: str
    """The rule whose page explains it."""
    title: str
    standing: Standing
    hop: HopKind | None = None
    evidence: tuple[str, ...] = ()
    """What was found here: places in files, models, log lines; for a possible one, what could not be checked."""
    change: str = ""
    """The line to change, and to what; for a possible one what is right."""


def as_json(causes: Sequence[Cause]) -> list[dict[str, object]]:
    """Return causes as ``explain --json`` prints them."""
    return [
        {
            "code": one.code,
            "title": one.title,
            "standing": one.standing.name.lower(),
            "hop": one.hop.value if one.hop is not None else None,
            "evidence": list(one.evidence),
            "change": one.change,
        }
        for one in causes
    ]
