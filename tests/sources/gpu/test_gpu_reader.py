"""The GPU snapshot for any answer of NVML."""

import pytest

from fake_nvml import (
    DRIVER_NOT_LOADED,
    GPU_IS_LOST,
    LIBRARY_MISMATCH,
    LIBRARY_NOT_FOUND,
    MIB,
    NO_PERMISSION,
    NOT_SUPPORTED,
    RESET_REQUIRED,
    UNKNOWN,
    Card,
    FakeNvml,
    NVMLLibraryMismatchError,
    process,
)
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.sources.gpu.nvml import Nvml
from stormdeck.sources.gpu.reader import GpuReader

NOBODY = 2**31 - 1
"""A process id that no process has: the kernel's own limit lies below."""


def reader_of(fake):
    return GpuReader(Nvml(fake), interval_s=1.0)


def look(fake):
    return reader_of(fake).read(0.0, slow=True)


def test_two_healthy_gpus_give_all():
    fake = FakeNvml(Card(compute=[process(NOBODY, 111_780 * MIB)]), Card("GPU-b", busy=0, milliwatts=98_600, clock=345))
    snapshot = look(fake)
    assert (snapshot.state, snapshot.detail, snapshot.driver, snapshot.simulated) == (
        GpuState.OK,
        "",
        "580.95.05",
        False,
    )
    first, second = snapshot.gpus
    assert (first.index, first.name, first.utilization_percent, first.temperature_c) == (0, "NVIDIA H200", 91, 71)
    assert (first.memory_used_bytes, first.memory_total_bytes) == (112_500 * MIB, 143_771 * MIB)
    assert (first.power_w, first.power_limit_w, first.clock_mhz, first.clock_max_mhz) == (612, 700, 1755, 1980)
    assert [(held.pid, held.name, held.memory_bytes) for held in first.processes] == [
        (NOBODY, f"pid {NOBODY}", 111_800 * MIB)
    ]
    assert (second.index, second.utilization_percent, second.power_w, second.clock_mhz) == (1, 0, 99, 345)
    assert second.history == (0,)
    assert not any(gpu.lost or gpu.mig or gpu.throttle or gpu.detail for gpu in snapshot.gpus)


@pytest.mark.parametrize(
    "name", [b"NVIDIA H200", "NVIDIA\x1b H200\n", b"NVIDIA H200\x00"], ids=["bytes", "escape", "nul"]
)
def test_the_name_is_plain_text(name):
    assert look(FakeNvml(Card(name=name))).gpus[0].name == "NVIDIA H200"


def test_memory_that_the_driver_reserves_is_not_used_where_the_driver_gives_it_apart():
    old = {"nvmlDeviceGetMemoryInfo_v2": NVMLLibraryMismatchError("old driver")}
    apart, together = look(FakeNvml(Card(), Card("GPU-b", broken=old))).gpus
    assert (apart.memory_used_bytes, together.memory_used_bytes) == (112_500 * MIB, 113_100 * MIB)


def test_little_memory_is_reported_to_the_byte():
    assert look(FakeNvml(Card(used=4_194_304))).gpus[0].memory_used_bytes == 4_194_304


@pytest.mark.parametrize(
    ("function", "field"),
    [
        ("nvmlDeviceGetUtilizationRates", "utilization_percent"),
        ("nvmlDeviceGetPowerUsage", "power_w"),
        ("nvmlDeviceGetEnforcedPowerLimit", "power_limit_w"),
        ("nvmlDeviceGetClockInfo", "clock_mhz"),
        ("nvmlDeviceGetMaxClockInfo", "clock_max_mhz"),
    ],
)
@pytest.mark.parametrize("fault", [NOT_SUPPORTED, NO_PERMISSION, UNKNOWN, ValueError("struct")], ids=str)
def test_what_a_gpu_does_not_give_is_none_and_the_rest_stands(function, field, fault):
    snapshot = look(FakeNvml(Card(broken={function: fault})))
    assert snapshot.state is GpuState.OK
    assert getattr(snapshot.gpus[0], field) is None
    assert snapshot.gpus[0].temperature_c == 71


@pytest.mark.parametrize(
    ("function", "field", "value"),
    [
        ("nvmlDeviceGetTemperatureV", "temperature_c", 71),
        ("nvmlDeviceGetCurrentClocksEventReasons", "throttle", ("power cap",)),
    ],
)
def test_an_older_driver_is_asked_by_the_older_name(function, field, value):
    card = Card(reasons=0x4, broken={function: 13})
    fake = FakeNvml(card)
    reader = reader_of(fake)
    for now in range(3):
        assert getattr(reader.read(float(now), slow=False).gpus[0], field) == value
    assert fake.asked[function] == 1, "a function that is not there is not asked for again"


