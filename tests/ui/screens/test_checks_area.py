"""The checks open at what matters most, at any size."""

from dataclasses import replace

import pytest

from panel import deliver, in_loop, rows_with, screen, show, until
from samples import CALM, FOUND, GPUS, PROXY, VLLM, WELL
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.snapshots.server import ServerState
from stormdeck.ui.widgets.checks.list import CheckList

DEGRADED = replace(VLLM, state=ServerState.DEGRADED, detail="/health says 503: the engine died")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (40, 12)])
@in_loop
async def test_the_worst_finding_is_selected_and_in_sight_wherever_it_is_in_the_list(panel, size):
    async with panel(client_version="2.1.329").run_test(size=size) as pilot:
        await deliver(pilot, WELL, FOUND, PROXY, DEGRADED, GPUS, CALM)
        await until(pilot, lambda: any(one.severity is Severity.ERROR for one in pilot.app.deck.findings))
        await show(pilot, "checks")
        await until(pilot, lambda: pilot.app.screen.query_one(CheckList).current is not None)
        chosen = pilot.app.screen.query_one(CheckList).current
        assert chosen.severity is Severity.ERROR
        await until(pilot, lambda: any("▌✖" in row and chosen.code in row for row in screen(pilot.app).splitlines()))
        assert chosen.hop is HopKind.SERVER


@in_loop
async def test_a_row_that_the_user_chose_stays_when_a_worse_finding_comes(panel):
    async with panel(client_version="2.1.329").run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, PROXY, VLLM, GPUS, CALM)
        await show(pilot, "checks")
        await pilot.press("j")
        chosen = pilot.app.screen.query_one(CheckList).current
        await deliver(pilot, DEGRADED)
        await until(pilot, lambda: rows_with(pilot.app, "✖ error"))
        assert pilot.app.screen.query_one(CheckList).current == chosen
