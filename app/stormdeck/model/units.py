"""Format numbers for people: always with a unit, in a steady width."""

from __future__ import annotations

NONE = "–"
"""Shown for an unknown number."""


def duration(seconds: float) -> str:
    """Return a duration in at most two units.

    >>> duration(41), duration(200), duration(11_520)
    ('41 s', '3 min 20 s', '3 h 12 min')
    """
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, seconds_left = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {seconds_left} s" if minutes < 10 and seconds_left else f"{minutes} min"
    hours, minutes_left = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes_left} min" if minutes_left else f"{hours} h"
    days, hours_left = divmod(hours, 24)
    return f"{days} d {hours_left} h" if hours_left else f"{days} d"


def about(seconds: float) -> str:
    """Return a time until an event, coarse so that it does not jitter: ``in about 18 s``, ``now``."""
    if seconds < 1:
        return "now"
    step = 1 if seconds < 20 else 5
    return f"in about {max(step, round(seconds / step) * step)} s"


def grouped(number: float) -> str:
    """Return a whole number with a space between thousands: ``1 240``."""
    return f"{round(number):,}".replace(",", " ")


def seconds(value: float | None) -> str:
    """Return a latency: ``0.8 s``, ``21 s``."""
    if value is None:
        return NONE
    return f"{value:.2f} s" if value < 0.095 else f"{value:.1f} s" if value < 9.95 else f"{value:.0f} s"


def percent(value: float | None) -> str:
    """Return a share: ``41 %``."""
    return NONE if value is None else f"{value:.0f} %"


def gibibytes(value: int | None) -> str:
    """Return an amount of memory in GiB as the driver counts it, without a unit; one decimal below ten."""
    if value is None:
        return NONE
    amount = value / 2**30
    return f"{amount:.1f}" if amount < 9.95 else f"{amount:.0f}"


def amount(size: int) -> str:
    """Return an amount of data: ``64 kB``, ``3.2 MB``."""
    return f"{max(1, round(size / 1e3))} kB" if size < 100_000 else f"{size / 1e6:.1f} MB"


def tokens(value: int | None) -> str:
    """Return a number of tokens in short form: ``8k``, ``128k``, ``1M``."""
    if value is None:
        return NONE
    if value >= 1_000_000:
        return f"{value / 1_000_000:.3g}M"
    return f"{value // 1024}k" if value % 1024 == 0 else f"{value / 1000:.3g}k"


def token_count(value: int | None) -> str:
    """Return how many tokens were used: ``940``, ``9.6k``, ``96k``, ``1.2M``.

    >>> token_count(940), token_count(96_256), token_count(999_900), token_count(1_234_000_000)
    ('940', '96k', '1.0M', '1 234M')
    """
    if value is None:
        return NONE
    if value < 1000:
        return str(value)
    if value < 999_500:
        return f"{value / 1000:.1f}k" if value < 9_950 else f"{value / 1000:.0f}k"
    return f"{value / 1e6:.1f}M" if value < 99_950_000 else f"{grouped(value / 1e6)}M"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: ``1 turn``, ``4 turns``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
