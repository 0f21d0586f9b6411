"""Read the filter of the log view: words, patterns, and terms such as ``level:error``."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from stormdeck.model.logs.records import Level, classify
from stormdeck.model.logs.requests.access_line import may_hold_request, parse_access
from stormdeck.model.logs.spec import short_name
from stormdeck.model.text import strip_escapes

LONGEST_PATTERN = 300
"""Characters of a regular expression."""
LEVELS = {
    "debug": frozenset({Level.DEBUG}),
    "info": frozenset({Level.INFO}),
    "warning": frozenset({Level.WARNING}),
    "error": frozenset({Level.ERROR, Level.CRITICAL}),
}
"""The levels that a filter names; a critical record is an error too."""
FIELDS = {
    "level": "debug, info, warning or error",
    "source": "a log by its name, such as vllm",
    "status": "of a request: 429, 5xx, 400-499",
    "session": "the first characters of a session's id",
    "since": "10m, 2h, or a time such as 14:05",
}
"""The names of the terms, and their values in words."""
_TOKEN = re.compile(r'\s*(?P<minus>-?)(?:/(?P<pattern>(?:[^/\\]|\\.)+)/(?=\s|$)|"(?P<quoted>[^"]*)"?|(?P<word>\S+))')
_TERM = re.compile(rf"(?P<name>{'|'.join(FIELDS)}):(?P<values>.*)", re.IGNORECASE | re.DOTALL)
_SPAN = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_STATUS = re.compile(r"[1-5]xx|[1-5]\d\d(?:-[1-5]\d\d)?", re.ASCII)


class Place(NamedTuple):
    """Where a line stands, apart from its text."""

    log: str
    arrived: float | None
    level: Level | None = None
    """The level of the record that the line belongs to, if the filter ``asks`` for it."""
    session: str = ""
    """The session of a request, if the filter ``asks`` for it; empty if it is not known."""


class Pattern(NamedTuple):
    """A regular expression that a line must match, or must not."""

    text: str
    is_wanted: bool
    compiled: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Term:
    """``level:error`` and the like: a line must have one of the values, or none of them."""

    name: str
    values: tuple[str, ...]
    is_wanted: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """A filter: a line passes if it meets all of its parts.

    >>> Query.read("messages -count_tokens").passes_text('127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 500')
    True
    """

    wanted: tuple[str, ...] = ()
    """Words in lower case, which may stand anywhere in a line."""
    unwanted: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    terms: tuple[Term, ...] = ()
    since: float | None = None
    """Unix seconds; lines without a time do not pass."""
    problem: str = field(default="", compare=False)
    """What in its text is not understood; empty: everything is."""

    @classmethod
    def read(cls, text: str, now: float = 0.0, local: Callable[[float], datetime] = datetime.fromtimestamp) -> Query:
        """Return the filter in a text. Times of day are those of ``local``, before ``now``."""
        wanted: list[str] = []
        unwanted: list[str] = []
        patterns: list[Pattern] = []
        terms: list[Term] = []
        since, problem = None, ""
        for minus, pattern, word, is_quoted in tokens(text):
            term = None if is_quoted or pattern is not None else _TERM.fullmatch(word)
            try:
                if pattern is not None:
                    patterns.append(Pattern(pattern, not minus, compiled(pattern)))
                elif term is not None and term["name"].lower() == "since":
                    since = _since(term["values"], now, local) if term["values"] else since
                elif term is not None:
                    terms += _term(term["name"].lower(), term["values"], is_wanted=not minus)
                elif word:
                    (unwanted if minus else wanted).append(word.casefold())
            except ValueError as error:
                problem = problem or str(error)
        return cls(tuple(wanted), tuple(unwanted), tuple(patterns), tuple(terms), since, problem)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted or self.patterns or self.terms or self.since is not None)

    def passes(self, text: str, place: Place) -> bool:
        """Return whether a line passes."""
        return self.passes_place(place) and self.passes_text(text) and self._passes_record(text, place)

    def passes_place(self, place: Place) -> bool:
        """Return whether lines of this log and time may pass."""
        if self.since is not None and (place.arrived is None or place.arrived < self.since):
            return False
        name = short_name(place.log).casefold()
        return all(
            any(value in name for value in term.values) is term.is_wanted
            for term in self.terms
            if term.name == "source"
        )

    def passes_text(self, text: str) -> bool:
        """Return whether a line's text passes: its words, its patterns, and the status of its request."""
        if "\x1b" in text:
            text = strip_escapes(text)
        folded = text.casefold()
        if not all(word in folded for word in self.wanted) or any(word in folded for word in self.unwanted):
            return False
        for pattern in self.patterns:
            if (pattern.compiled.search(text) is not None) is not pattern.is_wanted:
                return False
        for term in self.terms:
            if term.name == "status" and _has_status(text, term.values) is not term.is_wanted:
                return False
        return True

    def _passes_record(self, text: str, place: Place) -> bool:
        for term in self.terms:
            if term.name == "level":
                has = place.level in {level for value in term.values for level in LEVELS[value]}
            elif term.name == "session":
                folded, session = text.casefold(), place.session.casefold()
                has = any(value in folded or session.startswith(value) for value in term.values)
            else:
                continue
            if has is not term.is_wanted:
                return False
        return True

    def asks(self, name: str) -> bool:
        """Return whether it has a term of this name."""
        return any(term.name == name for term in self.terms)

    def narrows(self, other: Query) -> bool:
        """Return whether every line that passes this filter passes the other one too."""
        return (
            all(any(word in own for own in self.wanted) for word in other.wanted)
            and all(any(own in word for own in self.unwanted) for word in other.unwanted)
            and set(other.patterns) <= set(self.patterns)
            and set(other.terms) <= set(self.terms)
            and (other.since is None or (self.since is not None and self.since >= other.since))
        )


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a regular expression that ignores case, or raise ``ValueError`` with what is wrong."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"/{pattern}/ is no regular expression: {error.msg}") from None
    except (OverflowError, RecursionError, MemoryError):
        raise ValueError(f"/{pattern}/ is too complicated") from None


