"""The columns of the fleet: their order, widths, values, and the width at which each one appears."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from textual.content import Content

from stormdeck.model.fleet.snapshot import GpuShare, ProxyRow, Replica
from stormdeck.model.fleet.view.listing import FleetLine, Group, ProxyLine, ReplicaLine
from stormdeck.model.text import clean
from stormdeck.model.units import NONE, grouped, percent, seconds
from stormdeck.ui.rendering import HEALTH_STYLES, MORE, Part, fit, line

MARGIN = 1
"""Columns that the sign of the selected row needs."""
WORDS_FROM = 60
"""Columns from which on a state has its word beside its sign."""
_WORD = 8
_LONGEST_NAME = 56
_LEAST_NAME = 12


class Column(NamedTuple):
    """A figure of an instance."""

    title: str
    width: int
    """With a space before it."""
    least: int
    """The columns of the list from which on it is shown."""
    text: Callable[[Replica], str]


def _number(value: float | None) -> str:
    """Return a figure; one decimal where it is small and has one.

    >>> _number(0.26), _number(3.0), _number(1240.4), _number(None)
    ('0.3', '3', '1 240', '–')
    """
    if value is None:
        return NONE
    return f"{value:.1f}" if 0 < abs(value) < 9.95 and value != round(value) else grouped(value)


def _share(value: float | None) -> str:
    return percent(None if value is None else value * 100)


def _gpus(gpu: GpuShare | None) -> str:
    """Return how many GPUs the host has, and their use: ``8 × 93 %``."""
    return NONE if gpu is None else f"{gpu.count} × {_share(gpu.use)}"


def _power(gpu: GpuShare | None) -> str:
    watts = gpu.power_w if gpu is not None else None
    return NONE if watts is None else f"{watts / 1000:.1f} kW" if watts >= 995 else f"{watts:.0f} W"


COLUMNS = (
    Column("run", 5, 0, lambda one: _number(one.running)),
    Column("wait", 5, 0, lambda one: _number(one.waiting)),
    Column("KV", 6, 46, lambda one: _share(one.kv_cache)),
    Column("hits", 6, 74, lambda one: _share(one.prefix_hits)),
    Column("TTFT p95", 9, 0, lambda one: seconds(one.first_token_p95_s)),
    Column("tok/s", 8, 56, lambda one: _number(one.tokens_per_s)),
    Column("preempt/s", 10, 92, lambda one: _number(one.preemptions_per_s)),
    Column("GPU", 10, 102, lambda one: _gpus(one.gpu)),
    Column("GPU mem", 9, 150, lambda one: _share(one.gpu.memory if one.gpu is not None else None)),
    Column("power", 8, 160, lambda one: _power(one.gpu)),
    Column("req/s", 7, 132, lambda one: _number(one.requests_per_s)),
    Column("version", 11, 114, lambda one: one.version or NONE),
)
"""In the order in which they stand."""
_GPU_TITLES = {"GPU", "GPU mem", "power", "version"}
"""Columns without totals."""


class Frame(NamedTuple):
    """What fits into a width."""

    width: int
    name: int
    columns: tuple[Column, ...]

    @property
    def words(self) -> bool:
        """Return whether states have words."""
        return self.width >= WORDS_FROM

    @property
    def head(self) -> int:
        """Return where names begin."""
        return MARGIN + 2 + (_WORD if self.words else 0)


def frame_for(width: int) -> Frame:
    """Return the columns that fit into a width; names get what is left."""
    columns = tuple(one for one in COLUMNS if width >= one.least)
    frame = Frame(width, 0, columns)
    room = width - frame.head - sum(one.width for one in columns)
    return frame._replace(name=max(_LEAST_NAME, min(_LONGEST_NAME, room)))


def titles(frame: Frame) -> Content:
    """Return the line of the titles."""
    head = f"{'':{MARGIN}}{fit('instance', frame.head - MARGIN + frame.name)}"
    return line((head + "".join(f"{one.title:>{one.width}}" for one in frame.columns), "$quiet"))


def drawn(one: FleetLine, frame: Frame) -> Content:
    """Return a line of the list, its first column free."""
    if isinstance(one, Group):
        return _group(one, frame)
    sign: list[Part] = [" " * MARGIN, (f"{one.health.glyph} ", HEALTH_STYLES[one.health])]
    if frame.words:
        sign.append((f"{one.word:<{_WORD}}", HEALTH_STYLES[one.health]))
    name = fit_name(one.row.name, frame.name)
    if isinstance(one, ReplicaLine):
        return line(*sign, name + _figures(one.row, frame))
    return line(*sign, name, *_proxy(one, frame))


def fit_name(name: str, width: int) -> str:
    """Return a name in that many columns; a long one without its middle, as replicas of one model differ at the end.

    >>> fit_name("vllm-qwen3-coder-7d9f8b6c5-x2x4z", 18)
    'vllm-…8b6c5-x2x4z '
    """
    name = clean(name)
    if cell_len(name) < width:
        return set_cell_size(name, width)
    head = (width - 2) // 3
    return set_cell_size(f"{name[:head]}{MORE}{name[head + 2 - width :]}", width)


def _figures(row: Replica, frame: Frame) -> str:
    return "".join(fit_figure(one.text(row), one.width) for one in frame.columns)


def fit_figure(text: str, width: int) -> str:
    """Return a figure at the right of its column, with a space before it."""
    return f" {fit(text, width - 1)}" if cell_len(text) >= width else f"{text:>{width}}"


def _group(group: Group, frame: Frame) -> Content:
    """Return a heading, with sums in the columns if there is room for its words before them."""
    totals = group.totals
    room = (frame.head + frame.name if totals is not None else frame.width) - MARGIN
    for counts in (f"  {group.counts}", f"  {group.brief}", ""):
        head = line(" " * MARGIN, (group.title, "bold"), (counts, "$quiet"))
        if head.cell_length <= MARGIN + room:
            break
    else:
        head = line(" " * MARGIN, (fit(group.title, room), "bold"))
    if totals is None:
        return head
    figures = "".join(f"{'' if one.title in _GPU_TITLES else one.text(totals):>{one.width}}" for one in frame.columns)
    return line(head, " " * (MARGIN + room - head.cell_length), (figures, "$quiet"))


def _proxy(one: ProxyLine, frame: Frame) -> Iterator[Part]:
    """Yield what a proxy does: its requests, failures by class, cooldowns and user agents, as many as fit."""
    row, room = one.row, frame.width - frame.head - frame.name
    for part, style in proxy_parts(row):
        text = f"  {part}"
        if len(text) > room:
            return
        yield text, style
        room -= len(text)


def proxy_parts(row: ProxyRow) -> Iterator[tuple[str, str]]:
    """Yield what is known of a proxy, each part with its style, the most important first."""
    yield f"{_number(row.requests_per_s):>5} req/s", ""
    failed = sum(row.failures_per_s.values())
    yield (f"{_number(failed):>5} failed/s", "$error" if failed else "$quiet")
    if row.failures_per_s:
        yield _rates(row.failures_per_s), "$error"
    if row.cooldowns:
        yield f"cooled down: {', '.join(row.cooldowns)}", "$warning"
    if row.user_agents:
        yield _rates(row.user_agents), "$quiet"


def _rates(rates: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {_number(rate)}/s" for name, rate in rates.items())
