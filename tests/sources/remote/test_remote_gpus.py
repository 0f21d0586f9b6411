"""What ``nvidia-smi`` prints on another machine."""

import pytest

from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.sources.remote.gpus import COMMAND, MOST_GPUS, RemoteGpus

FIRST = "0, NVIDIA H200, 91, 120000, 143771, 71, 612.20, 700.00, 1980, 1980, 580.95.05"
SECOND = "1, NVIDIA H200, 89, 118000, 143771, 69, [N/A], 700.00, [Not Supported], 1980, 580.95.05"
MIB = 1024 * 1024


def test_a_line_is_one_gpu_and_the_last_one_ends_a_round():
    gpus = RemoteGpus()
    assert [len(gpus.take(line, 0.0).gpus) for line in (FIRST, SECOND)] == [1, 2]
    assert gpus.take(FIRST, 2.0) is None
    seen = gpus.take(SECOND, 2.0)
    assert (seen.state, seen.driver) == (GpuState.OK, "580.95.05")
    first, second = seen.gpus
    assert (first.name, first.utilization_percent, first.memory_used_bytes) == ("NVIDIA H200", 91, 120000 * MIB)
    assert (first.memory_total_bytes, first.temperature_c, first.power_w) == (143771 * MIB, 71, 612)
    assert (second.power_w, second.power_limit_w, second.clock_mhz, second.clock_max_mhz) == (None, 700, None, 1980)
    assert first.history[-1] == 91


@pytest.mark.parametrize(
    "line",
    [
        "",
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.",
        "No devices were found",
        FIRST + ", 1",
        f"{MOST_GPUS}, NVIDIA H200, 1, 1, 1, 1, 1, 1, 1, 1, 580",
        "-1, NVIDIA H200, 1, 1, 1, 1, 1, 1, 1, 1, 580",
        "\x1b[31m0\x1b[0m, a, b",
    ],
)
def test_other_lines_are_no_gpu(line):
    assert RemoteGpus().take(line, 0.0) is None


def test_values_that_are_no_numbers_are_unknown():
    gpu = RemoteGpus().take("0, \x1b[31mX, nan, inf, 1e999, [N/A], , -, x, 0x10, 1", 0.0).gpus[0]
    assert (gpu.utilization_percent, gpu.memory_used_bytes, gpu.memory_total_bytes) == (None, None, None)
    assert "\x1b" not in gpu.name


def test_it_prints_a_round_every_two_seconds():
    assert COMMAND[0] == "nvidia-smi"
    assert COMMAND[-1] == "-lms=2000"
