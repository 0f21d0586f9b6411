"""One cursor in every list of rows: another ground over the whole row, and a sign at its left edge."""

import pytest
from textual.color import Color

from panel import cells, deliver, in_loop, rows_with, settled, show, until
from samples import CALM, FOUND, GPUS, NOW, PROXY, STORMY, VLLM, WELL, WRONG
from stormdeck.ui.widgets.checks.list import CheckList

LINES = [("/var/log/vllm.log", [f"line {number:02}" for number in range(60)], NOW, {})]
WAYS = {
    "storms": ("overview", (WELL, FOUND, VLLM, PROXY, GPUS, STORMY), ("tab", "tab", "down")),
    "checks": ("checks", (WRONG, FOUND, VLLM, PROXY, CALM), ("down",)),
    "logs": ("logs", (WELL, FOUND, VLLM, PROXY, CALM), ("up",) * 5),
}


def grounds(app):
    """Return the background of every cell of the row with the cursor, from its sign on, to the end of the list."""
    for row in cells(app):
        begin = next((at for at, (sign, _) in enumerate(row) if sign == "▌"), None)
        if begin is not None:
            width = app.focused.scrollable_content_region.width if app.focused is not None else app.size.width // 3
            return [style.bgcolor for _, style in row[begin : begin + width]]
    return []


def named(app, token):
    return Color.parse(app.theme_variables[token]).rich_color


@pytest.mark.parametrize("name", WAYS)
@in_loop
async def test_the_whole_row_has_another_ground_and_its_left_edge_a_sign(panel, name):
    area, snapshots, keys = WAYS[name]
    async with panel(lines=LINES).run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *snapshots)
        await show(pilot, area)
        await pilot.press(*keys)
        await settled(pilot)
        (row,) = rows_with(pilot.app, "▌")
        assert row.strip().startswith("▌")
        assert set(grounds(pilot.app)) == {named(pilot.app, "panel")}


@pytest.mark.parametrize("name", ["checks", "logs"])
@in_loop
async def test_a_list_without_the_focus_keeps_it_dimmed(panel, name):
    area, snapshots, keys = WAYS[name]
    async with panel(lines=LINES).run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *snapshots)
        await show(pilot, area)
        await pilot.press(*keys, "slash")
        await settled(pilot)
        assert rows_with(pilot.app, "▌")
        pilot.app.screen.set_focus(None)
        await settled(pilot)
        assert set(grounds(pilot.app)) == {named(pilot.app, "surface")}


@in_loop
async def test_the_log_stands_where_it_stood_beside_a_cursor(panel):
    async with panel(lines=LINES).run_test(size=(80, 24)) as pilot:
        await show(pilot, "logs")
        before = rows_with(pilot.app, "line 59")
        await pilot.press("up")
        await settled(pilot)
        assert rows_with(pilot.app, "line 59") == [before[0].replace(" ", "▌", 1)]
        assert before[0].startswith(" 14:02:00 ")


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20)], ids=["120x40", "80x24", "60x20"])
@in_loop
async def test_home_and_end_go_to_the_first_and_the_last_row(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, WRONG, FOUND, VLLM, PROXY, CALM)
        await show(pilot, "settings")
        form = pilot.app.screen.form
        await until(pilot, lambda: form.row.has_focus)
        first = form.row.field
        await pilot.press("end")
        await until(pilot, lambda: form.row.field is form.fields[-1], "not at the last value")
        await pilot.press("home")
        await until(pilot, lambda: form.row.field is first, "not at the first value")
        await show(pilot, "checks")
        checks = pilot.app.screen.query_one(CheckList)
        items = checks._items()
        await pilot.press("end")
        await until(pilot, lambda: checks.current is items[-1], "not at the last row")
        await pilot.press("home")
        await until(pilot, lambda: checks.current is items[0], "not at the first row")
