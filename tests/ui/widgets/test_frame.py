"""The frame around every area: a verdict that fills its rows does not touch the rows below."""

import pytest

from panel import deliver, in_loop, rows_with, screen, show
from samples import FOUND, VLLM, WRONG


@pytest.mark.parametrize("area", ["logs", "settings", "checks"])
@in_loop
async def test_a_blank_row_stands_below_a_full_verdict_where_there_is_room(panel, area):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WRONG, FOUND, VLLM)
        await show(pilot, area)
        rows = screen(pilot.app).splitlines()
        last = rows.index(rows_with(pilot.app, 'selected model"')[0])
        assert [bool(row.strip()) for row in rows[last : last + 3]] == [True, False, True]
