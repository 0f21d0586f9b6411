"""Read answers of Prometheus's query API: ``{"status": "success", "data": {"resultType": "vector", ...}}``.

Recorded from Prometheus 2.42 and VictoriaMetrics 1.79; Thanos and Mimir answer in the same form, VictoriaMetrics's
cluster adds ``isPartial`` (source: its documentation).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from stormdeck.model.text import clean

_UNREADABLE = (TypeError, KeyError, IndexError, ValueError, OverflowError)
_LONGEST_WORDS = 200
_LONGEST_LABEL = 500

Labels = Mapping[str, str]


class Series(NamedTuple):
    """A series and its value at the time of the query."""

    labels: Labels
    value: float


class Points(NamedTuple):
    """A series and its values over time."""

    labels: Labels
    values: tuple[tuple[float, float], ...]
    """Pairs of unix seconds and a value, oldest first."""


class Result(NamedTuple):
    """What a query gave."""

    series: tuple[Series, ...] = ()
    points: tuple[Points, ...] = ()
    error: str = ""
    """Why Prometheus refused the query; empty if it did not."""
    is_answer: bool = True
    """Whether it is an answer of the query API at all."""
    warning: str = ""
    """What the answer warns of, for instance that it is partial."""
    at: float | None = None
    """The time of the query by the server's clock, if an instant query has a result."""


NOT_AN_ANSWER = Result(is_answer=False)


def read_result(document: object) -> Result:
    """Return what an answer's JSON says, without series that are not of the form and values that are no number."""
    if not isinstance(document, dict):
        return NOT_AN_ANSWER
    if document.get("status") == "error":
        return Result(error=_words(document.get("error")) or _words(document.get("errorType")) or "no reason given")
    data = document.get("data")
    if document.get("status") != "success" or not isinstance(data, dict):
        return NOT_AN_ANSWER
    result = data.get("result")
    if not isinstance(result, list):
        return NOT_AN_ANSWER
    warning = _warning(document)
    if data.get("resultType") == "vector":
        return Result(series=tuple(_vector(result)), warning=warning, at=_time(result))
    if data.get("resultType") == "matrix":
        return Result(points=tuple(_matrix(result)), warning=warning)
    return NOT_AN_ANSWER


def _warning(document: Mapping[str, Any]) -> str:
    warnings = document.get("warnings")
    first = next((_words(one) for one in warnings if isinstance(one, str)), "") if isinstance(warnings, list) else ""
    return first or (
        "the answer is partial: a part of its storage did not answer" * (document.get("isPartial") is True)
    )


def _time(result: list[Any]) -> float | None:
    try:
        return float(result[0]["value"][0])
    except _UNREADABLE:
        return None


def _vector(result: Iterable[Any]) -> Iterator[Series]:
    for one in result:
        try:
            value = float(one["value"][1])
            labels = one["metric"]
        except _UNREADABLE:
            continue
        if isinstance(labels, dict) and math.isfinite(value):
            yield Series(_texts(labels), value)


def _matrix(result: Iterable[Any]) -> Iterator[Points]:
    for one in result:
        labels, values = (one.get("metric"), one.get("values")) if isinstance(one, dict) else (None, None)
        if isinstance(labels, dict) and isinstance(values, list):
            yield Points(_texts(labels), tuple(_pairs(values)))


def _pairs(values: Iterable[Any]) -> Iterator[tuple[float, float]]:
    for pair in values:
        try:
            at, value = float(pair[0]), float(pair[1])
        except _UNREADABLE:
            continue
        if math.isfinite(at) and math.isfinite(value):
            yield at, value


def _texts(labels: dict[Any, Any]) -> dict[str, str]:
    """Return the labels without the metric's name; each is checked, shortened only if it is absurdly long."""
    return {
        name: value if len(value) <= _LONGEST_LABEL else value[:_LONGEST_LABEL]
        for name, value in labels.items()
        if name != "__name__" and isinstance(value, str)
    }


def _words(text: object) -> str:
    return clean(text[: 4 * _LONGEST_WORDS])[:_LONGEST_WORDS] if isinstance(text, str) else ""
