"""Define the figures that are kept over time: their names, units and scales, and a sample of all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from stormdeck.model.units import NONE, grouped, percent, seconds

FULL_PERCENT = 100.0
DIGITS = 3
"""Decimals that are kept: a mean of equal values is then that value."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure over time."""

    key: str
    """Its stable name in the file, that of the field which it comes from."""
    name: str
    short: str
    """Its name in narrow panes, at most 9 characters."""
    unit: str
    top: float | None = None
    """The top of its scale, if that is fixed."""
    by_peak: bool = False
    """Whether the highest of several values stands for all, instead of their mean."""
    of_minute: bool = False
    """Whether each value is that of the whole minute before it."""

    def text(self, value: float | None) -> str:
        """Return a value with its unit.

        >>> FIGURES[0].text(12.0), FIGURES[5].text(None)
        ('12 /min', '–')
        """
        if value is None:
            return NONE
        if self.unit == "%":
            return percent(value)
        if self.unit == "s":
            return seconds(value)
        if self.unit == "W" and value >= 9_950:
            return f"{value / 1000:.1f} kW"
        if self.unit == "tok/s" and value >= 9_950:
            return f"{value / 1000:.{1 if value < 99_950 else 0}f}k tok/s"
        number = f"{value:.1f}" if value < 9.95 and value % 1 else grouped(value)
        return f"{number} {self.unit}".rstrip()


FIGURES = (
    Figure("requests_per_minute", "requests", "requests", "/min", of_minute=True),
    Figure("retries_per_minute", "retries", "retries", "/min", by_peak=True, of_minute=True),
    Figure("running", "running", "running", ""),
    Figure("waiting", "waiting", "waiting", "", by_peak=True),
    Figure("kv_cache_percent", "KV cache", "KV cache", "%", FULL_PERCENT, by_peak=True),
    Figure("ttft_p50_s", "first token p50", "TTFT p50", "s", of_minute=True),
    Figure("ttft_p95_s", "first token p95", "TTFT p95", "s", by_peak=True, of_minute=True),
    Figure("generation_tokens_per_s", "tokens out", "tok out", "tok/s"),
    Figure("prompt_tokens_per_s", "tokens in", "tok in", "tok/s"),
    Figure("prefix_hit_percent", "cache hits", "hits", "%", FULL_PERCENT, of_minute=True),
    Figure("gpu_percent", "GPU use", "GPU use", "%", FULL_PERCENT),
    Figure("gpu_memory_percent", "GPU memory", "GPU mem", "%", FULL_PERCENT),
    Figure("gpu_power_w", "GPU power", "GPU power", "W"),
)
"""All figures, in the order in which they are shown. Those of several GPUs are their mean, or their sum in watts."""

PLACES = {figure.key: place for place, figure in enumerate(FIGURES)}
UNKNOWN: tuple[float | None, ...] = (None,) * len(FIGURES)


class Sample(NamedTuple):
    """The figures of one slice of time. ``None``: not known, or nothing happened that it could measure."""

    at: int
    """When the slice began, in unix seconds."""
    values: tuple[float | None, ...]
    """In the order of ``FIGURES``."""
    server: str = ""
    """The inference server, as host and port; empty if none was known."""
    model: str = ""
    """The model that it served; empty if not known."""
    held: tuple[int, ...] = ()
    """The GPUs that heat or power held back; not stored."""

    def of(self, key: str) -> float | None:
        """Return a figure by its key."""
        return self.values[PLACES[key]]


def combined(samples: Iterable[Sample], at: int) -> Sample:
    """Return one sample for several: of each figure the mean of the known values, or the highest.

    Server and model are those of the last one.
    """
    every = tuple(samples)
    values: list[float | None] = []
    for figure, column in zip(FIGURES, zip(*(one.values for one in every), strict=True), strict=True):
        known = column if None not in column else [value for value in column if value is not None]
        if not known:
            values.append(None)
        else:
            values.append(max(known) if figure.by_peak else round(sum(known) / len(known), DIGITS))
    return Sample(at, tuple(values), every[-1].server, every[-1].model)


def minute_of(samples: Iterable[Sample], at: int) -> Sample:
    """Return the sample of a minute, from those in it.

    What covers a minute by itself is taken from the last one: each request then counts in one minute, and minutes
    can be compared as independent.
    """
    every = tuple(samples)
    mean, last = combined(every, at), every[-1].values
    pairs = zip(FIGURES, mean.values, last, strict=True)
    return mean._replace(values=tuple(end if figure.of_minute else value for figure, value, end in pairs))
