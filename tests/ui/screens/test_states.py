"""Every state of every source is drawn at every size: never an exception, never an empty panel."""

from dataclasses import replace

import pytest

from fleets import EMPTY_STATES, FLEET
from panel import KEYS, deliver, in_loop, screen, show
from samples import (
    BROKEN,
    CALM,
    DOWN_VLLM,
    FOUND,
    GPUS,
    NO_FILE,
    NO_GPU,
    NOTHING,
    PROXY,
    STORMY,
    VLLM,
    VLLM_PROCESS,
    WELL,
    WRONG,
    gpu,
)
from stormdeck.feed.reducer import take
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.model.snapshots.gpu import Gpu, GpuSnapshot, GpuState
from stormdeck.model.snapshots.server import EngineStats, ServerKind, ServerState

SIZES = [(120, 40), (80, 24), (40, 12), (20, 6)]
NO_NUMBERS = EngineStats(0, 0, None, None, None, None, None, None, 0, 0)
SERVERS = [
    *(replace(VLLM, state=state, detail="What was asked, what came back. And what to do.") for state in ServerState),
    *(replace(VLLM, state=state, engine=None, models=(), version=None, latency_ms=None) for state in ServerState),
    replace(VLLM, engine=NO_NUMBERS),
    *(replace(PROXY, state=state, detail="What came back.") for state in ServerState),
    *(replace(PROXY, kind=kind, in_flight=None, models=(), version=None) for kind in ServerKind if kind.is_proxy),
]
CARDS = [
    *(GpuSnapshot(state, "Why there is nothing to see, and what to do next.") for state in GpuState),
    GpuSnapshot(GpuState.OK, gpus=(Gpu(0, "NVIDIA A100-SXM4-80GB", mig=True, detail="partitioned"),)),
    GpuSnapshot(GpuState.OK, gpus=(Gpu(0, ""), replace(gpu(1, 100, 700, 91), throttle=("too hot",)))),
    GpuSnapshot(GpuState.OK, gpus=(replace(gpu(0, 0, 0, 0), lost=True, detail="fell off the bus"),)),
    GpuSnapshot(GpuState.OK, gpus=tuple(gpu(index, 50, 300, 60) for index in range(8))),
    NO_GPU,
    GPUS,
]
REST = [
    STORMY,
    replace(CALM, logs=()),
    replace(CALM, buckets=(), requests=0, turns=0),
    NOTHING,
    replace(NOTHING, loading=(VLLM_PROCESS,)),
    DiscoverySnapshot(log_notes=("vLLM (pid 1) writes to a terminal.",), done=True),
    NO_FILE,
    WRONG,
    BROKEN,
    WELL,
]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@in_loop
async def test_every_state_is_drawn(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, FOUND, VLLM, PROXY, GPUS, CALM, WELL)
        for snapshot in (*SERVERS, *CARDS, *REST):
            pilot.app.deck = take(pilot.app.deck, snapshot)
            pilot.app.judge()
            assert screen(pilot.app).strip()


@pytest.mark.parametrize(
    "size", [(120, 40), (100, 30), (80, 24), (60, 20), (40, 12)], ids=lambda size: f"{size[0]}x{size[1]}"
)
@in_loop
async def test_in_no_state_is_anything_cut_off_or_scrolled(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, FOUND, VLLM, PROXY, GPUS, CALM, WELL)
        for snapshot in (*SERVERS, *CARDS, *REST):
            pilot.app.deck = take(pilot.app.deck, snapshot)
            await pilot.pause()
            assert not list(cut_off(pilot.app.screen)), snapshot


def cut_off(screen):
    """Yield each panel that has more rows or columns to draw than room for them, and each that scrolls."""
    for panel in screen.query("#board > Panel"):
        width, height = panel.content_size
        rows = panel.rows(width, height) if width and height and panel.is_on_screen else []
        if len(rows) > height or any(row.cell_length > width for row in rows):
            yield panel, width, height, [row.plain for row in rows]
    yield from (one for one in screen.query("*") if one.show_vertical_scrollbar or one.show_horizontal_scrollbar)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@in_loop
async def test_every_area_is_drawn_with_nothing_and_with_everything(panel, size):
    async with panel().run_test(size=size) as pilot:
        for snapshots in (
            (NOTHING, NO_GPU, BROKEN, EMPTY_STATES[FleetState.SLOW]),
            (FOUND, DOWN_VLLM, PROXY, GPUS, STORMY, WRONG, FLEET),
        ):
            await deliver(pilot, *snapshots)
            for area in KEYS:
                await show(pilot, area)
                assert screen(pilot.app).strip()


@pytest.mark.parametrize("state", ServerState, ids=lambda state: state.value)
@in_loop
async def test_each_state_of_vllm_has_its_light_in_the_path(panel, state):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, FOUND, replace(VLLM, state=state), GPUS)
        assert f"vLLM :8000 {state.health.glyph}" in screen(pilot.app).splitlines()[0]


@pytest.mark.parametrize("state", [one for one in GpuState if one is not GpuState.OK], ids=lambda state: state.value)
@in_loop
async def test_a_machine_without_gpu_numbers_says_why(panel, state):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, FOUND, VLLM, GpuSnapshot(state, "Why, and what to do next."))
        words = "asking the GPU driver" if state is GpuState.ASKING else "Why, and what to do next."
        assert words in screen(pilot.app)
