"""Draw the GPUs: one line each, with its history and the processes that use its memory."""

from __future__ import annotations

from textual.content import Content

from stormdeck.model.deck import Deck
from stormdeck.model.gpu_places import GpuPlace, gpu_places
from stormdeck.model.request_path import gpu_name, gpus_elsewhere, remote_gpus, server_gpus
from stormdeck.model.snapshots.gpu import Gpu, GpuState
from stormdeck.model.symbols import Health
from stormdeck.model.units import NONE, gibibytes, percent
from stormdeck.ui.rendering import HEALTH_STYLES, fit_words, health_sign, line, peaks, sentences, sides, spark, stack
from stormdeck.ui.widgets.panel import LivePanel

HOT_C = 85
"""Where data-centre cards begin to throttle; used only for the colour."""
SAMPLES = 60
"""Samples in the history."""
LASTS = ("60 s", "5 min")
"""How long that is: of this machine one a second, of another one every five seconds."""
LEAST_NUMBERS = 29
"""Columns of a card's index, load, memory and temperature."""
TALLEST = 8
"""The most rows of a history."""


class GpuPanel(LivePanel):
    """Utilisation with its history, memory, temperature and power, or why no GPU is shown."""

    def part(self, deck: Deck) -> object:
        """Return the GPUs of all machines, and where the server's are if not here."""
        return deck.gpu, deck.gpu_hosts, gpus_elsewhere(deck), gpu_places(deck)

    def rows(self, width: int, height: int) -> list[Content]:
        """Return a line per GPU, and its history and processes if there is room; further machines below."""
        first, *others = gpu_places(self.deck)
        # A line each for further machines, and more only where the server's own GPUs leave room.
        room = max(min(height, 2), height - len(others))
        rows = self._machine(first, width, room if others else height)
        for at, place in enumerate(others):
            room = height - len(rows) - (len(others) - at - 1)
            if room > len(place.snapshot.gpus) and place.snapshot.gpus:
                rows += self._machine(place, width, min(room, 1 + 2 * len(place.snapshot.gpus)))
            elif room > 0:
                rows.append(_machine_in_short(place, width))
        return rows

    def _machine(self, place: GpuPlace, width: int, height: int) -> list[Content]:
        """Return the rows of one machine."""
        gpu = place.snapshot
        if gpu.state is not GpuState.OK or not gpu.gpus:
            return self._no_gpu(place, width, height)
        has_title = height > len(gpu.gpus) or height > 2 or (height > 1 and bool(place.name))
        rows = [self._title(place, width)] if has_title else []
        where = "" if place.is_of_server else gpus_elsewhere(self.deck)
        if where and not place.name and not self._is_seen and height > len(rows) + len(gpu.gpus):
            rows.append(line((_elsewhere(where, width), "$quiet")))
        shown = gpu.gpus if len(rows) + len(gpu.gpus) <= height else gpu.gpus[: max(0, height - len(rows) - 1)]
        named = min(16, max(len(gpu_name(one.name)) for one in gpu.gpus))
        room = height - len(rows) - len(gpu.gpus)
        tall = min(TALLEST, (room - len(gpu.gpus)) // len(gpu.gpus))
        for one in shown:
            rows.append(_row(one, width, named, graph=tall < 2))
            if tall >= 2 and one.history:
                rows += _history(one, width, tall)
            if room > 0 and (processes := _processes(one, width)) is not None:
                rows.append(processes)
                room -= 1
        return rows if len(shown) == len(gpu.gpus) else [*rows, _others(gpu.gpus[len(shown) :], bool(shown))]

    @property
    def _is_seen(self) -> bool:
        """Return whether the GPUs of the server's machine are seen."""
        return server_gpus(self.deck) is not None

    def _title(self, place: GpuPlace, width: int) -> Content:
        gpu = place.snapshot
        note = ("simulated", "$warning") if gpu.simulated else (f"driver {gpu.driver}" if gpu.driver else "", "$quiet")
        graphs = width >= 50 and any(one.history for one in gpu.gpus)
        scale = (f"0 to 100 %, last {LASTS[bool(place.name)]}" if graphs else "", "$quiet")
        elsewhere = gpus_elsewhere(self.deck) or any(one.name for one in gpu_places(self.deck))
        name = _title_of(place, width) if place.name else "GPU of this machine" if elsewhere else "GPU"
        return sides(self.heading(name, note), line(scale), width)

    def _no_gpu(self, place: GpuPlace, width: int, height: int) -> list[Content]:
        gpu, title = place.snapshot, _title_of(place, width)
        if gpu.state is GpuState.ASKING:
            asked = "its exporter" if place.name else "the GPU driver"
            return [self.heading(title), line((f"asking {asked}", "$quiet"))]
        style = HEALTH_STYLES[gpu.state.health] if gpu.state.health is Health.ERROR else "$quiet"
        state = gpu.state.value if gpu.state is not GpuState.OK else GpuState.NO_GPU.value
        is_elsewhere = not place.name and not self._is_seen and gpu.state.health is Health.UNKNOWN
        where = gpus_elsewhere(self.deck) if is_elsewhere else ""
        words = f"{_elsewhere(where, width * height)}." if where else gpu.detail
        detail = sentences(words, width, height - 1, style)
        return [self.heading(title, health_sign(gpu.state.health), f" {state}"), *detail]


def _title_of(place: GpuPlace, width: int) -> str:
    """Return a machine's title: ``GPU``, ``GPU of gpu-box``."""
    return f"GPU of {fit_words(place.name, max(8, width // 3))}" if place.name else "GPU"


def _machine_in_short(place: GpuPlace, width: int) -> Content:
    """Return one line for a machine whose GPUs do not fit."""
    gpu, title = place.snapshot, _title_of(place, width) if place.name else "GPU of this machine"
    if gpu.gpus:
        return line((f"{title}  ", "bold"), _others(gpu.gpus, after=False))
    words = gpu.detail or gpu.state.value
    return line((f"{title}  ", "bold"), health_sign(gpu.state.health), f" {fit_words(words, width - len(title) - 4)}")


def _elsewhere(where: str, room: int) -> str:
    """Return where the server's GPUs are, and how to see them if there is room."""
    whole = remote_gpus(where)
    text = whole if len(whole) <= room else whole.partition(":")[0]
    return f"{text[:1].upper()}{text[1:]}"


def _row(gpu: Gpu, width: int, named: int, *, graph: bool) -> Content:
    named = min(named, max(0, width - LEAST_NUMBERS))
    name = _name(gpu.name, named).ljust(named)
    if gpu.lost:
        detail = fit_words(gpu.detail, width - named - 10)
        return line(f"{gpu.index} {name} ", health_sign(Health.ERROR), (f" lost  {detail}", "$error"))
    memory = f"{f'{gibibytes(gpu.memory_used_bytes)}/{gibibytes(gpu.memory_total_bytes)}':>7} GiB"
    heat = f"{gpu.temperature_c if gpu.temperature_c is not None else NONE:>3} °C"
    heat_style = "$warning" if (gpu.temperature_c or 0) >= HOT_C or gpu.throttle else ""
    limit = f"/{gpu.power_limit_w}" if gpu.power_limit_w is not None else ""
    power = f"{gpu.power_w if gpu.power_w is not None else NONE:>4}{limit} W"
    busy = "  MIG" if gpu.mig and gpu.utilization_percent is None else f"{percent(gpu.utilization_percent):>5}"
    head = line((f"{gpu.index} ", "$quiet"), name, " ", (busy, "bold"))
    most = width - head.cell_length - len(f"  {memory} {heat} {power}") - 2
    room = min(SAMPLES, most) if graph else 0
    clock = f"  {gpu.clock_mhz:>4}/{gpu.clock_max_mhz} MHz" if gpu.clock_mhz and gpu.clock_max_mhz else ""
    if most < (4 if graph else 0):
        return line(head, f"  {memory} ", (heat, heat_style))
    return line(
        head,
        *(("  ", spark(gpu.history, room, SAMPLES)) if room else ()),
        f"  {memory} ",
        (heat, heat_style),
        f" {power}",
        (clock if most - room >= len(clock) else "", "$quiet"),
    )


def _name(name: str, room: int) -> str:
    """Return a card's name, without its form factor and size if they do not fit."""
    whole = gpu_name(name)
    return next((text for text in (whole, whole.split("-")[0]) if len(text) <= room), fit_words(whole, room))


def _history(gpu: Gpu, width: int, height: int) -> list[Content]:
    """Return the utilisation as columns from 0 to 100 %, the newest on the right."""
    from stormdeck.model.snapshots.traffic import Bucket

    times = max(1, min(2, (width - 6) // SAMPLES))
    shown = peaks(gpu.history, width - 6, SAMPLES)
    known = [Bucket(value or 0, 0, 0) for value in shown for _ in range(times)]
    marks = [" 100┤", *["    │"] * (height - 2), "   0┤"]
    return [line((mark, "$faint"), row) for mark, row in zip(marks, stack(known, height, 100), strict=True)]


def _others(gpus: tuple[Gpu, ...], after: bool) -> Content:
    """Return one line for the GPUs that do not fit."""
    busy = [one.utilization_percent for one in gpus if one.utilization_percent is not None]
    heat = [one.temperature_c for one in gpus if one.temperature_c is not None]
    lost = sum(one.lost for one in gpus)
    parts = [f"up to {max(busy)} %"] if busy else []
    parts += [f"up to {max(heat)} °C"] if heat else []
    name = "more" if after else gpu_name(gpus[0].name)
    return line(
        (f"+{len(gpus)} {name}  " if after else f"{len(gpus)} × {name}  ", "$quiet"),
        "  ".join(parts),
        (f"  ✖ {lost} lost" if lost else "", "$error"),
    )


def _processes(gpu: Gpu, width: int) -> Content | None:
    """Return the processes that use the memory, the largest first, and why the card is throttled."""
    users = sorted(gpu.processes, key=lambda process: -(process.memory_bytes or 0))
    slowed = f"slowed: {', '.join(gpu.throttle)}" if gpu.throttle else gpu.detail
    for most in (3, 2, 1, 0):
        parts = [f"{process.name} {process.pid}  {gibibytes(process.memory_bytes)} GiB" for process in users[:most]]
        if len(users) > most:
            parts.append(f"+{len(users) - most}")
        shown = "  ·  ".join(parts)
        if len(shown) + len(slowed) + 4 <= width:
            break
    if not users and not slowed:
        return None
    return line(
        "  ", (shown, "$quiet"), (f"  {fit_words(slowed, width - len(shown) - 4)}" if slowed else "", "$warning")
    )
