"""The sampling thread: when it reads, what it delivers, how it ends."""

import threading
from itertools import groupby

import pytest

from fake_nvml import GPU_IS_LOST, LIBRARY_NOT_FOUND, NO_PERMISSION, Card, FakeNvml
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.sources.gpu.nvml import Nvml
from stormdeck.sources.gpu.sampler import SILENT_S, UNWATCHED, GpuSampler
from waiting import DEADLINE_S, until


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Bench:
    """A sampler that the test steps by hand, at times of its own."""

    def __init__(self, fake):
        self.handed = []
        self.clock = Clock()
        self.sampler = GpuSampler(self.handed.append, 1.0, Nvml(fake), self.clock)

    def look(self):
        wait = self.sampler.sample()
        self.clock.now += wait
        return wait

    @property
    def states(self):
        """Return the states that were handed on, each change once."""
        return [state for state, _ in groupby(self.handed, key=lambda snapshot: snapshot.state)]


def test_the_first_look_is_delivered_at_once_and_again_after_the_interval():
    card = Card()
    handed = []
    sampler = GpuSampler(handed.append, 0.01, Nvml(FakeNvml(card)))
    sampler.start()
    try:
        until(lambda: handed)
        assert handed[0].gpus[0].utilization_percent == 91
        card.busy = 17
        until(lambda: handed[-1].gpus[0].utilization_percent == 17)
    finally:
        sampler.stop()
    until(lambda: not sampler.alive)


def test_the_driver_is_let_go_at_the_end():
    fake = FakeNvml(Card())
    handed = []
    sampler = GpuSampler(handed.append, 60.0, Nvml(fake))
    sampler.start()
    until(lambda: handed)
    sampler.stop()
    until(lambda: not sampler.alive)
    assert fake.attached == 0


def test_stop_does_not_wait_for_a_call_that_hangs():
    fake, handed = FakeNvml(Card()), []
    inside, release = threading.Event(), threading.Event()

    def hang(_card):
        inside.set()
        release.wait(30)

    fake.nvmlDeviceGetUtilizationRates = hang
    sampler = GpuSampler(handed.append, 0.01, Nvml(fake))
    sampler.start()
    try:
        assert inside.wait(DEADLINE_S)
        sampler.stop()
        assert sampler.alive, "stop came back while the driver still held the thread"
    finally:
        release.set()
    until(lambda: not sampler.alive)
    assert handed == [], "nothing is handed on after stop"


def test_no_thread_keeps_the_program_alive():
    sampler = GpuSampler(lambda _: None, 60.0, Nvml(FakeNvml(Card())))
    before = set(threading.enumerate())
    sampler.start()
    started = set(threading.enumerate()) - before
    sampler.stop()
    assert started
    assert all(thread.daemon for thread in started)


def test_a_hanging_driver_is_called_lost_and_a_late_answer_counts():
    fake = FakeNvml(Card())
    bench = Bench(fake)
    bench.look()

    def hang(_card):
        bench.clock.now += SILENT_S
        bench.sampler.watch()

    fake.nvmlDeviceGetUtilizationRates = hang
    bench.look()
    assert bench.states == [GpuState.OK, GpuState.LOST, GpuState.OK]
    assert "nvidia-smi" in bench.handed[1].detail
    bench.sampler.watch()
    assert len(bench.handed) == 3, "between two looks nothing hangs"


def test_without_attention_the_looks_are_fewer_and_with_it_as_before():
    bench = Bench(FakeNvml(Card()))
    bench.sampler.set_focused(False)
    assert bench.look() == UNWATCHED
    bench.sampler.set_focused(True)
    assert bench.look() == 1.0


def test_attention_that_comes_back_looks_at_once():
    handed = []
    fake = FakeNvml()
    sampler = GpuSampler(handed.append, 60.0, Nvml(fake))
    sampler.start()
    until(lambda: handed)
    fake.cards.append(Card())
    sampler.set_focused(False)
    sampler.set_focused(True)
    until(lambda: handed[-1].state is GpuState.OK)
    sampler.stop()
    until(lambda: not sampler.alive)


def test_attention_that_was_never_gone_is_no_extra_look():
    handed = []

    def deliver(snapshot):
        sampler.set_focused(True)
        handed.append(snapshot)

    fake = FakeNvml(Card())
    sampler = GpuSampler(deliver, 60.0, Nvml(fake))
    sampler.start()
    until(lambda: handed)
    sampler.stop()
    until(lambda: not sampler.alive)
    assert fake.asked["nvmlDeviceGetPowerUsage"] == 1


def test_numbers_that_stand_still_are_delivered_once():
    bench = Bench(FakeNvml(Card(busy=0)))
    for _ in range(70):
        bench.look()
    assert len(bench.handed) == 60, "the history fills, then nothing changes any more"


def test_power_below_the_shown_digit_is_no_change():
    card = Card(busy=0)
    bench = Bench(FakeNvml(card))
    for _ in range(60):
        bench.look()
    before = len(bench.handed)
    card.milliwatts += 40
    card.used += 1_000_000
    bench.look()
    assert len(bench.handed) == before


def test_processes_are_listed_every_fifth_look():
    fake = FakeNvml(Card())
    bench = Bench(fake)
    for _ in range(11):
        bench.look()
    assert fake.asked["nvmlDeviceGetComputeRunningProcesses"] == 3


@pytest.mark.parametrize(
    "fake",
    [FakeNvml(broken={"nvmlInit": LIBRARY_NOT_FOUND}), FakeNvml(), FakeNvml(broken={"nvmlInit": NO_PERMISSION})],
    ids=["no driver", "no GPU", "no permission"],
)
def test_a_machine_without_gpu_is_asked_once_a_minute_and_reported_once(fake):
    bench = Bench(fake)
    assert [bench.look() for _ in range(3)] == [60.0, 60.0, 60.0]
    assert len(bench.handed) == 1
    assert fake.asked["nvmlInit"] == 3


def test_a_gpu_that_appears_is_found():
    fake = FakeNvml()
    bench = Bench(fake)
    bench.look()
    fake.cards.append(Card())
    assert bench.look() == 1.0
    assert bench.states == [GpuState.NO_GPU, GpuState.OK]


def test_lost_gpus_are_sought_again_ever_more_seldom_and_found():
    card = Card()
    fake = FakeNvml(card)
    bench = Bench(fake)
    bench.look()
    card.broken["*"] = GPU_IS_LOST
    assert [bench.look() for _ in range(7)] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    card.broken.clear()
    assert bench.look() == 1.0
    assert bench.states == [GpuState.OK, GpuState.LOST, GpuState.OK]
    card.broken["*"] = GPU_IS_LOST
    assert bench.look() == 2.0, "patience begins anew"


def test_one_lost_gpu_does_not_slow_the_others():
    sick = Card("GPU-b")
    fake = FakeNvml(Card(), sick)
    bench = Bench(fake)
    bench.look()
    sick.broken["*"] = GPU_IS_LOST
    assert [bench.look() for _ in range(8)] == [1.0] * 8
    assert fake.asked["nvmlInit"] == 3, "attached anew after 2 and 4 seconds more"


def test_a_defect_of_our_own_is_reported_and_does_not_end_the_thread():
    class Struct:
        @property
        def gpu(self):
            return 1 / 0

    fake = FakeNvml(Card())
    fake.nvmlDeviceGetUtilizationRates = lambda _card: Struct()
    bench = Bench(fake)
    assert bench.look() == 2.0
    assert bench.states == [GpuState.FAILED]
    assert "ZeroDivisionError" in bench.handed[0].detail
