"""Draw the numbers of vLLM's engine: in two lines, in two columns, or with bars."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.snapshots.server import EngineStats, VllmSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.units import NONE, grouped, percent, plural, seconds, tokens
from stormdeck.ui.rendering import HEALTH_STYLES, Part, bar, fit_words, line

LABEL, VALUE = 12, 6
"""Columns of a label, and of a number with its unit, so that numbers are aligned and do not move."""
LONGEST_BAR = 48
FULL_KV = 90
"""Percent of the KV cache from which on requests will soon wait."""


def brief(vllm: VllmSnapshot) -> list[Content]:
    """Return two lines, for the smallest pane."""
    engine, health = vllm.engine, vllm.state.health
    if engine is None or health is Health.ERROR:
        return [line((f"{vllm.kind.value} ", "$quiet"), (f"{health.glyph} {vllm.state.value}", HEALTH_STYLES[health]))]
    _, made = _rates(engine)
    return [
        line(
            *_field("run", str(engine.running), 8),
            *_field("wait", str(engine.waiting), 9),
            *_field("KV", percent(engine.kv_cache_percent), 9),
            *_field("hit", percent(engine.prefix_hit_percent), 9),
        ),
        line(
            *_field("TTFT", seconds(engine.ttft_p50_s), 12),
            *_field("p95", seconds(engine.ttft_p95_s), 11),
            made,
            (" tok/s", "$quiet"),
        ),
    ]


def compact(engine: EngineStats) -> list[Content]:
    """Return four lines with two numbers each."""
    spent, made = _rates(engine)
    return [
        _pair("running", str(engine.running), "waiting", str(engine.waiting), _waits(engine)),
        _pair("KV cache", percent(engine.kv_cache_percent), "cache hits", percent(engine.prefix_hit_percent)),
        _pair("tok/s in", spent, "tok/s out", made),
        _pair("TTFT p50", seconds(engine.ttft_p50_s), "TTFT p95", seconds(engine.ttft_p95_s)),
    ]


def full(engine: EngineStats, width: int) -> list[Content]:
    """Return five lines: each a number with a bar or a second number."""
    gauge = min(LONGEST_BAR, max(8, width - LABEL - VALUE - 3))
    kv_style = "$warning" if (engine.kv_cache_percent or 0) >= FULL_KV else "$strip-ok"
    spent, made = _rates(engine)
    kv_bar, hit_bar = bar(engine.kv_cache_percent, gauge, kv_style), bar(engine.prefix_hit_percent, gauge)
    return [
        line(
            *_number("running", str(engine.running), "bold"),
            ("   waiting ", "$quiet"),
            (f"{engine.waiting:>5}", _waits(engine) or "bold"),
        ),
        line(*_number("KV cache", percent(engine.kv_cache_percent)), "   ", kv_bar),
        line(*_number("cache hits", percent(engine.prefix_hit_percent)), "   ", hit_bar),
        line(*_number("tokens/s", spent), (" in ", "$quiet"), f"{made:>12}", (" out", "$quiet")),
        line(
            *_number("TTFT", seconds(engine.ttft_p50_s)),
            (" p50", "$quiet"),
            f"{seconds(engine.ttft_p95_s):>12}",
            (" p95", "$quiet"),
        ),
    ]


def preempted(engine: EngineStats) -> Content:
    """Return how many running requests were preempted; no log shows that."""
    style = "$warning" if engine.preemptions else ""
    span = f"   in the last {engine.window_s} s" if engine.window_s else ""
    return line(*_number("preempted", str(engine.preemptions), style), (span, "$quiet"))


def models(vllm: VllmSnapshot, width: int, most: int) -> list[Content]:
    """Return the model names with their context windows; the last row counts those left out."""
    if not vllm.models:
        return [line(("no model name known", "$quiet"))]
    shown = vllm.models if len(vllm.models) <= most else vllm.models[: max(1, most - 1)]
    rows = []
    for model in shown:
        window = f"   window {tokens(model.max_model_len)} tokens" if model.max_model_len else ""
        left = len(vllm.models) - len(shown) if most == 1 else 0
        more = f"   +{plural(left, 'name')}" if left else ""
        rows.append(line(fit_words(model.id, width - len(window) - len(more)), (window, "$quiet"), (more, "$quiet")))
    if most > 1 and len(shown) < len(vllm.models):
        rows.append(line((f"+{plural(len(vllm.models) - len(shown), 'name')} more", "$quiet")))
    return rows


def _field(label: str, value: str, width: int) -> tuple[Part, ...]:
    return ((f"{label} ", "$quiet"), value.ljust(width - len(label) - 1))


def _number(label: str, value: str, style: str = "") -> tuple[Part, ...]:
    return ((f"{label:<{LABEL}}", "$quiet"), (f"{value:>{VALUE}}", style))


def _pair(first: str, one: str, second: str, other: str, style: str = "") -> Content:
    return line((f"{first:<9}", "$quiet"), f"{one:>{VALUE}}", (f"    {second:<11}", "$quiet"), (f"{other:>5}", style))


def _waits(engine: EngineStats) -> str:
    return "$warning bold" if engine.waiting else ""


def _rates(engine: EngineStats) -> tuple[str, str]:
    def shown(rate: float | None) -> str:
        return NONE if rate is None else grouped(rate)

    return shown(engine.prompt_tokens_per_s), shown(engine.generation_tokens_per_s)
