"""What is closed is gone: nothing of it stays in memory."""

import gc

import pytest
from textual._styles_cache import StylesCache
from textual.cache import FIFOCache
from textual.strip import Strip
from textual.widgets import Input
from textual.widgets._toast import Toast, ToastHolder

from fleets import FLEET
from panel import KEYS, cells, deliver, in_loop, settled, show, until
from samples import CALM, FOUND, GPUS, PROXY, VLLM, WELL
from stormdeck.ui.textual_patches.memory import SmallCache

OPENED = {"help": "question_mark", "palette": "ctrl+p"}


def living(kind):
    """Return how many objects of a kind there are."""
    gc.collect()
    return sum(type(one) is kind for one in gc.get_objects())


@pytest.mark.parametrize("what", OPENED)
@in_loop
async def test_what_was_drawn_of_a_dialog_goes_with_it(panel, what):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, CALM)
        await show(pilot, "checks")
        await settled(pilot)
        before = living(StylesCache)
        for _ in range(3):
            await pilot.press(OPENED[what])
            await until(pilot, lambda: len(pilot.app.screen_stack) == 2)
            await pilot.press("escape")
            await until(pilot, lambda: len(pilot.app.screen_stack) == 1)
        await until(pilot, lambda: living(StylesCache) <= before, "what was drawn is kept")


@in_loop
async def test_inputs_do_not_pile_up_in_a_row_that_is_edited_again_and_again(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL)
        await show(pilot, "settings")
        before, most = living(Input), 6
        for _ in range(2 * most):
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(pilot.app.focused, Input))
            await pilot.press("x", "escape")
            await until(pilot, lambda: not isinstance(pilot.app.focused, Input))
        # Textual keeps the last few layouts of a row, with what stood in them.
        await until(pilot, lambda: living(Input) <= before + most, "the inputs are kept")


@in_loop
async def test_a_terminal_that_changes_its_size_all_day_takes_no_more_memory(panel):
    async def a_day():
        for area in ("logs", "settings", "checks", "overview"):
            await show(pilot, area)
            for size in ((40, 12), (80, 24), (120, 40)):
                await pilot.resize_terminal(*size)
                await pilot.pause()

    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, CALM)
        await a_day()
        await a_day()
        before = living(Strip)
        await a_day()
        await a_day()
        assert living(Strip) <= before * 1.05


@in_loop
async def test_an_empty_cache_of_a_drawn_line_holds_nothing(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, CALM)
        await settled(pilot)
        lines = living(Strip)
        assert lines > 100
        # Textual's own would be seven a line, each with two dicts.
        assert living(FIFOCache) < lines
        caches = [one for one in gc.get_objects() if type(one) is SmallCache]
        assert sum(any(type(held) is dict for held in gc.get_referents(one)) for one in caches) < 2 * lines


@in_loop
async def test_a_notice_that_is_out_of_date_goes_with_what_holds_it(panel):
    async with panel().run_test(size=(120, 40), notifications=True) as pilot:
        await deliver(pilot, WELL)
        shown = pilot.app.screen.query
        for number in range(3):
            pilot.app.notify(f"notice {number}")
            await until(pilot, lambda: len(shown(Toast)) == 1)
            pilot.app.clear_notifications()
            await until(pilot, lambda: not shown(Toast), "the notice is kept")
        await until(pilot, lambda: not shown(ToastHolder), "what held the notices is kept")


def drawn_lines(shown):
    return sum(len(one._styles_cache._cache) + len(one._render_cache.lines) for one in [shown, *shown.query("*")])


@pytest.mark.parametrize("area", KEYS)
@in_loop
async def test_what_was_drawn_of_an_area_goes_when_another_one_is_shown(panel, area):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, CALM, FLEET)
        await show(pilot, area)
        await settled(pilot)
        left, before = pilot.app.screen, cells(pilot.app)
        await pilot.press("question_mark")
        await until(pilot, lambda: pilot.app.screen is not left)
        assert drawn_lines(left)
        await pilot.press("escape")
        await show(pilot, "logs" if area == "overview" else "overview")
        await until(pilot, lambda: not drawn_lines(left), "the lines stay")
        await show(pilot, area)
        await settled(pilot)
        assert pilot.app.screen is left
        assert cells(pilot.app) == before
