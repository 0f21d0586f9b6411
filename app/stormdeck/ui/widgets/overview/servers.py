"""The panels of the two servers: vLLM with its engine, and the proxy."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.request_path import unknown_base
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.units import NONE, duration, plural
from stormdeck.model.urls import place
from stormdeck.ui.rendering import HEALTH_STYLES, line, sentences, sides
from stormdeck.ui.widgets.overview.engine import LABEL, VALUE, brief, compact, full, models, preempted
from stormdeck.ui.widgets.panel import LivePanel

SILENT = {ServerState.DOWN, ServerState.UNREACHABLE, ServerState.SILENT, ServerState.STARTING, ServerState.STRANGE}
"""States in which the last numbers are not shown."""
NOT_RECORDED = "Not in a recording: it holds log lines only."
FULL_WIDTH = 40
"""Columns of the numbers with their bars."""
_WITH_NAMES = 4
"""Rows of a server without figures: its heading, its state and two of the reason."""
KEYLESS = {ServerKind.LITELLM: "shown only with its key"}
"""Why the requests in flight are not known."""


class ServerPanel(LivePanel):
    """The base of both: a heading with version and uptime, and the state if there are no numbers."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.now = 0.0

    def show_now(self, now: float) -> None:
        """Update the current time, from which ages are counted."""
        self.now = now
        self.refresh()

    def title(self, name: str, server: VllmSnapshot | ProxySnapshot, width: int) -> Content:
        """Return the name and version on the left, and the uptime on the right."""
        runs = server.started is not None and server.state.health is not Health.ERROR
        age = self.now - (server.started or 0) if runs else -1
        up = "" if age < 0 else "just started" if age < 60 else f"up {duration(age - age % 60)}"
        name = f"{name} {server.version}" if server.version else name
        return sides(self.heading(name), line((up, "$quiet")), width)

    def state(self, server: VllmSnapshot | ProxySnapshot) -> Content:
        """Return the state, with the age of an old answer."""
        health, word = server.state.health, server.state.value
        old = server.state is ServerState.STALE and server.seen and self.now > server.seen
        age = f"  last answer {duration(self.now - server.seen)} ago" if old else ""
        return line((f"{health.glyph} {word}", HEALTH_STYLES[health]), (age, "$quiet"))

    def facts(self, server: VllmSnapshot | ProxySnapshot, room: int) -> list[Content]:
        """Return the address and the process, if there are enough rows."""
        facts = [("address", server.url), *([("process", str(server.pid))] if server.pid is not None else [])]
        rows = [line(), *(line((f"{label:<{LABEL}}", "$quiet"), f"  {value}") for label, value in facts)]
        return rows if len(rows) <= room else []

    def words(self, server: VllmSnapshot | ProxySnapshot, width: int, height: int) -> list[Content]:
        """Return the state and as many whole sentences about it as fit."""
        return [self.state(server), *sentences(server.detail, width, height - 1)]


class EnginePanel(ServerPanel):
    """Running and waiting requests, KV cache, prefix cache hits, tokens per second, time to first token."""

    def part(self, deck: Deck) -> object:
        """Return vLLM's snapshot."""
        return deck.vllm, deck.discovery.done, deck.discovery.hidden

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the engine's numbers, or why there are none."""
        vllm = self.deck.vllm
        if vllm is None:
            return self._absent(width, height)
        if height <= 2:
            return brief(vllm)
        title = self.title(vllm.kind.value, vllm, width)
        if vllm.engine is None or vllm.state in SILENT:
            known = vllm.models and vllm.state is ServerState.UP and height > _WITH_NAMES
            names = models(vllm, width, height - _WITH_NAMES) if known else []
            return [title, *names, *self.words(vllm, width, height - 1 - len(names))]
        is_ok = vllm.state.health is Health.OK
        if height <= 6 or width < FULL_WIDTH:
            head = models(vllm, width, 1) if height > 5 else []
            return [title, *(head if is_ok else [self.state(vllm)]), *compact(vllm.engine)][:height]
        names = models(vllm, width, max(1, height - 7)) if is_ok else [self.state(vllm)]
        rows = [title, *names, *full(vllm.engine, width)]
        rows += [preempted(vllm.engine)] if height > len(rows) else []
        return [*rows, *self.facts(vllm, height - len(rows))]

    def _absent(self, width: int, height: int) -> list[Content]:
        title = [self.heading("vLLM")] if height > 1 else []
        if not self.deck.discovery.done:
            return [*title, line(("searching on this machine", "$quiet"))]
        base, silent = unknown_base(self.deck), ", ".join(map(place, self.deck.discovery.silent))
        if base is not None:
            words = f"No vLLM known at {place(base.url)}, where Claude Code sends its requests."
            return [*title, *sentences(words, width, height - len(title))]
        hidden = self.deck.discovery.hidden
        if hidden is not None and not silent:
            words = f"It runs {hidden.where}. Its figures are seen once an address leads to it: stormdeck --vllm URL"
            return [*title, *sentences(words, width, height - len(title))]
        found = f"No answer yet from {silent}." if silent else "None found on this machine."
        named = f"{found} Name one elsewhere: stormdeck --vllm http://HOST:8000"
        words = NOT_RECORDED if self.deck.replay is not None else named
        return [*title, *sentences(words, width, height - len(title))]


class ProxyPanel(ServerPanel):
    """The proxy's requests in flight and its model names."""

    def part(self, deck: Deck) -> object:
        """Return the proxy's snapshot, and which server the client sends to without one."""
        return deck.proxy, deck.discovery.done, deck.vllm.kind if deck.vllm is not None else None

    def rows(self, width: int, height: int) -> list[Content]:
        """Return the proxy's numbers and names, or why there are none."""
        proxy = self.deck.proxy
        if proxy is None and self.deck.replay is not None:
            return [self.heading("PROXY"), *sentences(NOT_RECORDED, width, height - 1)]
        if proxy is None:
            return [self.heading("PROXY"), *sentences(self._absent(), width, height - 1)]
        title = self.title(proxy.kind.value, proxy, width)
        if proxy.state is not ServerState.UP:
            return [title, *self.words(proxy, width, height - 1)]
        known = plural(len(proxy.models), "model name") if proxy.models else "no model name known"
        note = known if proxy.in_flight is not None else KEYLESS.get(proxy.kind, known)
        flight = str(proxy.in_flight) if proxy.in_flight is not None else NONE
        numbers = line((f"{'in flight':<{LABEL}}", "$quiet"), f"{flight:>{VALUE}}", (f"   {note}", "$quiet"))
        rows = [title, numbers, *self._names(proxy.models, height - 2)]
        return [*rows, *self.facts(proxy, height - len(rows))]

    def _absent(self) -> str:
        if not self.deck.discovery.done:
            return "searching on this machine"
        if self.deck.vllm is not None:
            return f"No proxy: Claude Code sends to {self.deck.vllm.kind.value} itself."
        if self.deck.discovery.silent:
            return f"No answer yet from {', '.join(map(place, self.deck.discovery.silent))}."
        if self.deck.discovery.beside:
            return "None that Claude Code uses: its base URL leads elsewhere."
        return "None found. Name one: stormdeck --proxy http://HOST:4000"

    @staticmethod
    def _names(names: tuple[str, ...], most: int) -> list[Content]:
        """Return the model names, one per row; the last row counts those left out."""
        if most < 2:
            return []
        shown = names if len(names) <= most else names[: most - 1]
        left = [line((f"+{len(names) - len(shown)} more", "$quiet"))] if len(shown) < len(names) else []
        return [*(line(name) for name in shown), *left]
