"""Read the page of a GPU exporter: NVIDIA's DCGM exporter, or nvidia_gpu_exporter (utkuozdemir).

Names and units are from their own sources: ``etc/default-counters.csv`` and the page templates of dcgm-exporter (which
also serves any further field of DCGM that its file lists), the expected pages of nvidia_gpu_exporter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stormdeck.model.snapshots.gpu import Gpu, GpuProcess
from stormdeck.sources.gpu.messages import clean, slowed_by
from stormdeck.sources.gpu.processes import named
from stormdeck.sources.net.series import Series, SeriesReader

DCGM = "DCGM exporter"
SMI = "nvidia_gpu_exporter"

_MIB = 2**20
_DCGM = {
    "DCGM_FI_DEV_GPU_UTIL": "percent",
    "DCGM_FI_DEV_FB_USED": "used_mib",
    "DCGM_FI_DEV_FB_FREE": "free_mib",
    "DCGM_FI_DEV_FB_RESERVED": "reserved_mib",
    "DCGM_FI_DEV_FB_TOTAL": "total_mib",
    "DCGM_FI_DEV_GPU_TEMP": "celsius",
    "DCGM_FI_DEV_POWER_USAGE": "watts",
    "DCGM_FI_DEV_ENFORCED_POWER_LIMIT": "limit_watts",
    "DCGM_FI_DEV_POWER_MGMT_LIMIT": "limit_watts",
    "DCGM_FI_DEV_SM_CLOCK": "mhz",
    "DCGM_FI_DEV_MAX_SM_CLOCK": "max_mhz",
    "DCGM_FI_DEV_CLOCKS_EVENT_REASONS": "reasons",
    "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS": "reasons",  # up to DCGM 3.2
    "DCGM_FI_DEV_XID_ERRORS": "xid",
}
_INFO, _INDEX, _MIG_INFO = "nvidia_smi_gpu_info", "nvidia_smi_index", "nvidia_smi_mig_info"
_SUCCESS, _EXIT_CODE = "nvidia_smi_last_collect_success", "nvidia_smi_command_exit_code"
_APP_MEMORY, _APP = "nvidia_smi_compute_app_used_memory_bytes", "nvidia_smi_compute_app_info"
_SMI = {
    "nvidia_smi_utilization_gpu_ratio": "ratio",
    "nvidia_smi_memory_used_bytes": "used_bytes",
    "nvidia_smi_memory_total_bytes": "total_bytes",
    "nvidia_smi_temperature_gpu": "celsius",
    "nvidia_smi_power_draw_watts": "watts",
    "nvidia_smi_enforced_power_limit_watts": "limit_watts",
    "nvidia_smi_power_limit_watts": "limit_watts",
    "nvidia_smi_clocks_current_sm_clock_hz": "hz",
    "nvidia_smi_clocks_max_sm_clock_hz": "max_hz",
    "nvidia_smi_clocks_event_reasons_active": "reasons",
    "nvidia_smi_clocks_throttle_reasons_active": "reasons",  # drivers before 535
    "nvidia_smi_mig_mode_current": "mig",
}
_READER = SeriesReader((*_DCGM, *_SMI, _INFO, _INDEX, _MIG_INFO, _SUCCESS, _EXIT_CODE, _APP_MEMORY, _APP))
_MOST = {
    "percent": 100, "ratio": 1, "celsius": 200, "watts": 20_000, "limit_watts": 20_000, "mhz": 20_000,
    "max_mhz": 20_000, "hz": 2e10, "max_hz": 2e10, "reasons": 2**16, "xid": 10_000, "mig": 1,
}  # fmt: skip
"""What is larger is no measurement: DCGM writes 2147483632 and more where a card does not report a value."""
_MOST_MEMORY = 2**50
_MOST_GPUS = 64
_MOST_PROCESSES = 16
_SEVERE_XIDS = frozenset({48, 62, 64, 74, 79, 95, 119, 120})
"""Errors after which a card or machine is to be reset; most others are faults of one program."""


@dataclass(frozen=True, slots=True)
class ExporterPage:
    """What an exporter's page says."""

    exporter: str
    gpus: tuple[Gpu, ...]
    keys: tuple[str, ...] = ()
    """What identifies each card: its UUID, or else its index."""
    driver: str | None = None
    host: str = ""
    """The machine's name as the exporter states it."""
    failed: str = ""
    """Why the exporter itself has no figures."""


@dataclass(slots=True)
class _Card:
    """The figures of one card, by the names above."""

    labels: dict[str, str] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    instances: int = 0
    processes: dict[int, tuple[str, int | None]] = field(default_factory=dict)

    def take(self, what: str, value: float) -> None:
        """Take a figure; of several series of one card, as pods that share it have, the highest."""
        most = _MOST.get(what, _MOST_MEMORY)
        if 0 <= value <= most:
            self.values[what] = max(value, self.values.get(what, 0.0))

    def number(self, what: str, factor: float = 1) -> int | None:
        """Return a figure as a whole number."""
        value = self.values.get(what)
        return None if value is None else round(value * factor)


def read_gpu_page(page: bytes) -> ExporterPage | None:
    """Return the GPUs of a page, ``None`` where it is of no known GPU exporter. Raises ``TooMuchError``."""
    series = _READER.read(page)
    if any(name in _DCGM for name, _, _ in series):
        return _dcgm(series)
    return _smi(series) if series else None


