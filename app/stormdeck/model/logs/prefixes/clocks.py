"""Find and read the time in the prefix of a log line, in the forms that servers and collectors write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

LocalTime = Callable[[datetime], float]
"""Turns a date and time without a zone into unix seconds; ``datetime.timestamp`` is this machine's own zone."""
END_OF_TIME = 253402214400.0
"""A day before the year 10000, in unix seconds: later times exist in no calendar of some time zone."""
AHEAD_S = 86_400.0
"""A date without a year is of the last one that is no further ahead of the line's arrival than this."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ZONES = {
    name: timezone(timedelta(hours=hours))
    for name, hours in {
        "Z": 0,
        "UTC": 0,
        "GMT": 0,
        "CET": 1,
        "CEST": 2,
        "EET": 2,
        "EEST": 3,
        "MSK": 3,
        "JST": 9,
        "KST": 9,
        "EST": -5,
        "EDT": -4,
        "CDT": -5,
        "MDT": -6,
        "PST": -8,
        "PDT": -7,
        "AEST": 10,
        "AEDT": 11,
    }.items()
}
"""Zone names that mean one offset everywhere; others (CST, IST, BST) are read as the machine's own zone."""

_FRACTION = r"(?:[.,](?P<{0}>\d{{1,9}}))?"
_ZONE = r" (?!INFO|WARN)[A-Z]{3,4}(?![\w:|])"
_CLOCK = re.compile(
    rf"(?<![\d.:])(?:(?P<date>(?:19|20)\d\d[-/]\d\d[-/]\d\d)(?:[ T]| - )"
    rf"(?P<time>\d\d:\d\d:\d\d){_FRACTION.format('f1')}"
    rf"(?P<zone>Z|[+-]\d\d:?\d\d(?!\d)| [+-]\d\d:?\d\d(?!\d)|{_ZONE})?"
    rf"|(?P<clf>\d\d/[A-Z][a-z]{{2}}/\d{{4}}):(?P<clf_time>\d\d:\d\d:\d\d){_FRACTION.format('f2')}"
    rf"(?P<clf_zone> [+-]\d{{4}})?"
    rf"|(?P<unix>1\d{{9}}){_FRACTION.format('f3')}(?=[\s\]|,:]|$)"
    r"|(?P<millis>1\d{12})(?!\d))"
    rf"|(?<![\w-])(?P<month>[A-Z][a-z]{{2}}) (?P<day>[ \d]\d) (?:(?P<year>\d{{4}}) )?"
    rf"(?P<day_time>\d\d:\d\d:\d\d){_FRACTION.format('f4')}(?P<day_zone>{_ZONE})?(?P<after> \d{{4}}(?![\d-]))?"
)


class Clock(NamedTuple):
    """A time in a line, and where it stands."""

    time: float | None
    """Unix seconds; ``None`` if it cannot be told, for instance without a zone where none is known."""
    zoned: bool
    begin: int
    end: int
    fraction: tuple[int, int]
    """Where the digits of the fraction stand; both are where the zone would begin if it has none."""


def clocks_in(line: str, begin: int, end: int, local_time: LocalTime | None, arrived: float | None) -> Iterator[Clock]:
    """Yield the times in a part of a line. ``arrived`` gives the year where a time has none."""
    for match in _CLOCK.finditer(line, begin, end):
        yield _read(match, local_time, arrived)


def clock_in(
    line: str, begin: int, end: int, local_time: LocalTime | None = None, arrived: float | None = None
) -> Clock | None:
    """Return the time of a prefix: the first one with a zone, or else the first one.

    A container's own clock has often no zone and another one than the machine; the collector's has one.

    >>> clock_in("2026-11-29T12:00:00.5Z stdout F", 0, 23).time
    1795953600.5
    """
    first: Clock | None = None
    for clock in clocks_in(line, begin, end, local_time, arrived):
        if clock.zoned and clock.time is not None:
            return clock
        if first is None or first.time is None:
            first = clock
    return first


def number_time(written: float) -> float | None:
    """Return unix seconds for a number in seconds, milliseconds, microseconds or nanoseconds."""
    for above, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
        if written >= above:
            written /= unit
            break
    return written if 0 <= written < END_OF_TIME else None


def _read(match: re.Match[str], local_time: LocalTime | None, arrived: float | None) -> Clock:
    after = match.end() - len(match["zone"] or match["clf_zone"] or match["day_zone"] or "") - len(match["after"] or "")
    fraction = next((match.span(name) for name in ("f1", "f2", "f3", "f4") if match[name]), (after, after))
    digits = match.string[slice(*fraction)]
    part = int(digits) / 10 ** len(digits) if digits else 0.0
    try:
        whole, zoned = _whole(match, local_time, arrived)
    except (ValueError, OverflowError, OSError):
        whole, zoned = None, False
    time = whole + part if whole is not None and 0 <= whole < END_OF_TIME else None
    return Clock(time, zoned, match.start(), match.end(), fraction)


def _whole(match: re.Match[str], local_time: LocalTime | None, arrived: float | None) -> tuple[float | None, bool]:
    """Return the whole seconds of a time, and whether it has a zone."""
    if match["unix"]:
        return float(match["unix"]), True
    if match["millis"]:
        return int(match["millis"]) / 1000, True
    if match["date"]:
        moment = datetime.fromisoformat(f"{match['date'].replace('/', '-')}T{match['time']}")
        return _zoned(moment, match["zone"], local_time)
    if match["clf"]:
        day, month, year = match["clf"].split("/")
        moment = _moment(int(year), month, int(day), match["clf_time"])
        return _zoned(moment, match["clf_zone"], local_time)
    year_text = match["year"] or match["after"]
    if year_text:
        moment = _moment(int(year_text), match["month"], int(match["day"]), match["day_time"])
        return _zoned(moment, match["day_zone"], local_time)
    return _without_year(match, local_time, arrived)


def _without_year(
    match: re.Match[str], local_time: LocalTime | None, arrived: float | None
) -> tuple[float | None, bool]:
    """Return the time in the last year in which it had come when the line arrived."""
    if arrived is None:
        return None, False
    newest = datetime.fromtimestamp(arrived + AHEAD_S, UTC).year
    for year in range(newest + 1, newest - 9, -1):  # a 29 February may be eight years ago
        try:
            moment = _moment(year, match["month"], int(match["day"]), match["day_time"])
        except ValueError:
            continue
        time, zoned = _zoned(moment, match["day_zone"], local_time)
        if time is None or time <= arrived + AHEAD_S:
            return time, zoned
    return None, False


def _moment(year: int, month: str, day: int, time: str) -> datetime:
    return datetime.fromisoformat(f"{year:04}-{_MONTHS.index(month) + 1:02}-{day:02}T{time}")


def _zoned(moment: datetime, zone: str | None, local_time: LocalTime | None) -> tuple[float | None, bool]:
    zone = (zone or "").strip()
    if zone[:1] in {"+", "-"} and zone:
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
        return moment.replace(tzinfo=timezone(offset)).timestamp(), True
    if zone in _ZONES:
        return moment.replace(tzinfo=_ZONES[zone]).timestamp(), True
    return (local_time(moment) if local_time is not None else None), False
