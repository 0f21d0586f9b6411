"""The frame around every area: a verdict that fills its rows does not touch the rows below."""

import pytest

from panel import deliver, in_loop, rows_with, screen, show, until
from samples import FOUND, GPUS, PROXY, STORMY, VLLM, WELL, WRONG


@pytest.mark.parametrize("area", ["logs", "settings", "checks"])
@in_loop
async def test_a_blank_row_stands_below_a_full_verdict_where_there_is_room(panel, area):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WRONG, FOUND, VLLM)
        await show(pilot, area)
        rows = screen(pilot.app).splitlines()
        last = rows.index(rows_with(pilot.app, 'selected model"')[0])
        assert [bool(row.strip()) for row in rows[last : last + 3]] == [True, False, True]


@pytest.mark.parametrize(("width", "first"), [(40, "●LiteLLM ✖vLLM ●GPU 90 %"), (34, "●4000 ✖8000 ●GPU 90 %")])
@in_loop
async def test_a_narrow_pane_names_the_hops_before_it_names_their_ports(panel, width, first):
    async with panel().run_test(size=(width, 12)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
        await until(pilot, lambda: first in screen(pilot.app).splitlines()[0])


@in_loop
async def test_the_panel_with_the_focus_has_a_sign_before_its_heading(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
        assert not rows_with(pilot.app, "▶ REQUESTS")
        await pilot.press("tab")
        await until(pilot, lambda: rows_with(pilot.app, "▶ REQUESTS"))
        await pilot.press("shift+tab")
        await until(pilot, lambda: rows_with(pilot.app, "▶ LOG") and not rows_with(pilot.app, "▶ REQUESTS"))
        await pilot.press("escape")
        await until(pilot, lambda: not rows_with(pilot.app, "▶ LOG"))
