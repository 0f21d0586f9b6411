"""The real binding over a stand-in for the driver's library: the snapshots and the panel."""

import os
import pickle
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from stormdeck.model.deck import Deck
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.model.symbols import Health
from stormdeck.ui.widgets.overview.gpus import GpuPanel

HERE = Path(__file__).parent
COMPILER = shutil.which("cc") or shutil.which("gcc")
STRANGER = 2_147_480_000
MIB = 2**20

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler: install gcc")


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """Return a function that compiles the library, of today or of an old driver, and returns its folder."""

    def folder(*flags):
        made = tmp_path_factory.getbasetemp() / f"nvml{'-'.join(flags)}"
        if not made.exists():
            made.mkdir()
            command = [COMPILER, "-shared", "-fPIC", "-Wall", "-Werror", *flags, "-o", made / "libnvidia-ml.so.1"]
            subprocess.run([*command, HERE / "stand_in.c"], check=True)
        return made

    return folder


@pytest.fixture(scope="session")
def look(library):
    """Return a function that looks at the cards of a scenario from a process of its own, once for each."""

    @cache
    def snapshots(scenario, looks=1, *flags):
        done = subprocess.run(
            [sys.executable, HERE / "look.py", str(looks), "VLLM::EngineCore"],
            env={**os.environ, "LD_LIBRARY_PATH": str(library(*flags)), "NVML_SCENARIO": scenario},
            capture_output=True,
            check=True,
            timeout=60,
        )
        assert done.stderr == b""
        return pickle.loads(done.stdout)  # noqa: S301

    return snapshots


def panel(snapshot, width=100, height=8):
    """Return what the panel writes."""
    drawn = GpuPanel()
    drawn.set_reactive(GpuPanel.deck, Deck(gpu=snapshot))  # type: ignore[arg-type] # the class gives the reactive
    return "\n".join(row.plain for row in drawn.rows(width, height))


def test_two_cards_give_all_there_is(look):
    (seen,) = look("fine")
    first, second = seen.gpus
    assert (seen.state, seen.detail, seen.driver) == (GpuState.OK, "", "580.95.05")
    assert (first.name, first.utilization_percent, first.temperature_c) == ("NVIDIA H200", 91, 71)
    assert (first.power_w, first.power_limit_w, first.clock_mhz, first.clock_max_mhz) == (612, 700, 1755, 1980)
    assert abs(first.memory_used_bytes - 112_480 * MIB) <= 50 * MIB, "what the driver reserves is not used"
    assert first.memory_total_bytes == 143_771 * MIB
    assert (first.throttle, first.history, second.processes) == ((), (91,), ())
    shown = panel(seen)
    assert "driver 580.95.05" in shown
    assert "0 H200  91 %" in shown
    assert "110/140 GiB" in shown
    assert "71 °C  612/700 W" in shown
    assert "1 H200  88 %" in shown


