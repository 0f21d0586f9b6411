"""Any panel of the overview fills the pane on a key or a click, and is small again on the next."""

from itertools import cycle

from panel import deliver, in_loop, rows_with, screen, until
from samples import FOUND, GPUS, LIVE, PROXY, STORMY, VLLM, WELL

WHOLE = (WELL, FOUND, VLLM, PROXY, GPUS, STORMY)


def headings(app):
    return [name for name in ("REQUESTS", "STORMS", "vLLM 0", "LiteLLM 1", "GPU  driver", "LOG") if name in screen(app)]


WAYS = [
    (("z",), "REQUESTS"),
    (("tab", "tab", "z"), "STORMS"),
    (("z", "tab", "tab"), "vLLM 0"),
    (("z", "tab", "tab", "tab"), "LiteLLM 1"),
    (("shift+tab", "shift+tab", "z"), "GPU  driver"),
    (("shift+tab", "z"), "LOG"),
]


@in_loop
async def test_a_key_lets_the_panel_with_the_focus_fill_the_pane_and_another_takes_it_back(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *WHOLE)
        before = headings(pilot.app)
        for (keys, shown), back in zip(WAYS, cycle(["z", "escape"]), strict=False):
            await pilot.press(*keys)
            await until(pilot, lambda shown=shown: headings(pilot.app) == [shown], f"{shown} is not zoomed")
            assert rows_with(pilot.app, "RETRY STORM")
            assert rows_with(pilot.app, "esc for all panels")
            await pilot.press(back)
            await until(pilot, lambda: headings(pilot.app) == before, "not small again")
            await pilot.press("escape")


@in_loop
async def test_escape_leaves_the_panels_where_none_is_zoomed(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.press("tab")
        assert pilot.app.focused.id == "requests"
        await pilot.press("escape")
        assert pilot.app.focused is None


@in_loop
async def test_a_click_does_the_same(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.click("#gpus")
        await until(pilot, lambda: headings(pilot.app) == ["GPU  driver"], "not zoomed")
        await pilot.click("#gpus")
        await until(pilot, lambda: "REQUESTS" in headings(pilot.app), "not small again")


@in_loop
async def test_a_click_on_a_storm_goes_to_its_lines_zoomed_or_not(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.press("tab", "tab", "z")
        await pilot.pause()
        await pilot.click("#storms", offset=(10, 1))
        await until(pilot, lambda: pilot.app.current_mode == "logs", "not gone to the log")
        assert pilot.app.navigation.storm_shown == LIVE.started


@in_loop
async def test_a_zoomed_panel_fills_a_pane_that_changes_its_size(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.press("z")
        await pilot.resize_terminal(40, 12)
        await until(pilot, lambda: pilot.app.screen.query_one("#requests").size.height == 10, "not as high as the pane")
