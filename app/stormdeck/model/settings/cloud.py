"""The variables that send Claude Code's requests to a cloud instead of the base URL."""

from __future__ import annotations

SWITCHES = tuple(
    f"env.CLAUDE_CODE_USE_{cloud}"
    for cloud in ("BEDROCK", "VERTEX", "FOUNDRY", "MANTLE", "ANTHROPIC_AWS", "ANTHROPIC_GOOGLE_CLOUD")
)
"""While one is on, the base URL is not used at all (measured, 2.1.112 to 2.1.332)."""
_ON = frozenset({"1", "true", "yes", "on"})


def is_on(value: str) -> bool:
    """Return whether a value switches on: in any capitals; everything else is off (measured, 2.1.332)."""
    return value.strip().lower() in _ON
