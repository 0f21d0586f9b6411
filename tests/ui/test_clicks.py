"""A click on a hop or on the verdict does the same in every area, at every size."""

import pytest
from textual.events import MouseDown

from panel import AREAS, deliver, in_loop, make_app, rows_with, screen, settled, show, until
from samples import CALM, FOUND, GPUS, LIVE, PROXY, STORMY, VLLM, WELL, WRONG
from stormdeck.ui.screens.overview import OverviewScreen
from stormdeck.ui.widgets.checks.list import CheckList
from stormdeck.ui.widgets.verdict_bar import VerdictBar

STACK = (FOUND, VLLM, PROXY, GPUS)
HOPS = {"LiteLLM": "proxy", "vLLM": "engine", "H200": "gpus"}


async def click_on_the_path(pilot, word):
    await pilot.click(offset=(screen(pilot.app).splitlines()[0].index(word), 0))


@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_a_hop_shows_what_is_known_of_it(area):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, WELL, *STACK, CALM)
        for word, panel in HOPS.items():
            await show(pilot, area)
            await click_on_the_path(pilot, word)
            await until(pilot, lambda: isinstance(pilot.app.screen, OverviewScreen), "not on the overview")
            await until(pilot, lambda panel=panel: pilot.app.screen.board.zoomed == panel, f"{panel} is not zoomed")
        await click_on_the_path(pilot, word)
        await until(pilot, lambda: not pilot.app.screen.board.zoomed, "not small again")
        await show(pilot, area)
        await click_on_the_path(pilot, "claude")
        await until(pilot, lambda: pilot.app.screen.AREA == "settings", "the form is not shown")


@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_a_verdict_on_a_setting_leads_to_its_finding(area):
    async with make_app().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, WRONG, *STACK, CALM)
        await show(pilot, area)
        assert rows_with(pilot.app, "URL101")
        await pilot.click(VerdictBar)
        await until(pilot, lambda: pilot.app.screen.AREA == "checks", "not gone to the checks")
        await until(pilot, lambda: pilot.app.screen.query_one(CheckList).current.code == "URL101")


@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_a_verdict_on_a_storm_leads_to_its_lines(area):
    async with make_app().run_test(size=(40, 12)) as pilot:
        await deliver(pilot, WELL, *STACK, STORMY)
        await show(pilot, area)
        await settled(pilot)
        await pilot.click(VerdictBar)
        await until(pilot, lambda: pilot.app.navigation.storm_shown == LIVE.started, "the storm's lines are not shown")
        assert pilot.app.screen.AREA == "logs"


@in_loop
async def test_a_verdict_without_a_cause_leads_to_all_that_was_checked():
    async with make_app(lines=()).run_test(size=(80, 24)) as pilot:
        await pilot.click(VerdictBar)
        await until(pilot, lambda: pilot.app.screen.AREA == "checks", "not gone to the checks")


@in_loop
async def test_a_click_on_what_is_just_being_removed_ends_nothing():
    """It is drawn until the next layout, and has no parent any more."""
    async with make_app().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, WELL, *STACK, CALM)
        await settled(pilot)
        below, widget = pilot.app.screen, pilot.app.screen.query_one(VerdictBar)
        x, y = widget.content_region.offset
        assert below.get_widget_and_offset_at(x, y)[0] is widget
        parent, widget._parent = widget._parent, None
        below._forward_event(MouseDown(widget, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y))
        widget._parent = parent
        await show(pilot, "logs")
