"""Describe one known message, or one symptom in the user's own words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its text in each version, and its causes."""

    name: str
    """What happened, in a few words."""
    texts: tuple[str, ...]
    codes: tuple[str, ...]
    """The rules, the likeliest first."""
    if_found: tuple[str, ...] = ()
    """Rules that count only where something was found for them: a body would name them."""
    advice: str = ""
    """What to do where no rule is about it."""
