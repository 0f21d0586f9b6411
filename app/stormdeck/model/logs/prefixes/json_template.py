"""Read the JSON records of a collector fast: those of one log differ in their text, their time and a few values.

Docker, the journal, Loki and fluent-bit write the same keys in the same order, line after line. A record that was read
once becomes a pattern; a record that fits it is read without parsing the object. All else is read in full.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from json.decoder import JSONDecoder, scanstring  # type: ignore[attr-defined] # typeshed lacks it
from typing import NamedTuple

from stormdeck.model.logs.prefixes.clocks import LocalTime, clocks_in, number_time
from stormdeck.model.logs.prefixes.dress import (
    CLOCK_KEYS,
    FLUENT_BIT,
    FLUENT_TEXT,
    LEVEL_KEYS,
    NAME_KEYS,
    OWN_START,
    TEXT_KEYS,
    Undressed,
    json_object,
    peel,
    server_name,
    undress_rest,
    value_time,
)
from stormdeck.model.text import strip_escapes

_MOST_MINUTES = 4096
_STRING = r'"[^"\\\x00-\x1f]*"'
_NUMBER = r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?"
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}(?P<between>[T ])[0-9]{2}:[0-9]{2}:[0-5][0-9]"
    r"(?P<fraction>(?:\.[0-9]{1,9})?)(?P<zone>(?:Z|[+-][0-9]{2}:?[0-9]{2})?)"
)
_UNIX = re.compile(r"(?P<unix>(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,30})?)")
_DIGITS = re.compile(r"(?P<unix>[0-9]{1,20})")
_VALUES = tuple(re.compile(pattern) for pattern in (_STRING, _NUMBER))
_ANYTHING = re.compile(r"(?s:.*)")
_SPACE = re.compile(r"[ \t\n\r]*")
_READ = JSONDecoder()


class _Member(NamedTuple):
    """A member of an object, and where its value is written."""

    key: str
    value: object
    begin: int
    end: int


class JsonTemplate(NamedTuple):
    """Records with the same keys in the same order, and the same values where these decide how a record is read."""

    front: re.Pattern[str]
    """What stands before the characters of the text."""
    back: re.Pattern[str]
    """What stands behind its closing quote."""
    clock: str
    """How the time is written: ``date``, or ``unix`` for a number; empty if none is known."""
    is_clock_before: bool
    """It stands before the text."""
    name: str
    local_time: LocalTime | None
    minutes: dict[str, float]
    """Unix seconds by the text of a date up to its minutes; all dates are in the same zone."""

    def read(self, line: str, arrived: float | None) -> Undressed | None:
        """Return what ``undress`` returns for a line without escape sequences, ``None`` if it does not fit."""
        before = self.front.match(line)
        if before is None:
            return None
        try:
            text, end = scanstring(line, before.end())
        except ValueError:
            return None
        behind = self.back.fullmatch(line, end)
        if behind is None:
            return None
        time = None
        if self.clock:
            time = self._time(before if self.is_clock_before else behind)
            if time is None:
                return None
        text = text.rstrip("\r\n")
        if "\x1b" in text or not text.isascii():
            text = strip_escapes(text)
        found = Undressed(text, time, self.name)
        return found if OWN_START.match(text) else undress_rest(found, self.local_time, arrived)

    def read_all(self, lines: Sequence[str]) -> tuple[list[str], list[float] | None] | None:
        """Return the texts and times of lines, ``None`` unless all fit and nothing is left to take off their texts."""
        before = [match for match in map(self.front.match, lines) if match]
        if len(before) < len(lines):
            return None
        try:
            read = [scanstring(line, match.end()) for line, match in zip(lines, before, strict=True)]
        except ValueError:
            return None
        behind = [
            match for line, (_, end) in zip(lines, read, strict=True) if (match := self.back.fullmatch(line, end))
        ]
        if len(behind) < len(lines):
            return None
        texts = [text.rstrip("\r\n") for text, _ in read]
        if "\x1b" in (whole := "".join(texts)) or not whole.isascii():
            texts = [*map(strip_escapes, texts)]
        others = [text for text in texts if OWN_START.match(text) is None]
        if any(undress_rest(Undressed(text), self.local_time, None).text is not text for text in others):
            return None
        if not self.clock:
            return texts, None
        times = self._times(before if self.is_clock_before else behind)
        return None if times is None else (texts, times)

    def _time(self, match: re.Match[str]) -> float | None:
        if self.clock == "unix":
            return number_time(float(match["unix"]))
        date, seconds, fraction = match.group("minute", "seconds", "fraction")
        minute = self._minute(date, match)
        return None if minute is None else minute + int(seconds) + float(fraction or 0)

    def _times(self, matches: Sequence[re.Match[str]]) -> list[float] | None:
        """Return the times in lines, ``None`` if one has none."""
        if self.clock == "unix":
            numbers = [time for match in matches if (time := number_time(float(match["unix"]))) is not None]
            return numbers if len(numbers) == len(matches) else None
        dates = [match.group("minute", "seconds", "fraction") for match in matches]
        minutes = {date: self._minute(date, matches[0]) for date in {date for date, _, _ in dates}}
        begun = {date: minute for date, minute in minutes.items() if minute is not None}
        if len(begun) < len(minutes):
            return None
        return [begun[date] + int(seconds) + float(fraction or 0) for date, seconds, fraction in dates]

    def _minute(self, date: str, match: re.Match[str]) -> float | None:
        """Return when a minute began, in unix seconds."""
        minute = self.minutes.get(date)
        if minute is None:
            minute = value_time(f"{date}:00{match['zone']}", self.local_time)
            if minute is not None:
                if len(self.minutes) >= _MOST_MINUTES:
                    self.minutes.clear()
                self.minutes[date] = minute
        return minute


def json_template(line: str, local_time: LocalTime | None, arrived: float | None) -> JsonTemplate | None:
    """Return the pattern of a collector's record, which may stand behind a prefix, ``None`` for any other line.

    ``line`` is without escape sequences.
    """
    peeled = peel(line)
    if not peeled.end and (record := FLUENT_BIT.match(line)) is not None:
        return _fluent_template(line, record, local_time)
    fields = None if peeled.partial else json_object(line[peeled.end :])
    if fields is None or "record" in fields or not (LEVEL_KEYS.isdisjoint(fields) or {"log", "stream"} <= {*fields}):
        return None
    members = _members(line, peeled.end)
    text_key = next((key for key in TEXT_KEYS if isinstance(fields.get(key), str)), None)
    if len(members) != len(fields) or text_key is None or isinstance(fields.get("MESSAGE"), list):
        return None
    prefix = _prefix(line, peeled.end, local_time, arrived)
    if prefix is None:
        return None
    pattern, is_dated = prefix
    clock_key = None if is_dated else _clock_key(fields, local_time, arrived)
    clock_keys = () if is_dated else _up_to(CLOCK_KEYS, clock_key)
    # The values of all other keys may change.
    deciding = {*_up_to(TEXT_KEYS, text_key), *clock_keys, *NAME_KEYS, "kubernetes", "labels"}
    form, front, at = "date" if is_dated else "", "", peeled.end
    is_clock_before = is_dated
    for member in members:
        pattern += re.escape(line[at : member.begin])
        written = line[member.begin : member.end]
        if member.key == text_key:
            front, pattern = pattern + '"', ""
        elif member.key == clock_key:
            clock = _clock_pattern(written, member.value)
            if clock is None:
                return None
            pattern += clock
            form, is_clock_before = "unix" if "<unix>" in clock else "date", not front
        else:
            pattern += re.escape(written) if member.key in deciding else _value_pattern(written)
        at = member.end
    pattern += re.escape(line[at:])
    name = peeled.name or server_name(fields)
    return JsonTemplate(re.compile(front), re.compile(pattern), form, is_clock_before, name, local_time, {})


def _fluent_template(line: str, record: re.Match[str], local_time: LocalTime | None) -> JsonTemplate | None:
    """Return the pattern of what fluent-bit prints: a number, a tag, unix seconds, and members of which one is read."""
    text = FLUENT_TEXT.search(line, record.end())
    if text is None or line[record.end() : record.end() + 1].isdigit():
        return None
    between = re.escape(line[record.end("tag") : record.start("unix")])
    after = re.escape(line[record.end() : text.start(1) + 1])
    front = rf"\[[0-9]{{1,9}}\] {re.escape(record['tag'])}{between}(?P<unix>[0-9]{{10}}\.[0-9]{{1,9}}){after}"
    return JsonTemplate(re.compile(front), _ANYTHING, "unix", True, record["tag"], local_time, {})


def _members(line: str, begin: int) -> list[_Member]:
    """Return the members of the object that begins there, which is known to be valid."""
    members: list[_Member] = []
    at = _after_space(line, begin + 1)
    while line[at] != "}":
        key, at = scanstring(line, _after_space(line, at) + 1)
        value_at = _after_space(line, _after_space(line, at) + 1)
        value, end = _READ.raw_decode(line, value_at)
        members.append(_Member(key, value, value_at, end))
        at = _after_space(line, end)
        if line[at] == ",":
            at = _after_space(line, at + 1)
    return members


def _after_space(line: str, at: int) -> int:
    match = _SPACE.match(line, at)
    return at if match is None else match.end()


def _prefix(line: str, end: int, local_time: LocalTime | None, arrived: float | None) -> tuple[str, bool] | None:
    """Return the pattern of a prefix and whether its clock tells the time, ``None`` if it has clocks of other forms."""
    clocks = [*clocks_in(line, 0, end, local_time, arrived)]
    if not clocks:
        return re.escape(line[:end]), False
    clock = clocks[0]
    date = _DATE.fullmatch(line, clock.begin, clock.end)
    if len(clocks) > 1 or clock.time is None or date is None:
        return None
    return re.escape(line[: clock.begin]) + _date_pattern(date) + re.escape(line[clock.end : end]), True


def _clock_key(fields: dict[str, object], local_time: LocalTime | None, arrived: float | None) -> str | None:
    """Return the key by whose value ``json_clock`` tells the time."""
    known = (key for key in CLOCK_KEYS if key in fields and value_time(fields[key], local_time, arrived) is not None)
    return next(known, None)


def _clock_pattern(written: str, value: object) -> str | None:
    if not isinstance(value, str):
        return _UNIX.pattern if _UNIX.fullmatch(written) else None
    if f'"{value}"' != written:
        return None
    if _DIGITS.fullmatch(value):
        return f'"{_DIGITS.pattern}"'
    date = _DATE.fullmatch(value)
    return f'"{_date_pattern(date)}"' if date is not None else None


def _date_pattern(match: re.Match[str]) -> str:
    """Return the pattern of dates that are written like this one, in the same zone."""
    minute = f"(?P<minute>(?:19|20)[0-9]{{2}}-[0-9]{{2}}-[0-9]{{2}}{match['between']}[0-9]{{2}}:[0-9]{{2}})"
    fraction = r"(?P<fraction>\.[0-9]{1,9})" if match["fraction"] else "(?P<fraction>)"
    return f"{minute}:(?P<seconds>[0-5][0-9]){fraction}(?P<zone>{re.escape(match['zone'])})"


def _value_pattern(written: str) -> str:
    """Return the pattern of values of the same type; of the value itself, where it is no number and no plain text."""
    known = next((pattern for pattern in _VALUES if pattern.fullmatch(written)), None)
    return re.escape(written) if known is None else known.pattern


def _up_to(keys: tuple[str, ...], last: str | None) -> tuple[str, ...]:
    """Return the keys that are looked for until one is found; all, if none is."""
    return keys if last is None else keys[: keys.index(last)]
