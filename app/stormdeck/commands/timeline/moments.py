"""Read a moment that the user names: an age, a time of day, a date."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

FORMS = "45s, 30m, 2h, 7d, 14:02, 2026-11-30 or 2026-11-30T14:02"
_AGE = re.compile(r"(\d{1,9})\s*(s|m|min|h|d|w)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


def read_moment(text: str, now: float) -> float:
    """Return a moment in unix seconds, or raise ``ValueError``. Times are in the user's time zone.

    A time of day that is still to come means yesterday's.
    """
    words = text.strip()
    age = _AGE.fullmatch(words.lower())
    if age is not None:
        return now - int(age[1]) * _SECONDS[age[2]]
    try:
        if _TIME.fullmatch(words):
            return _today(words, now)
        return datetime.fromisoformat(words).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"{text!r} is no time; expected a form such as {FORMS}") from None


def _today(words: str, now: float) -> float:
    parts = [int(part) for part in words.split(":")]
    here = datetime.fromtimestamp(now).astimezone()
    at = here.replace(hour=parts[0], minute=parts[1], second=parts[2] if len(parts) > 2 else 0, microsecond=0)
    # Local noon to noon: a day with a change of the clocks is not 24 hours long.
    if at > here:
        at = (at.replace(tzinfo=None) - timedelta(days=1)).astimezone()
    return at.timestamp()
