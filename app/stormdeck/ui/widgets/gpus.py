"""The GPUs: one line each with its history, and who holds the memory."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.gpu import Gpu, GpuState
from stormdeck.model.light import Light
from stormdeck.model.path import gpu_name
from stormdeck.model.units import NONE, gibibytes, percent
from stormdeck.ui.draw import LIGHT_STYLES, fit, light, line, sentences, spark
from stormdeck.ui.widgets.panel import Panel

HOT_C = 85
"""Where data-centre cards begin to throttle; only the colour depends on it."""


class GpuPanel(Panel):
    """Utilisation with its history, memory, temperature, power; words where there is no GPU."""

    def part(self, deck: Deck) -> object:
        """Return the GPU snapshot."""
        return deck.gpu

    def rows(self, width: int, height: int) -> list[Content]:
        """Return a line a GPU, and a line for its processes where there is room."""
        gpu = self.deck.gpu
        if gpu.state is not GpuState.OK:
            return self._words(width, height)
        titled = height > len(gpu.gpus)
        driver = f"driver {gpu.driver}" if gpu.driver else ""
        note = ("simulated", "$warning") if gpu.simulated else (driver, "$quiet")
        rows = [self.heading("GPU", note)] if titled else []
        named = min(16, max((len(gpu_name(one.name)) for one in gpu.gpus), default=0))
        room = height - len(rows) - len(gpu.gpus)
        for one in gpu.gpus:
            rows.append(_row(one, width, named))
            if room > 0 and (holders := _holders(one)) is not None:
                rows.append(holders)
                room -= 1
        return rows

    def _words(self, width: int, height: int) -> list[Content]:
        gpu = self.deck.gpu
        if gpu.state is GpuState.ASKING:
            return [self.heading("GPU"), line(("asking the driver …", "$quiet"))]
        style = LIGHT_STYLES[gpu.state.light] if gpu.state.light is Light.BROKEN else "$quiet"
        words = sentences(gpu.detail, width, height - 1, style)
        return [self.heading("GPU", light(gpu.state.light), f" {gpu.state.value}"), *words]


def _row(gpu: Gpu, width: int, named: int) -> Content:
    name = fit(gpu_name(gpu.name), named)
    if gpu.lost:
        return line(f"{gpu.index} {name} ", light(Light.BROKEN), (f" lost  {gpu.detail}", "$error"))
    memory = f"{gibibytes(gpu.memory_used_bytes)}/{gibibytes(gpu.memory_total_bytes)} GiB"
    heat = f"{gpu.temperature_c if gpu.temperature_c is not None else NONE:>3} °C"
    heat_style = "$warning" if (gpu.temperature_c or 0) >= HOT_C or gpu.throttle else ""
    limit = f"/{gpu.power_limit_w}" if gpu.power_limit_w is not None else ""
    power = f"{gpu.power_w if gpu.power_w is not None else NONE:>4}{limit} W"
    busy = "MIG " if gpu.mig and gpu.utilization_percent is None else f"{percent(gpu.utilization_percent):>5}"
    fixed = len(f"{gpu.index} {name}{busy}  {memory}  {heat}  {power}") + 1
    graph = min(24, width - fixed)
    if graph < 4:
        return line(f"{gpu.index} {name}{busy}  {memory} ", (heat, heat_style))
    return line(
        (f"{gpu.index} ", "$quiet"),
        name,
        (busy, "bold"),
        " ",
        spark(gpu.history, graph),
        f"  {memory}  ",
        (heat, heat_style),
        f"  {power}",
    )


def _holders(gpu: Gpu) -> Content | None:
    """Return who holds the memory, the largest first, and why the card is slowed."""
    held = sorted(gpu.processes, key=lambda process: -(process.memory_bytes or 0))
    parts = [f"{process.name} {process.pid}  {gibibytes(process.memory_bytes)} GiB" for process in held[:2]]
    if len(held) > 2:
        parts.append(f"+{len(held) - 2}")
    slowed = f"slowed: {', '.join(gpu.throttle)}" if gpu.throttle else gpu.detail
    if not parts and not slowed:
        return None
    return line("  ", ("  ·  ".join(parts), "$quiet"), (f"  {slowed}" if slowed else "", "$warning"))
