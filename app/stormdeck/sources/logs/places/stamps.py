"""Take the time stamp off the lines of ``--timestamps``: of the Engine API, docker, podman and kubectl."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

from stormdeck.sources.logs.places.delivery import Dated

LONGEST_STAMP = 40
_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d) ?")


def dated(line: str) -> Dated:
    """Return a line without its time stamp, and its time.

    >>> dated("1970-01-01T00:00:01.500000000Z hello")
    Dated(text='hello', time=1.5)
    """
    found = _STAMP.match(line)
    if found is None:
        return Dated(line, None)
    second = _second(found[1], found[3])
    if second is None:
        return Dated(line, None)
    return Dated(line[found.end() :], second + float(found[2] or 0))


@lru_cache(maxsize=64)
def _second(text: str, zone: str) -> float | None:
    try:
        return datetime.fromisoformat(text + zone).timestamp()
    except ValueError:
        return None
