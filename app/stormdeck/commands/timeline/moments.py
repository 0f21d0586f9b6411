"""Read a moment that the user names: an age, a time of day, a date."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

FORMS = "45s, 30m, 2h, 7d, 14:02, 2026-11-30 or 2026-11-30T14:02"
_AGE = re.compile(r"(\d{1,9})\s*(s|m|min|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


def read_moment(text: str, now: float, after: float | None = None) -> float:
    """Return a moment in unix seconds, or raise ``ValueError``. Times are in the user's time zone.

    A time of day is the last one before ``now``, or the first one from ``after`` on.
    """
    words = text.strip()
    age = _AGE.fullmatch(words.lower())
    if age is not None:
        return now - int(age[1]) * _SECONDS[age[2]]
    try:
        if _TIME.fullmatch(words):
            return _at_time_of_day(words, now, after)
        return datetime.fromisoformat(words).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no time; expected a form such as {FORMS}") from None


def _at_time_of_day(words: str, now: float, after: float | None) -> float:
    parts = [int(part) for part in words.split(":")]
    near = datetime.fromtimestamp(now if after is None else after).astimezone()
    at = near.replace(hour=parts[0], minute=parts[1], second=parts[2] if len(parts) > 2 else 0, microsecond=0)
    is_off, days = (at > near, -1) if after is None else (at < near, 1)
    # Local noon to noon: a day with a change of the clocks is not 24 hours long.
    if is_off:
        at = (at.replace(tzinfo=None) + timedelta(days=days)).astimezone()
    return at.timestamp()
