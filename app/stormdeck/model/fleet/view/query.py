"""Read the filter of the fleet: words, patterns, terms such as ``model:qwen``, and limits such as ``waiting>5``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stormdeck.model.fleet.snapshot import ProxyRow, Replica
from stormdeck.model.fleet.view.health import STATES
from stormdeck.model.logs.query import Pattern, Term, compiled, tokens

Row = Replica | ProxyRow

FIELDS = {
    "model": "a part of a model's name",
    "host": "a part of a host's name",
    "version": "how a version begins, such as 0.11",
    "state": ", ".join(STATES),
    "agent": "a part of a user agent of LiteLLM",
}
"""The names of the terms, and their values in words."""


def _share(value: float | None) -> float | None:
    return None if value is None else value * 100


_OF_REPLICA: dict[str, Callable[[Replica], float | None]] = {
    "running": lambda one: one.running,
    "waiting": lambda one: one.waiting,
    "kv": lambda one: _share(one.kv_cache),
    "hits": lambda one: _share(one.prefix_hits),
    "ttft": lambda one: one.first_token_p95_s,
    "tokens": lambda one: one.tokens_per_s,
    "preempt": lambda one: one.preemptions_per_s,
    "requests": lambda one: one.requests_per_s,
    "gpu": lambda one: _share(one.gpu.use) if one.gpu is not None else None,
}
_OF_PROXY: dict[str, Callable[[ProxyRow], float | None]] = {
    "requests": lambda one: one.requests_per_s,
    "failures": lambda one: sum(one.failures_per_s.values()),
    "cooldowns": lambda one: float(len(one.cooldowns)),
}
FIGURES = {
    "running": "requests that run",
    "waiting": "requests that wait",
    "kv": "used KV cache, in percent",
    "hits": "prefix cache hits, in percent",
    "ttft": "first token p95, in seconds",
    "tokens": "generated tokens a second",
    "preempt": "preemptions a second",
    "requests": "requests a second",
    "gpu": "GPU use, in percent",
    "failures": "failed requests a second of a LiteLLM",
    "cooldowns": "deployments that a LiteLLM cooled down",
}
"""The figures that can be limited, and their units in words."""
_TERM = re.compile(rf"(?P<name>{'|'.join(FIELDS)}):(?P<values>.*)", re.IGNORECASE | re.DOTALL)
_LIMIT = re.compile(rf"(?P<name>{'|'.join(FIGURES)})(?P<sign>[<>]=?)(?P<number>.*)", re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{0,6})?", re.ASCII)
_SIGNS: dict[str, Callable[[float, float], bool]] = {
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
}


class Limit(NamedTuple):
    """``waiting>5`` and the like; a row without the figure never passes."""

    name: str
    sign: str
    number: float
    is_wanted: bool = True

    def passes(self, row: Row) -> bool:
        """Return whether a row passes."""
        value = _figure(self.name, row)
        return value is not None and _SIGNS[self.sign](value, self.number) is self.is_wanted


@dataclass(frozen=True, slots=True)
class FleetQuery:
    """A filter: a row passes if it meets all of its parts.

    >>> FleetQuery.read("qwen waiting>5").passes(Replica("a", "gpu-1:8000", "qwen3", waiting=6.0), "fine")
    True
    """

    wanted: tuple[str, ...] = ()
    """Words in lower case, which may stand anywhere in what a row says."""
    unwanted: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    terms: tuple[Term, ...] = ()
    limits: tuple[Limit, ...] = ()
    problem: str = field(default="", compare=False)
    """What in its text is not understood; empty: everything is."""

    @classmethod
    def read(cls, text: str) -> FleetQuery:
        """Return the filter in a text."""
        wanted: list[str] = []
        unwanted: list[str] = []
        patterns: list[Pattern] = []
        terms: list[Term] = []
        limits: list[Limit] = []
        problem = ""
        for minus, pattern, word, is_quoted in tokens(text):
            is_word = pattern is None and not is_quoted
            term = _TERM.fullmatch(word) if is_word else None
            limit = _LIMIT.fullmatch(word) if is_word else None
            try:
                if pattern is not None:
                    patterns.append(Pattern(pattern, not minus, compiled(pattern)))
                elif term is not None:
                    terms += _term(term["name"].lower(), term["values"], is_wanted=not minus)
                elif limit is not None:
                    limits += _limit(limit, is_wanted=not minus)
                elif word:
                    (unwanted if minus else wanted).append(word.casefold())
            except ValueError as error:
                problem = problem or str(error)
        return cls(tuple(wanted), tuple(unwanted), tuple(patterns), tuple(terms), tuple(limits), problem)

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted or self.patterns or self.terms or self.limits)

    def passes(self, row: Row, state: str) -> bool:
        """Return whether a row in a state passes."""
        if not self:
            return True
        text = " ".join(_texts(row, state))
        folded = text.casefold()
        return (
            all(word in folded for word in self.wanted)
            and not any(word in folded for word in self.unwanted)
            and all((one.compiled.search(text) is not None) is one.is_wanted for one in self.patterns)
            and all(_has(row, state, term) is term.is_wanted for term in self.terms)
            and all(limit.passes(row) for limit in self.limits)
        )


def _texts(row: Row, state: str) -> Sequence[str]:
    """Return all words of a row."""
    if isinstance(row, Replica):
        return row.name, row.model, row.host, row.version, state
    return (row.name, "LiteLLM", row.version, state, *row.failures_per_s, *row.cooldowns, *row.user_agents)


def _has(row: Row, state: str, term: Term) -> bool:
    """Return whether a row has one of the values of a term."""
    if term.name == "state":
        return state in term.values
    if term.name == "version":
        return any(row.version.casefold().removeprefix("v").startswith(one.removeprefix("v")) for one in term.values)
    if isinstance(row, Replica):
        texts = {"model": [row.model], "host": [row.host or row.name]}.get(term.name, [])
    else:
        texts = {"host": [row.name], "agent": [*row.user_agents]}.get(term.name, [])
    return any(value in text.casefold() for text in texts for value in term.values)


def _figure(name: str, row: Row) -> float | None:
    """Return a figure of a row; ``None`` if it has none."""
    if isinstance(row, Replica):
        return _OF_REPLICA[name](row) if name in _OF_REPLICA else None
    return _OF_PROXY[name](row) if name in _OF_PROXY else None


def _term(name: str, text: str, *, is_wanted: bool) -> list[Term]:
    """Return a term with its values; none while no value is typed yet."""
    values = tuple(value for value in text.casefold().split(",") if value)
    if name == "state":
        values = tuple(map(_state, values))
    return [Term(name, values, is_wanted)] if values else []


def _state(value: str) -> str:
    found = next((state for state in STATES if state.startswith(value)), None)
    if found is None:
        raise ValueError(f"state:{value} is not known: {', '.join(STATES)}")
    return found


def _limit(found: re.Match[str], *, is_wanted: bool) -> list[Limit]:
    """Return a limit; none while no number is typed yet."""
    name, sign, number = found["name"].lower(), found["sign"], found["number"]
    if not number:
        return []
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"{name}{sign}{number} is not understood: {name}{sign}5, {FIGURES[name]}")
    return [Limit(name, sign, float(number), is_wanted)]
