"""Notifications have rows of their own: they hide nothing, and move no panel but the lowest."""

import pytest
from textual.widgets._toast import Toast, ToastRack

from panel import AREAS, deliver, in_loop, rows_with, screen, settled, show, until
from samples import FOUND, GPUS, PROXY, STORMY, VLLM, WELL
from stormdeck.ui.widgets.key_bar import KeyBar

WHOLE = (WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
SIZES = [(120, 40), (80, 24), (40, 12), (200, 60)]
NOTICE = "a notice"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_no_widget_is_below_a_notification(panel, area, size):
    async with panel().run_test(size=size, notifications=True) as pilot:
        await deliver(pilot, *WHOLE)
        await show(pilot, area)
        await settled(pilot)
        for number in range(3):
            pilot.app.notify(f"{NOTICE} {number}", timeout=3600)
        await until(pilot, lambda: len(rows_with(pilot.app, NOTICE)) == 3)
        toasts = [one.region for one in pilot.app.screen.query(Toast)]
        assert {(one.height, one.width) for one in toasts} == {(1, size[0])}
        beside = [one for one in pilot.app.screen.children if not isinstance(one, ToastRack) and one.display]
        assert [type(one).__name__ for one in beside if any(one.region.overlaps(toast) for toast in toasts)] == []
        assert pilot.app.screen.query_one(KeyBar).region.y == size[1] - 1


@pytest.mark.parametrize("size", SIZES)
@in_loop
async def test_the_panels_of_the_overview_stay_where_they_are(panel, size):
    async with panel().run_test(size=size, notifications=True) as pilot:
        await deliver(pilot, *WHOLE)
        await settled(pilot)
        board = pilot.app.screen.board
        before = board.boxes(board.size)
        pilot.app.notify(NOTICE, timeout=3600)
        await until(pilot, lambda: rows_with(pilot.app, NOTICE))
        after = board.boxes(board.size)
        changed = {name for name in before if before[name] != after.get(name)}
        assert changed <= {"log"}
        pilot.app.clear_notifications()
        await until(pilot, lambda: board.boxes(board.size) == before)


@in_loop
async def test_a_dialog_loses_nothing_either(panel):
    async with panel().run_test(size=(40, 12), notifications=True) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "close"))
        pilot.app.notify(NOTICE, timeout=3600)
        await until(pilot, lambda: rows_with(pilot.app, NOTICE))
        await until(pilot, lambda: "close" in screen(pilot.app), "the keys of the dialog are covered")
