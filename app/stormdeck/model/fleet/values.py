"""Round values for the rows; what is not known stays so."""

from __future__ import annotations

LEAST_TOKENS_PER_S = 1.0
"""The least prompt tokens a second that a hit rate is of."""


def ratio(part: float | None, whole: float | None) -> float | None:
    """Return a share of prompt tokens, ``None`` where too few were asked for."""
    if part is None or whole is None or whole < LEAST_TOKENS_PER_S:
        return None
    return share(part / whole)


def share(value: float | None) -> float | None:
    """Return a share from 0 to 1."""
    return None if value is None else round(min(1.0, max(0.0, value)), 3)


def positive(value: float | None) -> float | None:
    """Return seconds, ``None`` where there are none."""
    return None if value is None or value < 0 else round(value, 3)


def rounded(value: float | None, digits: int) -> float | None:
    """Return a value that cannot be negative."""
    return None if value is None else round(max(0.0, value), digits)