def test_a_newer_driver_is_asked_by_the_newer_name_again():
    card = Card(broken={"nvmlDeviceGetTemperatureV": 13})
    fake = FakeNvml(card)
    reader = reader_of(fake)
    reader.read(0.0, slow=False)
    reader.detach()
    reader.read(1.0, slow=False)
    assert fake.asked["nvmlDeviceGetTemperatureV"] == 2


def test_a_gpu_that_says_nothing_says_so():
    mute = {"nvmlDeviceGetUtilizationRates": NOT_SUPPORTED, "nvmlDeviceGetMemoryInfo": NOT_SUPPORTED}
    gpu = look(FakeNvml(Card(broken=mute | {"nvmlDeviceGetMemoryInfo_v2": NOT_SUPPORTED}))).gpus[0]
    assert "neither utilisation nor memory" in gpu.detail


@pytest.mark.parametrize(
    ("broken", "state", "words"),
    [
        ({"nvmlInit": LIBRARY_NOT_FOUND}, GpuState.NO_DRIVER, "runs where vLLM runs"),
        ({"nvmlInit": DRIVER_NOT_LOADED}, GpuState.NO_DRIVER, "--gpus all"),
        ({"nvmlInit": NO_PERMISSION}, GpuState.NO_PERMISSION, "/dev/nvidia*"),
        ({"nvmlInit": LIBRARY_MISMATCH}, GpuState.FAILED, "Restart the machine"),
        ({"nvmlInit": UNKNOWN}, GpuState.FAILED, "Code 999"),
        ({"nvmlDeviceGetCount": UNKNOWN}, GpuState.FAILED, "Code 999"),
        ({"nvmlInit": 23}, GpuState.FAILED, "Code 23"),
        ({"nvmlDeviceGetHandleByIndex": NO_PERMISSION}, GpuState.NO_PERMISSION, "/dev/nvidia*"),
        ({"nvmlDeviceGetHandleByIndex": 23}, GpuState.FAILED, "Code 23"),
        ({"nvmlDeviceGetHandleByIndex": GPU_IS_LOST}, GpuState.LOST, "dmesg"),
    ],
    ids=str,
)
def test_why_there_are_no_numbers_and_what_to_do(broken, state, words):
    snapshot = look(FakeNvml(Card(), Card("GPU-b"), broken=broken))
    assert snapshot.state is state
    assert words in snapshot.detail


def test_a_driver_without_gpu_is_let_go():
    fake = FakeNvml()
    snapshot = look(fake)
    assert (snapshot.state, fake.attached) == (GpuState.NO_GPU, 0)
    assert "--gpus all" in snapshot.detail


def test_a_foreign_error_text_stays_text():
    snapshot = look(FakeNvml(broken={"nvmlInit": OSError("bad \x1b[31m{driver}\n")}))
    assert snapshot.state is GpuState.FAILED
    assert "bad [31m{driver}" in snapshot.detail


@pytest.mark.parametrize(("code", "words"), [(GPU_IS_LOST, "fell off the bus"), (RESET_REQUIRED, "--gpu-reset")])
def test_one_lost_gpu_leaves_the_others_readable(code, words):
    healthy, sick = Card(), Card("GPU-b", compute=[process(NOBODY)])
    reader = reader_of(FakeNvml(healthy, sick))
    reader.read(0.0, slow=True)
    sick.broken["*"] = code
    snapshot = reader.read(1.0, slow=False)
    assert (snapshot.state, reader.ailing) == (GpuState.OK, True)
    assert snapshot.gpus[0].utilization_percent == 91
    lost = snapshot.gpus[1]
    assert (lost.lost, lost.name, lost.utilization_percent, lost.processes) == (True, "NVIDIA H200", None, ())
    assert words in lost.detail
    assert snapshot.detail == f"GPU 1: {lost.detail}"
    assert lost.history == (91, None)


def test_a_lost_gpu_is_not_asked_again_until_the_driver_is_attached_anew():
    sick = Card(broken={"*": GPU_IS_LOST})
    fake = FakeNvml(Card("GPU-b"), sick)
    reader = reader_of(fake)
    for now in range(3):
        reader.read(float(now), slow=True)
    assert fake.asked["nvmlDeviceGetHandleByIndex"] == 2
    sick.broken.clear()
    reader.detach()
    snapshot = reader.read(3.0, slow=False)
    assert (snapshot.state, snapshot.gpus[1].lost, reader.ailing) == (GpuState.OK, False, False)
    assert (fake.asked["nvmlInit"], fake.attached) == (2, 1)