def level_of(text: str) -> Level | None:
    """Return the level of a record's first line, ``None`` for a line that continues a record."""
    record = classify(text)
    return record.level if record is not None else None


def tokens(text: str) -> Iterator[tuple[bool, str | None, str, bool]]:
    """Yield for each part whether it has a minus, its pattern or its word, and whether the word was quoted."""
    at = 0
    while (found := _TOKEN.match(text, at)) is not None:
        at = found.end()
        quoted = found["quoted"]
        word = quoted if quoted is not None else found["word"] or ""
        if found["minus"] or word != "-":
            yield bool(found["minus"]), found["pattern"], word, quoted is not None


def _term(name: str, text: str, *, is_wanted: bool) -> list[Term]:
    """Return a term with its values; none while no value is typed yet."""
    values = tuple(value for value in text.casefold().split(",") if value)
    if name == "level":
        values = tuple(_level(value) for value in values)
    if name == "status":
        wrong = next((value for value in values if not _STATUS.fullmatch(value)), None)
        if wrong is not None:
            raise ValueError(f"status:{wrong} is not understood: 429, 5xx or 400-499")
    return [Term(name, values, is_wanted)] if values else []


def _level(value: str) -> str:
    value = {"critical": "error", "fatal": "error"}.get(value, value)
    found = next((name for name in LEVELS if name.startswith(value)), None)
    if found is None:
        raise ValueError(f"level:{value} is not known: {', '.join(LEVELS)}")
    return found


def _since(text: str, now: float, local: Callable[[float], datetime]) -> float:
    """Return the time that a text means."""
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now - int(span[1]) * _UNITS[span[2]]
    clock = _TIME.fullmatch(text)
    if clock is None or int(clock[1]) > 23 or int(clock[2]) > 59 or int(clock[3] or 0) > 59:
        raise ValueError(f"since:{text} is not understood: 10m, 2h or 14:05")
    today = local(now)
    at = today.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
    return (at if at <= today else at - timedelta(days=1)).timestamp()


def _has_status(text: str, values: tuple[str, ...]) -> bool:
    if not may_hold_request(text):
        return False
    access = parse_access(text)
    return access is not None and any(_is_status(access.status, value) for value in values)


def _is_status(status: int, value: str) -> bool:
    if value.endswith("xx"):
        return status // 100 == int(value[0])
    low, _, high = value.partition("-")
    return int(low) <= status <= int(high or low)
