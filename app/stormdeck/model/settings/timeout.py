"""The client's request timeout, as the client reads it."""

from __future__ import annotations

import re

_LEADING = re.compile(r"\s*(\d{1,12})", re.ASCII)


def timeout_ms(text: str | None) -> int | None:
    """Return the milliseconds of an ``API_TIMEOUT_MS``: the digits at its start, so that ``10 minutes`` is 10.

    ``None`` where it is not set or does not begin with a digit (measured, 1.0.128 to 2.1.329).
    """
    found = _LEADING.match(text or "")
    return int(found[1]) if found is not None else None