def test_a_gpu_that_comes_back_keeps_its_past():
    card = Card()
    reader = reader_of(FakeNvml(card))
    reader.read(0.0, slow=True)
    card.broken["*"] = GPU_IS_LOST
    assert reader.read(1.0, slow=False).state is GpuState.LOST
    card.broken.clear()
    reader.detach()
    card.busy = 40
    assert reader.read(4.0, slow=False).gpus[0].history == (91, None, None, None, 40)


@pytest.mark.parametrize("code", [1, DRIVER_NOT_LOADED, 10, LIBRARY_MISMATCH])
def test_a_driver_that_stops_answering_is_lost_and_found_again(code):
    fake = FakeNvml(Card())
    reader = reader_of(fake)
    reader.read(0.0, slow=True)
    fake.broken["*"] = code
    for now in (1.0, 2.0):
        snapshot = reader.read(now, slow=True)
        assert (snapshot.state, reader.ailing) == (GpuState.LOST, True)
        assert snapshot.detail
    fake.broken.clear()
    fake.attached = 0
    assert reader.read(3.0, slow=False).gpus[0].utilization_percent == 91


def test_gpus_that_vanish_are_lost_and_not_merely_absent():
    fake = FakeNvml(Card())
    reader = reader_of(fake)
    reader.read(0.0, slow=True)
    fake.cards.clear()
    reader.detach()
    assert reader.read(1.0, slow=True).state is GpuState.LOST


def test_a_gpu_that_this_user_may_not_ask_does_not_count_as_lost():
    snapshot = look(FakeNvml(Card(), Card("GPU-b", broken={"nvmlDeviceGetHandleByIndex": NO_PERMISSION})))
    assert snapshot.state is GpuState.OK
    assert not snapshot.gpus[1].lost
    assert "/dev/nvidia*" in snapshot.gpus[1].detail


def test_a_partitioned_card_gives_memory_and_says_why_no_utilisation():
    gpu = look(FakeNvml(Card(mig=True))).gpus[0]
    assert (gpu.mig, gpu.utilization_percent, gpu.memory_used_bytes, gpu.history) == (
        True,
        None,
        112_500 * MIB,
        (None,),
    )
    assert "MIG" in gpu.detail


def test_the_processes_of_a_partitioned_card_come_from_its_instances_where_the_card_refuses():
    instances = [
        Card(compute=[process(NOBODY, 5_000 * MIB)]),
        None,
        Card(compute=[process(NOBODY - 1, 9_000 * MIB)]),
    ]
    refused = {
        f"nvmlDeviceGet{kind}RunningProcesses{v}": NO_PERMISSION
        for kind in ("Compute", "Graphics")
        for v in ("", "_v2")
    }
    gpu = look(FakeNvml(Card(mig=True, instances=instances, broken=refused))).gpus[0]
    assert [(held.pid, held.memory_bytes) for held in gpu.processes] == [
        (NOBODY - 1, 9_000 * MIB),
        (NOBODY, 5_000 * MIB),
    ]


def test_processes_are_read_at_the_slow_pace_only():
    card = Card(compute=[process(NOBODY, 1)])
    reader = reader_of(FakeNvml(card))
    assert len(reader.read(0.0, slow=False).gpus[0].processes) == 1, "the first look reads all"
    card.compute.append(process(NOBODY - 1, 2))
    assert len(reader.read(1.0, slow=False).gpus[0].processes) == 1
    assert len(reader.read(2.0, slow=True).gpus[0].processes) == 2


def test_memory_of_a_process_is_none_where_a_container_hides_it():
    gpu = look(FakeNvml(Card(compute=[process(NOBODY, None)]))).gpus[0]
    assert gpu.processes[0].memory_bytes is None


def test_a_process_that_computes_and_draws_is_one_process():
    gpu = look(FakeNvml(Card(compute=[process(NOBODY, 700)], graphics=[process(NOBODY, 700)]))).gpus[0]
    assert [(held.pid, held.memory_bytes) for held in gpu.processes] == [(NOBODY, 700)]


def test_an_older_driver_lists_its_processes_by_the_older_struct():
    old = {"nvmlDeviceGetComputeRunningProcesses": NVMLLibraryMismatchError("use _v2")}
    assert look(FakeNvml(Card(compute=[process(NOBODY, 700)], broken=old))).gpus[0].processes[0].pid == NOBODY