def test_the_holders_of_the_memory_are_named_where_they_can_be(look):
    own, stranger = look("fine")[0].gpus[0].processes
    assert (own.name, own.is_vllm, own.memory_bytes) == ("vLLM engine", True, 112_000 * MIB // (100 * MIB) * 100 * MIB)
    assert (stranger.pid, stranger.name, stranger.memory_bytes) == (STRANGER, f"pid {STRANGER}", None)


def test_a_hot_card_says_why_it_is_slow(look):
    (seen,) = look("hot")
    assert seen.gpus[0].throttle == ("hot",)
    assert "slowed: hot" in panel(seen)


def test_a_partitioned_card_gives_its_memory_and_the_processes_of_its_instances(look):
    (seen,) = look("mig")
    first = seen.gpus[0]
    assert (seen.state, first.mig, first.utilization_percent) == (GpuState.OK, True, None)
    assert [process.name for process in first.processes] == ["vLLM engine", f"pid {STRANGER}"]
    assert "0 H200   MIG" in panel(seen)
    assert "Partitioned (MIG)" in panel(seen, width=140)


def test_a_card_that_is_lost_mid_run_leaves_the_other_and_comes_back(look):
    seen = look("lost", 12)
    assert [gpu.lost for gpu in seen[0].gpus] == [False, False]
    lost = next(one for one in seen if any(gpu.lost for gpu in one.gpus))
    assert (lost.state, [gpu.lost for gpu in lost.gpus]) == (GpuState.OK, [False, True])
    assert "1 H200 ✖ lost  It fell off the bus." in panel(lost)
    assert "0 H200  91 %" in panel(lost)
    assert [(gpu.lost, gpu.utilization_percent) for gpu in seen[-1].gpus] == [(False, 91), (False, 88)]
    assert seen[-1].gpus[1].history[:2] == (88, None)


def test_a_driver_that_is_taken_away_is_lost_and_the_way_back_is_said(look):
    seen = look("taken away", 3)
    assert seen[0].state is GpuState.OK
    assert seen[-1].state.health is Health.ERROR
    assert f"GPU  ✖ {seen[-1].state.value}" in panel(seen[-1])
    assert "The NVIDIA driver answers: Unknown Error. If this is a container, restart it" in panel(seen[-1])


def test_what_a_card_does_not_support_is_left_out(look):
    (seen,) = look("unsupported")
    first = seen.gpus[0]
    assert seen.state is GpuState.OK
    assert (first.utilization_percent, first.power_w, first.power_limit_w) == (None, None, None)
    assert (first.clock_mhz, first.clock_max_mhz, first.mig, first.detail) == (None, None, False, "")
    assert (first.temperature_c, first.memory_total_bytes) == (71, 143_771 * MIB)
    assert "0 H200     –  " in panel(seen)


def test_without_the_right_to_list_processes_there_are_numbers_and_no_processes(look):
    (seen,) = look("no process list")
    assert [(gpu.utilization_percent, gpu.processes, gpu.detail) for gpu in seen.gpus] == [(91, (), ""), (88, (), "")]


@pytest.mark.parametrize(
    ("scenario", "state", "words"),
    [
        ("not loaded", GpuState.NO_DRIVER, "its driver is not loaded"),
        ("updated", GpuState.FAILED, "The NVIDIA driver was updated while it ran"),
        ("out of the ordinary", GpuState.FAILED, "The NVIDIA driver answers: Something new. Try nvidia-smi"),
        ("no card", GpuState.NO_GPU, "The NVIDIA driver runs but has no GPU"),
        ("forbidden", GpuState.NO_PERMISSION, "This user may not ask the NVIDIA driver"),
    ],
)
def test_where_no_card_can_be_asked_the_panel_says_why(look, scenario, state, words):
    (seen,) = look(scenario)
    assert seen.state is state
    assert state.value in panel(seen)
    assert words in " ".join(panel(seen).split())


def test_an_old_driver_is_read_by_its_older_functions(look):
    (today,), (old,) = look("hot"), look("hot", 1, "-DOLD_DRIVER")
    first = old.gpus[0]
    assert first.memory_used_bytes - today.gpus[0].memory_used_bytes == 600 * MIB, "it counts the reserved as used"
    assert (first.temperature_c, first.throttle) == (71, ("hot",))
    assert [process.name for process in first.processes] == ["vLLM engine", f"pid {STRANGER}"]


def test_an_old_driver_does_not_know_the_parts_of_a_card(look):
    (seen,) = look("mig", 1, "-DOLD_DRIVER")
    assert [(gpu.mig, gpu.processes) for gpu in seen.gpus] == [(True, ()), (True, ())]


def test_a_name_that_is_no_text_is_shown_as_text(look):
    (seen,) = look("strange name")
    assert seen.gpus[0].name.isprintable()
    assert all(row.isprintable() for row in panel(seen).splitlines())
