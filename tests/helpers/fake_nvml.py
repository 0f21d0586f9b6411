"""A pynvml to hand to ``Nvml``: the functions that stormdeck calls, over cards that a test can break."""

from dataclasses import dataclass, field
from types import SimpleNamespace

UNINITIALIZED = 1
NOT_SUPPORTED = 3
NO_PERMISSION = 4
NOT_FOUND = 6
DRIVER_NOT_LOADED = 9
LIBRARY_NOT_FOUND = 12
GPU_IS_LOST = 15
RESET_REQUIRED = 16
LIBRARY_MISMATCH = 18
UNKNOWN = 999


class NVMLError(Exception):
    def __init__(self, value):
        super().__init__(f"Code {value}")
        self.value = value


class NVMLLibraryMismatchError(Exception):
    """What the binding raises for an unversioned function on an older driver."""


MIB = 2**20


@dataclass
class Card:
    """One card of the fake; ``broken`` maps a function's name, or ``*``, to what it raises."""

    uuid: str = "GPU-a"
    name: object = "NVIDIA H200"
    busy: int = 91
    used: int = 112_480 * MIB + 123
    reserved: int = 600 * MIB
    total: int = 143_771 * MIB
    celsius: int = 71
    milliwatts: int = 612_400
    limit: int = 700_000
    clock: int = 1755
    clock_max: int = 1980
    reasons: int = 0
    mig: bool = False
    instances: list = field(default_factory=list)
    compute: list = field(default_factory=list)
    graphics: list = field(default_factory=list)
    broken: dict = field(default_factory=dict)


def process(pid, used=None):
    return SimpleNamespace(pid=pid, usedGpuMemory=used)


class FakeNvml:
    """The module. ``asked`` counts the calls by name."""

    NVMLError = NVMLError

    def __init__(self, *cards, broken=None):
        self.cards = list(cards)
        self.broken = broken or {}
        self.asked = {}
        self.attached = 0

    def _enter(self, name, card=None):
        self.asked[name] = self.asked.get(name, 0) + 1
        if not self.attached and name != "nvmlInit":
            raise NVMLError(UNINITIALIZED)
        for broken in (self.broken, card.broken if card is not None else {}):
            fault = broken.get(name, broken.get("*"))
            if isinstance(fault, int):
                raise NVMLError(fault)
            if fault is not None:
                raise fault
        return card

    def nvmlInit(self):  # noqa: N802
        self._enter("nvmlInit")
        self.attached += 1

    def nvmlShutdown(self):  # noqa: N802
        self._enter("nvmlShutdown")
        self.attached -= 1

    def nvmlSystemGetDriverVersion(self):  # noqa: N802
        self._enter("nvmlSystemGetDriverVersion")
        return "580.95.05"

    def nvmlDeviceGetCount(self):  # noqa: N802
        self._enter("nvmlDeviceGetCount")
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index):  # noqa: N802
        return self._enter("nvmlDeviceGetHandleByIndex", self.cards[index])

    def nvmlDeviceGetMemoryInfo(self, card, version=None):  # noqa: N802
        self._enter("nvmlDeviceGetMemoryInfo_v2" if version else "nvmlDeviceGetMemoryInfo", card)
        used = card.used if version else card.used + card.reserved
        return SimpleNamespace(used=used, total=card.total)

    def nvmlDeviceGetMigMode(self, card):  # noqa: N802
        self._enter("nvmlDeviceGetMigMode", card)
        return [int(card.mig), int(card.mig)]

    def nvmlDeviceGetUtilizationRates(self, card):  # noqa: N802
        self._enter("nvmlDeviceGetUtilizationRates", card)
        if card.mig:
            raise NVMLError(NOT_SUPPORTED)
        return SimpleNamespace(gpu=card.busy, memory=card.busy)

    def nvmlDeviceGetMigDeviceHandleByIndex(self, card, index):  # noqa: N802
        self._enter("nvmlDeviceGetMigDeviceHandleByIndex", card)
        if card.instances[index] is None:
            raise NVMLError(NOT_FOUND)
        return card.instances[index]

    def __getattr__(self, name):
        """Answer the functions that only read one value of a card."""
        if name not in READS:
            raise AttributeError(name)
        return lambda card, *_: READS[name](self._enter(name, card))


READS = {
    "nvmlDeviceGetName": lambda card: card.name,
    "nvmlDeviceGetUUID": lambda card: card.uuid,
    "nvmlDeviceGetTemperatureV": lambda card: card.celsius,
    "nvmlDeviceGetTemperature": lambda card: card.celsius,
    "nvmlDeviceGetPowerUsage": lambda card: card.milliwatts,
    "nvmlDeviceGetEnforcedPowerLimit": lambda card: card.limit,
    "nvmlDeviceGetClockInfo": lambda card: card.clock,
    "nvmlDeviceGetMaxClockInfo": lambda card: card.clock_max,
    "nvmlDeviceGetCurrentClocksEventReasons": lambda card: card.reasons,
    "nvmlDeviceGetCurrentClocksThrottleReasons": lambda card: card.reasons,
    "nvmlDeviceGetMaxMigDeviceCount": lambda card: len(card.instances),
    "nvmlDeviceGetComputeRunningProcesses": lambda card: list(card.compute),
    "nvmlDeviceGetComputeRunningProcesses_v2": lambda card: list(card.compute),
    "nvmlDeviceGetGraphicsRunningProcesses": lambda card: list(card.graphics),
    "nvmlDeviceGetGraphicsRunningProcesses_v2": lambda card: list(card.graphics),
}
