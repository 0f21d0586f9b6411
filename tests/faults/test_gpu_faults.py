"""NVML fails while the panel runs: the GPU's hop says so, NVML is tried again, and its figures come back."""

import threading

from faultwords import headline

from fake_nvml import GPU_IS_LOST, UNKNOWN, Card, FakeNvml
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.sources.gpu.nvml import Nvml
from stormdeck.sources.gpu.sampler import SILENT_S, GpuSampler
from waiting import DEADLINE_S


class Bench:
    """A sampler that is stepped by hand, with a clock of its own."""

    def __init__(self, *cards):
        self.fake, self.handed, self.now = FakeNvml(*cards), [], 100.0
        self.sampler = GpuSampler(self.handed.append, 1.0, Nvml(self.fake), lambda: self.now)
        self.look()

    def look(self):
        self.now += self.sampler.sample()
        return self.handed[-1]

    def recovers(self):
        """Look until the GPUs are read again: a lost driver is sought ever more seldom, but sought."""
        return any(self.look().state is GpuState.OK and not self.handed[-1].detail for _ in range(100))


def test_a_driver_that_is_lost_is_said_and_found_again(said):
    bench = Bench(Card())
    bench.fake.broken = {"*": UNKNOWN}
    lost = bench.look()
    bench.fake.broken = {}
    assert bench.recovers()
    said("NVML lost mid-run: the driver", headline(lost), lost="its figures, until it is back")


def test_one_card_that_falls_off_the_bus_does_not_hide_the_other(said):
    bench = Bench(Card(), Card(uuid="GPU-b"))
    bench.fake.cards[1].broken = {"*": GPU_IS_LOST}
    lost = bench.look()
    assert [gpu.lost for gpu in lost.gpus] == [False, True]
    bench.fake.cards[1].broken = {}
    assert bench.recovers()
    said("NVML lost mid-run: one card of two", headline(lost), lost="that card's figures, until it is back")


def test_a_driver_that_hangs_is_said_by_the_watch_and_never_waited_for(said):
    bench = Bench(Card())
    inside, release = threading.Event(), threading.Event()

    def hang(_):
        inside.set()
        release.wait(20)
        return 50_000

    vars(bench.fake)["nvmlDeviceGetPowerUsage"] = hang
    looking = threading.Thread(target=bench.sampler.sample)
    looking.start()
    assert inside.wait(DEADLINE_S)
    bench.now += SILENT_S
    bench.sampler.watch()
    hung = bench.handed[-1]
    release.set()
    looking.join()
    assert hung.state is GpuState.LOST
    assert bench.handed[-1].state is GpuState.OK
    said("NVML hangs in a call", headline(hung), lost="its figures, until it answers")
