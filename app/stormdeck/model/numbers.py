"""Judge numbers that another program wrote."""

from __future__ import annotations

_MOST = 1e15


def is_number(value: object) -> bool:
    """Return whether a JSON value is a number that can be a time, a size or a count: neither NaN nor beyond measure.

    >>> is_number(1.5), is_number(True), is_number(float("nan")), is_number(10**400)
    (True, False, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _MOST
