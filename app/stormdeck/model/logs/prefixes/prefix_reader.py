"""Take the prefixes off the lines of one log, fast: most lines of a log have the same prefix but for its clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, repeat
from operator import contains
from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.prefixes.clocks import LocalTime, clock_in, clocks_in
from stormdeck.model.logs.prefixes.dress import Undressed, undress, value_time
from stormdeck.model.logs.prefixes.json_template import JsonTemplate, json_template
from stormdeck.model.text import strip_escapes

MOST_TEMPLATES = 8
_MOST_MINUTES = 4096
_MOST_KNOWN = 4096
"""Prefixes that are learned at most: more of them have something in them that changes with each line."""
_MOST_RECORDS = 256
"""JSON records that are learned from at most: where each line needs a pattern of its own, none helps."""
_LONGEST_HELD = 64 * 1024
_LONGEST_HEAD = 200
_SAMPLES = 8
_JOURNAL = re.compile(
    r"\s{0,8}(?P<field>_{0,2}[A-Z][A-Z_]{2,40})=|\s{1,8}\"(?P<key>_{0,2}[A-Z][A-Z_]{2,40})\" : "
    r"|(?P<clock>[A-Z][a-z]{2} \d{4}-\d\d-\d\d [\d:]{8}(?:\.\d{1,9})?(?: \S{1,6})? )\[s="
)
"""A line of ``journalctl -o verbose``, ``export`` or ``json-pretty``."""


_UNDATED = re.compile(r"(?<![\d:])\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?![\d:])|(?<=\[)(?P<since> *\d{1,9})\.\d{3,9}(?=\])")
"""A time of day, or seconds since the machine was started as the journal and the kernel write them."""


class Bare(NamedTuple):
    """Lines without their prefixes, in parallel."""

    texts: Sequence[str]
    times: Sequence[float | None] | None = None
    """By the prefixes' clocks or the log's source; ``None``: no line has a time of this kind."""
    names: Sequence[str] | None = None
    """The names in the prefixes; ``None``: no line has any."""


class _Template(NamedTuple):
    """A prefix as it was found in one line: constant text, and clocks whose digits change."""

    first: str
    """The text before the first clock, or the whole prefix."""
    rest: str
    """The text after the digits of the last clock, its zone included."""
    rest_at: int
    middle: tuple[tuple[str, int], ...]
    """The texts between clocks and where they stand."""
    length: int
    name: str
    begin: int
    """Where the clock begins; equal to ``end`` if the prefix has none that can be read."""
    end: int
    """Where its seconds begin."""
    seconds: tuple[int, int]
    fraction: tuple[int, int]
    scale: float
    """What one unit of the fraction is in seconds; 0 if the clock has none."""
    minutes: dict[str, float]
    """Unix seconds by the text of the clock up to its seconds."""
    shape: re.Pattern[str] | None = None
    """The whole prefix, if it has a time of day or since the start that changes, but tells no date."""


class PrefixReader:
    """Reads the prefixes of one log's lines. Prefixes that were seen are recognised by their constant text."""

    def __init__(self, local_time: LocalTime | None = None) -> None:
        self._local_time = local_time
        self._templates: list[_Template] = []
        self._records: list[JsonTemplate] = []
        self._tried = 0
        self._known: set[tuple[str, str, int]] = set()
        self._held: dict[str, str] = {}
        """The beginnings of lines that a container's runtime has split, by the name in their prefix."""
        self._entry_time: float | None = None
        """The time of the journal's entry whose fields are being read."""
        self.is_dressed = False
        """The newest lines had prefixes."""

    def read(self, batch: LogBatch) -> Bare:
        """Return the lines without their prefixes. Lines of a log without any are returned as they are."""
        if not self.is_dressed and not self._has_prefix(batch.lines):
            return Bare(batch.lines, batch.times or None)
        lines: Sequence[str] = batch.lines
        if any(map(contains, lines, repeat("\x1b"))):
            lines = [strip_escapes(line) if "\x1b" in line else line for line in lines]
        if not self._held and not batch.times:
            alike = self._all_records(lines) if self._records else None
            if alike is None and self._templates:
                alike = self._read_alike(lines, self._templates[0], batch.arrived)
            if alike is not None:
                return alike
        texts: list[str] = []
        times: list[float | None] = []
        names: list[str] = []
        hits = 0
        for line in lines:
            found = (
                (self._records and self._by_record(line, batch.arrived))
                or self._by_template(line, batch.arrived)
                or self._undress(line, batch.arrived)
            )
            text, time, name, partial = found
            hits += text is not line
            if partial:
                text = self._hold(line, name, text)
            elif self._held:
                text = self._held.pop(_stream(line, name), "") + text
            texts.append(text)
            times.append(time)
            names.append(name)
        self.is_dressed = hits > 0
        if batch.times:
            times = [known if known is not None else time for known, time in zip(batch.times, times, strict=True)]
        return Bare(texts, times if any(time is not None for time in times) else None, names if any(names) else None)

    def _read_alike(self, lines: Sequence[str], template: _Template, arrived: float) -> Bare | None:
        """Return lines that all have this prefix, ``None`` if one has another. Most of it runs in C."""
        if template.middle or not all(map(str.startswith, lines, repeat(template.rest), repeat(template.rest_at))):
            return None
        if template.first and not all(map(str.startswith, lines, repeat(template.first))):
            return None
        if template.shape is not None and not all(map(template.shape.match, lines)):
            return None
        length = template.length
        texts = [line[length:] for line in lines]
        names = [template.name] * len(lines) if template.name else None
        if template.begin == template.end:
            return Bare(texts, None, names)
        times = self._times_alike(lines, template, arrived)
        return None if times is None else Bare(texts, times, names)

    def _times_alike(self, lines: Sequence[str], template: _Template, arrived: float) -> list[float | None] | None:
        """Return the times of lines that all have this prefix, ``None`` if a clock cannot be read in this way."""
        minutes, scale = template.minutes, template.scale
        clock, seconds, fraction = (
            slice(template.begin, template.end),
            slice(*template.seconds),
            slice(*template.fraction),
        )
        for line in lines:
            if line[clock] not in minutes and self._new_minute(template, line, arrived) is None:
                return None
        try:
            if scale:
                return [minutes[line[clock]] + int(line[seconds]) + int(line[fraction]) * scale for line in lines]
            return [minutes[line[clock]] + int(line[seconds]) for line in lines]
        except (KeyError, ValueError):
            return None

    def _by_template(self, line: str, arrived: float) -> tuple[str, float | None, str, bool] | None:
        """Return what is known of a line whose prefix was seen before, ``None`` for any other line."""
        for template in self._templates:
            if line.startswith(template.first) and line.startswith(template.rest, template.rest_at):
                if template.middle and not all(line.startswith(text, at) for text, at in template.middle):
                    continue
                if template.shape is not None and template.shape.match(line) is None:
                    continue
                begin, end, time = template.begin, template.end, None
                if begin != end:
                    time = template.minutes.get(line[begin:end])
                    if time is None:
                        time = self._new_minute(template, line, arrived)
                    if time is not None:
                        time += _seconds(line, template)
                return line[template.length :], time, template.name, False
        return None

    def _all_records(self, lines: Sequence[str]) -> Bare | None:
        """Return what JSON records hold that are all like the one that was learned last, ``None`` if one is not."""
        record = self._records[0]
        found = record.read_all(lines)
        return None if found is None else Bare(*found, [record.name] * len(lines) if record.name else None)

    def _by_record(self, line: str, arrived: float) -> Undressed | None:
        """Return what a JSON record holds that is like one that was read before, ``None`` for any other line."""
        for record in self._records:
            found = record.read(line, arrived)
            if found is not None:
                return found
        return None

    def _learn_record(self, line: str, arrived: float) -> None:
        if self._tried < _MOST_RECORDS:
            self._tried += 1
            record = json_template(line, self._local_time, arrived)
            if record is not None:
                self._records = [record, *self._records[: MOST_TEMPLATES - 1]]

    def learn(self, line: str, end: int, arrived: float, name: str = "", *, undated: bool = False) -> None:
        """Remember the prefix that ends there: the next lines with the same one are read fast.

        ``undated``: times without a date in it may change, too.
        """
        if not end or len(self._known) > _MOST_KNOWN:
            return
        clocks = [*clocks_in(line, 0, end, self._local_time, arrived)]
        times = [(clock.begin, clock.fraction[1]) for clock in clocks]
        moving = [
            match
            for match in (_UNDATED.finditer(line, 0, end) if undated else ())
            if all(match.end() <= one[0] or match.start() >= one[1] for one in times)
        ]
        times = sorted([*times, *(match.span() for match in moving)])
        spans = [(0, 0), *times, (end, end)]
        constant = [(line[one[1] : other[0]], one[1]) for one, other in pairwise(spans)]
        first, (rest, rest_at) = constant[0][0], constant[-1] if times else ("", end)
        key = (first, rest, end)
        if any((one.first, one.rest, one.length) == key for one in self._templates):
            return
        self._known.add(key)
        clock = clock_in(line, 0, end, self._local_time, arrived)
        begin, seconds, fraction = end, (end, end), (end, end)
        if clock is not None and clock.time is not None:
            fraction = clock.fraction
            stop = fraction[0] - 1 if fraction[1] > fraction[0] else fraction[0]
            begin, seconds = clock.begin, (stop - 2, stop)
        scale = 0.0 if fraction[0] == fraction[1] else 10.0 ** -(fraction[1] - fraction[0])
        middle, shape = tuple(constant[1:-1]), _shape(moving) if moving else None
        template = _Template(
            first, rest, rest_at, middle, end, name, begin, seconds[0], seconds, fraction, scale, {}, shape
        )
        self._templates = [template, *self._templates[: MOST_TEMPLATES - 1]]
        self.is_dressed = True

    def _new_minute(self, template: _Template, line: str, arrived: float) -> float | None:
        """Return the time of a clock without its seconds, which was not read yet; of a number without the last two."""
        clocks = clocks_in(line, 0, template.length, self._local_time, arrived)
        clock = next((one for one in clocks if one.begin == template.begin), None)
        if clock is None or clock.time is None:
            return None
        if len(template.minutes) >= _MOST_MINUTES:
            template.minutes.clear()
        minute = float(round(clock.time - _seconds(line, template)))
        template.minutes[line[template.begin : template.end]] = minute
        return minute

    def _has_prefix(self, lines: Sequence[str]) -> bool:
        """Return whether one of a few lines begins with a prefix."""
        samples = lines[:: max(1, len(lines) // _SAMPLES)]
        return any(undress(line).text is not line or _JOURNAL.match(line) is not None for line in samples)

    def _undress(self, line: str, arrived: float) -> Undressed:
        if not line:
            return Undressed(line)
        if (journal := _JOURNAL.match(line)) is not None:
            return self._of_journal(line, journal, arrived)
        if line[0] in " \t":
            return Undressed(line)
        found = undress(line, self._local_time, arrived)
        if found.text is not line and not found.partial and found.text:
            if line.endswith(found.text):
                self.learn(line, len(line) - len(found.text), arrived, found.name, undated=True)
            else:
                self._learn_record(line, arrived)
        return found

    def _of_journal(self, line: str, match: re.Match[str], arrived: float) -> Undressed:
        """Return the message of an entry that ``journalctl`` prints on many lines, and its time, which comes first."""
        if match["clock"]:
            clock = clock_in(line, 0, match.end(), self._local_time, arrived)
            self._entry_time = clock.time if clock is not None else None
            return Undressed("")
        field = match["field"] or match["key"]
        if field == "__REALTIME_TIMESTAMP":
            digits = line[match.end() :].strip('" ,\t')
            self._entry_time = value_time(digits)
            return Undressed("")
        if field != "MESSAGE":
            return Undressed(line)
        return undress(line, self._local_time, arrived)._replace(time=self._entry_time)

    def _hold(self, line: str, name: str, text: str) -> str:
        """Keep the beginning of a line that a container's runtime has split."""
        stream = _stream(line, name)
        self._held[stream] = (self._held.get(stream, "") + text)[:_LONGEST_HELD]
        if len(self._held) > MOST_TEMPLATES:
            del self._held[next(iter(self._held))]
        return ""


def _shape(moving: Sequence[re.Match[str]]) -> re.Pattern[str]:
    """Return the pattern of a prefix whose times without a date have other digits; all else is compared elsewhere."""
    pattern, at = "", 0
    for match in moving:
        since = match["since"] or ""
        padded = rf"(?= *[0-9]{{1,9}}\.)[ 0-9]{{{len(since)}}}" if since else ""
        digits = re.sub(r"[0-9]", "[0-9]", re.escape(match[0][len(since) :]))
        pattern += rf".{{{match.start() - at}}}{padded}{digits}"
        at = match.end()
    return re.compile(pattern)


def _stream(line: str, name: str) -> str:
    return f"{name} stderr" if " stderr " in line[:_LONGEST_HEAD] else name


def _seconds(line: str, template: _Template) -> float:
    """Return the seconds of a minute in a line's clock, with their fraction."""
    begin, end = template.seconds
    try:
        whole = int(line[begin:end])
        if not template.scale:
            return whole
        begin, end = template.fraction
        return whole + int(line[begin:end]) * template.scale
    except ValueError:
        return 0.0
