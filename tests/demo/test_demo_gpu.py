"""The simulated GPUs: as busy as the load given to them, and the same every time."""

import pytest

from stormdeck.demo.gpu import Effort, SimulatedGpus, simulated
from stormdeck.model.snapshots.gpu import GpuState
from waiting import DEADLINE_S


def settled(load):
    effort = Effort()
    for _ in range(200):
        effort = effort.toward(load)
    return effort


def run(load, steps):
    handed = []
    times = iter(range(steps))
    gpus = SimulatedGpus(handed.append, load, 1.0, lambda: float(next(times)))
    for _ in range(steps):
        gpus.sample()
    return handed


def test_the_same_step_and_effort_give_the_same_gpus():
    assert simulated(7, Effort(0.5, 0.3)) == simulated(7, Effort(0.5, 0.3))


def test_a_step_makes_a_busy_gpu_swing_a_little():
    seen = {simulated(step, settled(0.8))[0].utilization_percent for step in range(40)}
    assert len(seen) > 2
    assert max(seen) - min(seen) <= 8


@pytest.mark.parametrize("load", [-1.0, 0.0, 0.3, 1.0, 7.0])
def test_every_load_gives_possible_numbers(load):
    for step in range(50):
        for gpu in simulated(step, settled(load)):
            assert 0 <= gpu.utilization_percent <= 100
            assert 0 < gpu.power_w <= gpu.power_limit_w == 700
            assert 30 <= gpu.temperature_c <= 80


def test_more_load_means_more_of_everything():
    idle, busy = simulated(3, settled(0.0))[0], simulated(3, settled(1.0))[0]
    assert idle.utilization_percent == 0
    assert busy.utilization_percent > 85
    assert (busy.power_w, busy.temperature_c, busy.clock_mhz) > (idle.power_w, idle.temperature_c, idle.clock_mhz)


def test_utilisation_rises_step_by_step_and_heat_lags_behind():
    rise = [Effort()]
    for _ in range(8):
        rise.append(rise[-1].toward(1.0))
    busy = [effort.busy for effort in rise]
    assert busy == sorted(busy)
    assert 0 < busy[1] < 0.5
    assert all(effort.heat < effort.busy for effort in rise[1:])


def test_two_h200_with_vllm_workers_marked_as_simulated():
    snapshot = run(lambda: 0.9, 1)[0]
    assert (snapshot.state, snapshot.simulated) == (GpuState.OK, True)
    assert [gpu.name for gpu in snapshot.gpus] == ["NVIDIA H200"] * 2
    assert all((gpu.memory_used_bytes, gpu.memory_total_bytes) == (118 * 2**30, 140 * 2**30) for gpu in snapshot.gpus)
    assert all(process.is_vllm for gpu in snapshot.gpus for process in gpu.processes)


def test_two_runs_are_alike():
    assert run(lambda: 0.6, 30) == run(lambda: 0.6, 30)


def test_idle_gpus_come_to_rest():
    loads = iter([1.0] * 20 + [0.0] * 200)
    handed = run(lambda: next(loads), 220)
    assert len(handed) < 150, "equal snapshots are not handed on"
    assert handed[-1].gpus[0].history == (0,) * 60


def test_the_thread_starts_at_once_and_stops():
    import threading

    first = threading.Event()
    gpus = SimulatedGpus(lambda _: first.set(), lambda: 0.5, 60.0)
    gpus.start()
    assert first.wait(DEADLINE_S)
    gpus.stop()
