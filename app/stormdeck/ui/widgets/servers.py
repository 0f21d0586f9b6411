"""The two server panels: vLLM with its engine, and the proxy."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.light import Light
from stormdeck.model.server import EngineStats, ProxySnapshot, ServerState, VllmSnapshot
from stormdeck.model.units import NONE, duration, grouped, percent, plural, seconds, tokens
from stormdeck.ui.draw import LIGHT_STYLES, bar, line, sentences, sides
from stormdeck.ui.widgets.panel import Panel

LABEL = 13
"""Columns of a label in the full layout."""


class ServerPanel(Panel):
    """What the two have in common: a heading with version and age, and words where there are no numbers."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.now = 0.0

    def show_now(self, now: float) -> None:
        """Take the time from which ages are counted."""
        self.now = now
        self.refresh()

    def title(self, name: str, server: VllmSnapshot | ProxySnapshot, width: int) -> Content:
        """Return the name and version, with how long it is up at the right."""
        runs = server.started is not None and server.state.light is not Light.BROKEN
        age = self.now - (server.started or 0) if runs else -1
        up = "" if age < 0 else "just started" if age < 60 else f"up {duration(age - age % 60)}"
        name = f"{name} {server.version}" if server.version else name
        return sides(self.heading(name), line((up, "$quiet")), width)

    def words(self, server: VllmSnapshot | ProxySnapshot, width: int) -> list[Content]:
        """Return the state and what it means, wrapped."""
        light = server.state.light
        state = line((f"{light.glyph} {server.state.value}", LIGHT_STYLES[light]))
        return [state, *Content.styled(server.detail, "$quiet").wrap(max(1, width))]


class EnginePanel(ServerPanel):
    """Running, waiting, KV cache, prefix cache, tokens a second, time to first token."""

    def part(self, deck: Deck) -> object:
        """Return vLLM's snapshot."""
        return deck.vllm, deck.discovery.done

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the numbers of the engine, or why there are none."""
        vllm = self.deck.vllm
        if vllm is None:
            return self._absent(width, height)
        if height <= 2:
            return _brief(vllm, vllm.engine)
        title = self.title("vLLM", vllm, width)
        if vllm.engine is None or vllm.state in {ServerState.DOWN, ServerState.STARTING, ServerState.STRANGE}:
            return [title, *self.words(vllm, width)]
        if height <= 5:
            return [title, *_compact(vllm.engine, width)]
        rows = [title, _models(vllm, width), *_full(vllm.engine, width)]
        if vllm.state.light is not Light.FINE:
            rows[1] = self.words(vllm, width)[0]
        return rows

    def _absent(self, width: int, height: int) -> list[Content]:
        if not self.deck.discovery.done:
            return [self.heading("vLLM"), line(("looking …", "$quiet"))]
        words = "None found on this machine. Name one elsewhere: stormdeck --vllm http://HOST:8000"
        return [self.heading("vLLM"), *sentences(words, width, height - 1)]


class ProxyPanel(ServerPanel):
    """The proxy's requests in flight and the names it knows."""

    def part(self, deck: Deck) -> object:
        """Return the proxy's snapshot."""
        return deck.proxy, deck.discovery.done

    def rows(self, width: int, height: int) -> list[Content]:
        """Return what the proxy tells, or why there is nothing."""
        proxy = self.deck.proxy
        if proxy is None:
            text = "none on the path: Claude Code asks vLLM itself" if self.deck.discovery.done else "looking …"
            return [self.heading("PROXY"), line((text, "$quiet"))]
        title = self.title(proxy.kind.value, proxy, width)
        if proxy.state is not ServerState.UP:
            return [title, *self.words(proxy, width)]
        flight = str(proxy.in_flight) if proxy.in_flight is not None else NONE
        known = plural(len(proxy.models), "model name") if proxy.models else ""
        return [title, line((f"{'in flight':<{LABEL}}", "$quiet"), f"{flight:>5}", (f"   {known}", "$quiet"))]