def _dcgm(series: list[Series]) -> ExporterPage:
    cards: dict[str, _Card] = {}
    for name, labels, value in series:
        what, index = _DCGM.get(name), labels.get("gpu", "")
        if what is None or not index:
            continue
        card = _card(cards, index)
        if card is None:
            continue
        card.labels |= labels
        if labels.get("GPU_I_ID"):
            # An instance's memory is not the card's; power and temperature are.
            card.instances += 1
            if what.endswith("_mib") or what == "percent":
                continue
        card.take(what, value)
    hosts = Counter(card.labels.get("Hostname", "") for card in cards.values())
    drivers = [card.labels.get("DCGM_FI_DRIVER_VERSION", "") for card in cards.values()]
    return _page(DCGM, cards, _dcgm_memory, drivers, host=clean(next(iter(hosts))) if len(hosts) == 1 else "")


def _dcgm_memory(card: _Card) -> tuple[int | None, int | None]:
    used = card.number("used_mib", _MIB)
    parts = [card.number(what, _MIB) for what in ("used_mib", "free_mib")]
    whole = sum(part for part in parts if part is not None) if None not in parts else None
    reserved = card.number("reserved_mib", _MIB) or 0
    return used, card.number("total_mib", _MIB) or (whole + reserved if whole is not None else None)


def _smi(series: list[Series]) -> ExporterPage:
    cards: dict[str, _Card] = {}
    own = {name: value for name, labels, value in series if not labels}
    for name, labels, value in series:
        uuid = labels.get("uuid", "")
        card = _card(cards, uuid) if uuid else None
        if card is not None:
            _take_smi(card, name, labels, value)
    drivers = [card.labels.get("driver_version", "") for card in cards.values()]
    exit_code = own.get(_EXIT_CODE)
    if own.get(_SUCCESS) == 0 or (not cards and exit_code):
        code = f" (exit code {exit_code:.0f})" if exit_code else ""
        return ExporterPage(SMI, (), failed=f"the exporter's nvidia-smi fails{code}")
    return _page(SMI, cards, lambda card: (card.number("used_bytes"), card.number("total_bytes")), drivers)


def _take_smi(card: _Card, name: str, labels: dict[str, str], value: float) -> None:
    if name == _INFO:
        card.labels |= labels
    elif name == _INDEX:
        card.labels.setdefault("index", f"{value:.0f}")
    elif name == _MIG_INFO:
        card.instances += 1
    elif name in {_APP, _APP_MEMORY}:
        _take_process(card, labels, round(value) if name == _APP_MEMORY and 0 <= value <= _MOST_MEMORY else None)
    elif (what := _SMI.get(name)) is not None:
        card.take(what, value)


def _take_process(card: _Card, labels: Mapping[str, str], used: int | None) -> None:
    pid = labels.get("pid", "")
    if not (pid.isascii() and pid.isdecimal() and len(pid) <= 10):
        return
    known = card.processes.get(int(pid))
    if known is not None or len(card.processes) < _MOST_PROCESSES:
        card.processes[int(pid)] = (labels.get("process_name", ""), used if used is not None else known and known[1])


def _card(cards: dict[str, _Card], key: str) -> _Card | None:
    """Return the card of a key, ``None`` for one more than any machine has."""
    return cards.setdefault(key, _Card()) if key in cards or len(cards) < _MOST_GPUS else None


def _page(
    exporter: str,
    cards: Mapping[str, _Card],
    memory: Callable[[_Card], tuple[int | None, int | None]],
    drivers: list[str],
    host: str = "",
) -> ExporterPage:
    numbered = sorted(
        ((_index(card, key, at), card.labels.get("UUID") or key, card) for at, (key, card) in enumerate(cards.items())),
        key=lambda one: one[0],
    )
    return ExporterPage(
        exporter,
        tuple(_gpu(index, card, memory(card)) for index, _, card in numbered),
        tuple(key for _, key, _ in numbered),
        next((clean(driver, 20) for driver in drivers if driver), None),
        host,
    )


def _index(card: _Card, key: str, at: int) -> int:
    """Return a card's number; without one, its place on the page."""
    text = card.labels.get("index") or card.labels.get("gpu") or key
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else at


def _gpu(index: int, card: _Card, memory: tuple[int | None, int | None]) -> Gpu:
    used, total = memory
    is_mig = card.instances > 0 or card.values.get("mig") == 1
    percent = card.number("percent") if "percent" in card.values else card.number("ratio", 100)
    xid = card.number("xid") or 0
    return Gpu(
        index=index,
        name=clean(card.labels.get("modelName") or card.labels.get("name") or "", 60) or "GPU",
        utilization_percent=None if is_mig else percent,
        memory_used_bytes=used,
        memory_total_bytes=total,
        temperature_c=card.number("celsius"),
        power_w=card.number("watts"),
        power_limit_w=card.number("limit_watts"),
        clock_mhz=card.number("mhz") if "mhz" in card.values else card.number("hz", 1e-6),
        clock_max_mhz=card.number("max_mhz") if "max_mhz" in card.values else card.number("max_hz", 1e-6),
        throttle=slowed_by(card.number("reasons") or 0),
        processes=tuple(_process(pid, name, memory) for pid, (name, memory) in sorted(card.processes.items())),
        mig=is_mig,
        detail=f"last Xid error {xid}: look into dmesg there" if xid in _SEVERE_XIDS else "",
    )


def _process(pid: int, name: str, used: int | None) -> GpuProcess:
    words, is_vllm = named(pid, name, name.rpartition("/")[2])
    return GpuProcess(pid, words, used, is_vllm)
