"""The model groups of a proxy: one on the path, all of them one key away."""

from dataclasses import replace

import pytest

from panel import deliver, in_loop, make_app, rows_with, screen, settled, until
from samples import CALM, FOUND, GPUS, PROXY, VLLM, WELL
from stormdeck.model.routes.table import ModelGroup, RoutingTable, Upstream, upstream
from stormdeck.model.snapshots.backends import Backend, BackendsSnapshot
from stormdeck.model.snapshots.server import ServerState
from stormdeck.ui.screens.model_groups import GroupsScreen

SECOND, THIRD = "http://gpu-2:8000", "http://gpu-3:8000"
TABLE = RoutingTable(
    (
        ModelGroup("small\x1b[31m", (upstream(THIRD), Upstream("", "a hosted API: not asked", is_hosted=True))),
        ModelGroup("Qwen3.5-27B", (upstream(VLLM.url), upstream(SECOND))),
    ),
    source="/etc/litellm.yaml",
    left_out=3,
)
STATES = BackendsSnapshot(
    (
        Backend(VLLM.url, ServerState.UP, "", 4),
        Backend(SECOND, ServerState.DOWN, "connection refused: nothing listens on port 8000"),
        Backend(THIRD, ServerState.SILENT, "not reachable from here: the name does not resolve"),
    )
)
FOUND_GROUPS = replace(FOUND, routes=TABLE)


@pytest.mark.parametrize("size", [(200, 40), (80, 24)], ids=["200x40", "80x24"])
@in_loop
async def test_the_key_shows_every_group_and_its_servers(size):
    async with make_app().run_test(size=size) as pilot:
        await deliver(pilot, WELL, FOUND_GROUPS, VLLM, PROXY, STATES, GPUS, CALM)
        (first,) = (await until(pilot, lambda: rows_with(pilot.app, "claude")))[:1]
        assert "Qwen3.5-27B" in first
        assert "1 of 2" in first or size[0] < 100
        await pilot.press("g")
        await until(pilot, lambda: isinstance(pilot.app.screen, GroupsScreen))
        await settled(pilot)
        shown = screen(pilot.app)
        for words in ("/etc/litellm.yaml", SECOND, THIRD, "connection refused", "not asked", "not reachable from here"):
            assert words in shown
        assert "\x1b" not in shown
        assert shown.index("Qwen3.5-27B", shown.index("Model groups")) < shown.index("small")
        assert "no tier in force" in shown
        assert "3 more entries" in shown
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, GroupsScreen))


@in_loop
async def test_without_groups_the_key_says_how_they_are_found():
    async with make_app().run_test(size=(100, 30)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY)
        await pilot.press("g")
        await until(pilot, lambda: any("--litellm-config" in one.message for one in pilot.app._notifications))