def _models(vllm: VllmSnapshot, width: int) -> Content:
    if not vllm.models:
        return line(("no model told", "$quiet"))
    first = vllm.models[0]
    window = f"   window {tokens(first.max_model_len)} tokens" if first.max_model_len else ""
    more = f"   +{len(vllm.models) - 1} names" if len(vllm.models) > 1 else ""
    return line(first.id, (window, "$quiet"), (more, "$quiet"))


def _full(engine: EngineStats, width: int) -> list[Content]:
    gauge = max(8, width - LABEL - 8)
    kv_style = "$warning" if (engine.kv_cache_percent or 0) >= 90 else "$strip-ok"
    waits = "$warning bold" if engine.waiting else "bold"
    spent, made = _rates(engine)
    label = LABEL - 1
    return [
        line(
            (f"{'running':<{label}}", "$quiet"),
            (f"{engine.running:>5}", "bold"),
            ("   waiting ", "$quiet"),
            (f"{engine.waiting:>5}", waits),
        ),
        line(
            (f"{'KV cache':<{label}}", "$quiet"),
            f"{percent(engine.kv_cache_percent):>5}",
            "   ",
            bar(engine.kv_cache_percent, gauge, kv_style),
        ),
        line(
            (f"{'prefix hit':<{label}}", "$quiet"),
            f"{percent(engine.prefix_hit_percent):>5}",
            "   ",
            bar(engine.prefix_hit_percent, gauge),
        ),
        line((f"{'tokens/s':<{label}}", "$quiet"), f"{spent:>5}", (" in ", "$quiet"), f"{made:>9}", (" out", "$quiet")),
        line(
            (f"{'first token':<{label}}", "$quiet"),
            f"{seconds(engine.ttft_p50_s):>5}",
            (" p50", "$quiet"),
            f"{seconds(engine.ttft_p95_s):>9}",
            (" p95", "$quiet"),
        ),
    ]


def _compact(engine: EngineStats, width: int) -> list[Content]:
    spent, made = _rates(engine)
    return [
        line(("running ", "$quiet"), f"{engine.running:<4}", ("waiting ", "$quiet"), f"{engine.waiting}"),
        line(
            ("KV ", "$quiet"),
            f"{percent(engine.kv_cache_percent):>5}  ",
            ("prefix hit ", "$quiet"),
            f"{percent(engine.prefix_hit_percent):>5}",
        ),
        line(("tokens/s ", "$quiet"), spent, (" in  ", "$quiet"), made, (" out", "$quiet")),
        line(
            ("first token ", "$quiet"),
            seconds(engine.ttft_p50_s),
            (" p50  ", "$quiet"),
            seconds(engine.ttft_p95_s),
            (" p95", "$quiet"),
        ),
    ]


def _brief(vllm: VllmSnapshot, engine: EngineStats | None) -> list[Content]:
    if engine is None or vllm.state.light is Light.BROKEN:
        light = vllm.state.light
        return [line(("vLLM ", "$quiet"), (f"{light.glyph} {vllm.state.value}", LIGHT_STYLES[light]))]
    _, made = _rates(engine)
    return [
        line(
            ("run ", "$quiet"),
            str(engine.running),
            (" wait ", "$quiet"),
            str(engine.waiting),
            (" KV ", "$quiet"),
            percent(engine.kv_cache_percent),
            (" hit ", "$quiet"),
            percent(engine.prefix_hit_percent),
        ),
        line(
            ("TTFT ", "$quiet"),
            seconds(engine.ttft_p50_s),
            (" p95 ", "$quiet"),
            seconds(engine.ttft_p95_s),
            f"  {made}",
            (" tok/s", "$quiet"),
        ),
    ]


def _rates(engine: EngineStats) -> tuple[str, str]:
    def told(rate: float | None) -> str:
        return NONE if rate is None else grouped(rate)

    return told(engine.prompt_tokens_per_s), told(engine.generation_tokens_per_s)
