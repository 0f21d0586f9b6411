"""Tracebacks in the logs area: one row each, opened by a key, and by a search that leads inside."""

import re

import pytest

from panel import in_loop, rows_with, screen, settled, show, until
from places import TESTS
from samples import NOW
from stormdeck.ui.widgets.logs.view import LogView

DATA = TESTS / "data" / "logs"
LOG = "/var/log/vllm.log"
SIZE = (120, 40)
TRACE = ["Traceback (most recent call last):", '  File "a.py", line 1, in inside', "    go()", "ValueError: no more"]
LINES = ["INFO:     begun", *TRACE, "INFO:     done"]


def view(pilot):
    return pilot.app.screen.query_one(LogView)


def real(name):
    return (LOG, (DATA / name).read_text(encoding="utf-8").splitlines(), NOW, {})


async def on(pilot, words):
    """Go to the logs, and to the row with some words."""
    await show(pilot, "logs")
    row = screen(pilot.app).splitlines().index(rows_with(pilot.app, words)[0])
    await pilot.click(offset=(40, row))
    await settled(pilot)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("vllm-0.32-enginekill.log", r"vllm\.v1\.engine\.exceptions\.EngineDeadError: .*  \+6\b"),
        ("litellm-1.109-log_config.log", r"litellm\.exceptions\.AuthenticationError: litellm\..*  \+51\b"),
        ("claude-code-proxy.log", r"fastapi\.exceptions\.HTTPException: 500: .*  \+47\b"),
    ],
    ids=["vLLM", "LiteLLM", "claude-code-proxy"],
)
@pytest.mark.parametrize("width", [120, 80])
@in_loop
async def test_those_of_the_real_programs_are_one_row_that_says_what_went_wrong(panel, name, row, width):
    async with panel(lines=[real(name)]).run_test(size=(width, 240)) as pilot:
        await show(pilot, "logs")
        await settled(pilot)
        assert not rows_with(pilot.app, "Traceback")
        assert [shown for shown in screen(pilot.app).splitlines() if re.search(row, shown)]


@in_loop
async def test_a_key_opens_one_and_folds_it_again(panel):
    async with panel(lines=[(LOG, LINES * 2, NOW, {})]).run_test(size=SIZE) as pilot:
        await on(pilot, "ValueError: no more  +3")
        before = screen(pilot.app)
        await pilot.press("o")
        await until(pilot, lambda: rows_with(pilot.app, "line 1, in inside"), "not opened")
        assert len(rows_with(pilot.app, "+3")) == 1
        assert len(rows_with(pilot.app, "Traceback")) == 1
        await pilot.press("down", "down", "o")
        await until(pilot, lambda: screen(pilot.app) == before, "not folded again")


@in_loop
async def test_enter_and_a_double_click_show_it_whole(panel):
    async with panel(lines=[(LOG, LINES, NOW, {})]).run_test(size=SIZE) as pilot:
        await on(pilot, "ValueError: no more  +3")
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "line 1, in inside"), "not shown by enter")
        await pilot.press("escape")
        await until(pilot, lambda: not rows_with(pilot.app, "line 1, in inside"), "not closed")
        row = screen(pilot.app).splitlines().index(rows_with(pilot.app, "+3")[0])
        await pilot.click(offset=(40, row), times=2)
        await until(pilot, lambda: rows_with(pilot.app, "line 1, in inside"), "not shown by a double click")


@in_loop
async def test_the_fold_key_on_any_other_line_does_nothing(panel):
    async with panel(lines=[(LOG, LINES, NOW, {})]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        for keys in (("o",), ("up", "o")):
            await pilot.press(*keys)
            await settled(pilot)
            assert rows_with(pilot.app, "+3")


@in_loop
async def test_the_keys_go_over_the_rows(panel):
    async with panel(lines=[(LOG, LINES * 3, NOW, {})]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await pilot.press("g", "down", "down", "down")
        assert view(pilot).mark == 6
        await pilot.press("down", "up", "up", "up")
        assert view(pilot).mark == 1


@in_loop
async def test_a_filter_shows_the_lines_inside_and_dropping_it_opens_where_one_is(panel):
    lines = [(LOG, [*LINES, *(f"line {number}" for number in range(100))], NOW, {})]
    async with panel(lines=lines).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await pilot.press("slash", *"inside", "enter")
        await until(pilot, lambda: rows_with(pilot.app, "1 of 106 lines"), "not filtered")
        assert rows_with(pilot.app, "line 1, in inside")
        await pilot.press("up", "escape")
        await until(pilot, lambda: rows_with(pilot.app, "ValueError"), "not all lines")
        assert view(pilot).mark == 2
        assert len(rows_with(pilot.app, "line 1, in inside")) == 1


@in_loop
async def test_the_next_match_opens_what_it_is_folded_in(panel):
    async with panel(lines=[(LOG, LINES * 30, NOW, {})]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await pilot.press("slash", *"inside", "enter", "escape", "g", "n")
        await until(pilot, lambda: view(pilot).mark == 2, "not found")
        assert len(rows_with(pilot.app, "line 1, in inside")) == 1
        await pilot.press("N")
        await until(pilot, lambda: view(pilot).mark == 29 * 6 + 2, "not found from the other end")
        assert rows_with(pilot.app, "line 1, in inside")


@in_loop
async def test_the_next_error_is_a_record_and_opens_nothing(panel):
    async with panel(lines=[real("vllm-0.32-stopped.log")]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        for _ in range(6):
            await pilot.press("e")
            assert view(pilot).mark >= 0
            assert not rows_with(pilot.app, '  File "')


@in_loop
async def test_a_folded_line_is_copied_whole(panel):
    async with panel(lines=[(LOG, LINES, NOW, {})]).run_test(size=SIZE) as pilot:
        await on(pilot, "+3")
        await pilot.press("y")
        assert pilot.app.clipboard == "\n".join(TRACE)


@in_loop
async def test_one_that_is_still_being_written_grows_in_its_row(panel):
    async with panel(lines=[(LOG, LINES[:3], NOW, {})]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        assert rows_with(pilot.app, "Traceback (most recent call last):  +1")
        pilot.app.book.add(LOG, LINES[3:], NOW, {})
        pilot.app.notify_lines()
        await until(pilot, lambda: rows_with(pilot.app, "ValueError: no more  +3"), "not grown")
        assert view(pilot).virtual_size.height == 3


@in_loop
async def test_the_ring_drops_lines_and_the_view_stays_on_the_text_it_shows(panel):
    numbered = [line for number in range(200) for line in (f"INFO:     line {number:05}", *TRACE)]
    async with panel(lines=[(LOG, numbered, NOW, {})], limit=1000).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        for _ in range(3):
            await pilot.press("pageup")
        await until(pilot, lambda: view(pilot).scroll_y == view(pilot).scroll_target_y)
        seen = re.findall(r"line \d{5}", screen(pilot.app))
        pilot.app.book.add(LOG, [f"INFO:     more {number}" for number in range(300)], NOW, {})
        pilot.app.notify_lines()
        await settled(pilot)
        assert re.findall(r"line \d{5}", screen(pilot.app)) == seen
