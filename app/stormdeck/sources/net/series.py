"""Read some metrics of a page in Prometheus' text format, within bounds of time and memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from stormdeck.sources.io.imports import import_without_package

_PLAIN = re.compile(r"([^\s{#]+(?:\{[^#]*\})?) ([-+]?[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)", re.ASCII)
"""A series and its value, without a timestamp or an exemplar."""
_MAX_LINES = 5000
"""Most lines of the wanted metrics; an engine of vLLM has 40 of the shown ones (measured, 0.32)."""
_LONGEST_LINE = 2048
_MOST_TEXT = 512 * 1024
"""Most characters of such lines, in all."""
_STEP = 64 * 1024
"""Characters that are searched at once, during which no other thread runs."""
_MOST_CACHED = 1024
_UNREADABLE = (ValueError, IndexError, KeyError, OverflowError)
"""What the parser raises for a line that is not Prometheus text, or has a number beyond any float."""

Series = tuple[str, dict[str, str], float]
"""The name of a metric, its labels, and its value."""
_Named = tuple[str, dict[str, str]]


class TooMuchError(Exception):
    """The page would take too long to parse."""


class SeriesReader:
    r"""Reads the metrics of the given names. Take the result in a thread: the page may be hostile.

    >>> SeriesReader(["up"]).read(b'# TYPE up gauge\nup{job="vllm"} 1\nother 2\n')
    [('up', {'job': 'vllm'}, 1.0)]
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(names)
        self._wanted = re.compile(rf"^(?:{'|'.join(map(re.escape, self._names))})[{{ \t].*$", re.MULTILINE)
        self._cache: dict[str, _Named] = {}

    def read(self, page: bytes) -> list[Series]:
        """Return the series; unreadable lines are skipped. Raises ``TooMuchError`` for more than any server has."""
        return list(self._series(self._lines(page.decode("utf-8", "replace"))))

    def _lines(self, page: str) -> Iterator[str]:
        left, lines = _MOST_TEXT, _MAX_LINES
        start = 0
        while start < len(page):
            end = page.find("\n", start + _STEP)
            end = len(page) if end < 0 else end
            # Beyond two steps is the rest of one long line.
            for found in self._wanted.finditer(page, start, min(end, start + 2 * _STEP)):
                length = found.end() - found.start()
                left, lines = left - length, lines - 1
                if length > _LONGEST_LINE or left < 0 or lines < 0:
                    raise TooMuchError
                yield found[0]
            start = end + 1

    def _series(self, lines: Iterable[str]) -> Iterator[Series]:
        for line in lines:
            plain = _PLAIN.fullmatch(line)
            named = self._named(plain[1]) if plain is not None else None
            if plain is not None and named is not None:
                yield *named, float(plain[2])
            else:
                yield from self._parsed(line)

    def _named(self, series: str) -> _Named | None:
        """Return name and labels of a series, cached since they are the same on every page; ``None`` if unreadable."""
        known = self._cache.get(series)
        if known is not None:
            return known
        named = next(((name, labels) for name, labels, _ in self._parsed(f"{series} 0")), None)
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        if named is not None:
            self._cache[series] = named
        return named

    def _parsed(self, line: str) -> list[Series]:
        import_without_package("prometheus_client.parser")
        from prometheus_client.parser import text_string_to_metric_families

        with suppress(*_UNREADABLE):
            samples = [sample for family in text_string_to_metric_families(f"{line}\n") for sample in family.samples]
            return [(one.name, one.labels, float(one.value)) for one in samples if one.name in self._names]
        return []
