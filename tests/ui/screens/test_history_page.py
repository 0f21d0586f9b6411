"""The history on the overview, and enlarged: every figure on one axis, a cursor, gaps, and the way to the log lines."""

from dataclasses import replace

import pytest

from history_samples import HOUR, NOW, sample
from panel import cells, deliver, in_loop, rows_with, screen, settled, until
from samples import CALM, FOUND, GPUS, PROXY, VLLM, WELL
from stormdeck.model.history.figures import FIGURES
from stormdeck.model.history.ring import HistorySnapshot
from stormdeck.ui.messages import GoTo, HistoryMoment
from stormdeck.ui.widgets.history.panel import WAITS, HistoryPanel
from stormdeck.ui.widgets.logs.view import LogView

WHOLE = (WELL, FOUND, VLLM, PROXY, GPUS, CALM)
WIDE, MIDDLE, SMALL, HUGE = (120, 40), (80, 24), (40, 12), (200, 60)


async def enlarged(pilot, history=HOUR):
    await deliver(pilot, *WHOLE, history)
    await settled(pilot)
    await pilot.press("h")
    await until(pilot, lambda: rows_with(pilot.app, "a column") or rows_with(pilot.app, "HISTORY  last"))
    await settled(pilot)
    return pilot.app.screen.query_one(HistoryPanel)


def value_of(app, name):
    """Return the value that the page shows of a figure."""
    (row,) = [one for one in screen(app).splitlines() if one.strip().startswith(name)]
    return row.strip().removeprefix(name).strip().split("  ")[0].strip()


@in_loop
async def test_the_overview_has_sparklines_where_there_is_room(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await deliver(pilot, *WHOLE, HOUR)
        await until(pilot, lambda: rows_with(pilot.app, "HISTORY  last 1 h"))
        await settled(pilot)
        (row,) = rows_with(pilot.app, "TTFT p50")
        assert "0.8 s" in row
        assert "▇" in row
        assert rows_with(pilot.app, "LOG  ")


@in_loop
async def test_a_large_terminal_has_charts_with_scales(panel):
    async with panel().run_test(size=HUGE) as pilot:
        await deliver(pilot, *WHOLE, HOUR)
        await until(pilot, lambda: rows_with(pilot.app, "first token p50  0.8 s"))
        assert rows_with(pilot.app, "0 to 100 %")


@pytest.mark.parametrize("size", [MIDDLE, SMALL], ids=["80x24", "40x12"])
@in_loop
async def test_a_small_terminal_keeps_its_rows_for_the_log(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, *WHOLE, HOUR)
        await settled(pilot)
        assert not rows_with(pilot.app, "HISTORY")


@in_loop
async def test_before_the_first_sample_it_says_what_will_be_there(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await deliver(pilot, *WHOLE)
        await settled(pilot)
        assert not rows_with(pilot.app, "HISTORY")
        await pilot.press("h")
        await until(pilot, lambda: rows_with(pilot.app, "esc for all panels"))
        await pilot.press("left", "home", "enter", "right_square_bracket")
        await settled(pilot)
        assert rows_with(pilot.app, WAITS)


@pytest.mark.parametrize("size", [WIDE, MIDDLE, HUGE], ids=["120x40", "80x24", "200x60"])
@in_loop
async def test_enlarged_it_shows_every_figure_with_its_value_on_one_axis(panel, size):
    async with panel().run_test(size=size) as pilot:
        await enlarged(pilot)
        for figure in FIGURES:
            name = figure.name if size[0] >= 100 else figure.short
            assert rows_with(pilot.app, name), name
        assert value_of(pilot.app, FIGURES[-1].name if size[0] >= 100 else FIGURES[-1].short).startswith("1 210 W")
        assert rows_with(pilot.app, "13:30")


@in_loop
async def test_where_not_all_figures_fit_the_others_are_a_key_away(panel):
    async with panel().run_test(size=SMALL) as pilot:
        await enlarged(pilot)
        assert not rows_with(pilot.app, "GPU power")
        await pilot.press(*["j"] * 20)
        await until(pilot, lambda: rows_with(pilot.app, "GPU power"))
        assert not rows_with(pilot.app, "requests ")
        await pilot.press(*["k"] * 20)
        await until(pilot, lambda: rows_with(pilot.app, "requests "))


@in_loop
async def test_the_cursor_shows_the_values_of_its_moment(panel):
    async with panel().run_test(size=WIDE) as pilot:
        page = await enlarged(pilot)
        assert rows_with(pilot.app, "now ")
        await pilot.press("left")
        await until(pilot, lambda: page.moment < NOW)
        one = page.moment
        await pilot.press("h", "H", "shift+left")
        await until(pilot, lambda: page.moment < one)
        step = page._step()
        assert page.moment == NOW - 22 * step
        await settled(pilot)
        begin = int(page.moment // step * step)
        inside = [one.of("requests_per_minute") for one in HOUR.steps if begin <= one.at < begin + step]
        assert value_of(pilot.app, "requests") == FIGURES[0].text(sum(inside) / len(inside))
        await pilot.press("L", "shift+right", "l", "right")
        await until(pilot, lambda: page.moment == NOW)
        await settled(pilot)
        assert rows_with(pilot.app, "now ")


@in_loop
async def test_home_goes_to_the_oldest_watched_moment_and_end_to_the_newest(panel):
    async with panel().run_test(size=WIDE) as pilot:
        page = await enlarged(pilot)
        await pilot.press("home")
        await until(pilot, lambda: abs(page.moment - (NOW - 3000)) < 60)
        assert not rows_with(pilot.app, "not watched")
        await pilot.press("end")
        await until(pilot, lambda: page.moment == NOW)


@in_loop
async def test_a_gap_is_no_zero(panel):
    async with panel().run_test(size=WIDE) as pilot:
        page = await enlarged(pilot)
        page.show_moment(NOW - 1600)
        await until(pilot, lambda: rows_with(pilot.app, "not watched"))
        for figure in FIGURES:
            assert value_of(pilot.app, figure.name).startswith("–"), figure.name


@in_loop
async def test_a_click_sets_the_cursor_and_does_not_shrink_the_panel(panel):
    async with panel().run_test(size=WIDE) as pilot:
        page = await enlarged(pilot)
        await pilot.click(HistoryPanel, offset=(80, 10))
        await until(pilot, lambda: page.moment < NOW)
        assert page.has_class("-zoomed")
        step = page._step()
        column = 80 - page.styles.padding.left - (16 + 12 + 7)
        assert page.moment == (NOW // step - (page.content_size.width - 35 - 1 - column)) * step


@in_loop
async def test_enter_goes_to_the_log_lines_of_the_moment(panel):
    lines = [("/var/log/litellm.log", [f"line {number}"], NOW - 3000 + 60 * number, {}) for number in range(50)]
    async with panel(lines=lines).run_test(size=WIDE) as pilot:
        page = await enlarged(pilot)
        page.show_moment(NOW - 3000 + 60 * 31 - 5)
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.AREA == "logs")
        await until(pilot, lambda: pilot.app.screen.query_one(LogView).mark == 31)


@in_loop
async def test_another_screen_can_ask_for_a_moment(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await deliver(pilot, *WHOLE, HOUR)
        await pilot.press("4")
        await until(pilot, lambda: pilot.app.screen.AREA == "checks")
        pilot.app.post_message(GoTo(HistoryMoment(NOW - 600)))
        await until(pilot, lambda: pilot.app.screen.AREA == "overview" and rows_with(pilot.app, "13:52:00"))


@in_loop
async def test_brackets_show_less_and_more_time(panel):
    async with panel().run_test(size=WIDE) as pilot:
        page = await enlarged(pilot)
        before = page._step()
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: page._step() > before)
        await pilot.press(*["left_square_bracket"] * 9)
        await until(pilot, lambda: page._step() == 5)
        await pilot.press(*["right_square_bracket"] * 12)
        await until(pilot, lambda: page._span() == 24 * 3600)


@in_loop
async def test_z_and_escape_take_it_back_and_the_keys_are_those_of_the_panels_again(panel):
    async with panel().run_test(size=WIDE) as pilot:
        page = await enlarged(pilot)
        await pilot.press("left", "escape")
        await until(pilot, lambda: not page.has_class("-zoomed"))
        await settled(pilot)
        assert rows_with(pilot.app, "REQUESTS")
        await pilot.press("enter")
        await settled(pilot)
        assert pilot.app.screen.AREA == "overview"


@in_loop
async def test_a_figure_that_is_never_known_has_no_lane(panel):
    without_gpus = HistorySnapshot(tuple(replace_gpus(one) for one in HOUR.steps))
    async with panel().run_test(size=WIDE) as pilot:
        await enlarged(pilot, without_gpus)
        assert not rows_with(pilot.app, "GPU power")
        assert rows_with(pilot.app, "cache hits")


def replace_gpus(one):
    return one._replace(values=(*one.values[:10], None, None, None))


@in_loop
async def test_without_colours_the_cursor_is_a_line_through_all_lanes(panel):
    app = panel()
    app.plain = True
    async with app.run_test(size=WIDE) as pilot:
        await enlarged(pilot)
        await pilot.press("left", "left", "left")
        await settled(pilot)
        column = next(row.rindex("│") for row in screen(pilot.app).splitlines() if row.strip().startswith("requests"))
        rows = [row for row in cells(pilot.app) if len(row) > column and row[column][0] == "│"]
        assert len(rows) >= 2 * len(FIGURES)


@in_loop
async def test_that_it_is_not_kept_is_said_on_the_page(panel):
    async with panel().run_test(size=WIDE) as pilot:
        await enlarged(pilot, replace(HOUR, problem="History is not kept: ~/history.sqlite3: database or disk is full"))
        assert rows_with(pilot.app, "not kept for the next start")


@in_loop
async def test_new_samples_move_the_graph_but_not_the_cursor(panel):
    async with panel().run_test(size=WIDE) as pilot:
        page = await enlarged(pilot)
        page.show_moment(NOW - 600)
        await until(pilot, lambda: rows_with(pilot.app, "13:52:00"))
        later = HistorySnapshot((*HOUR.steps, sample(NOW + 5, running=7.0)))
        await deliver(pilot, later)
        await settled(pilot)
        assert page.moment == NOW - 600
        await pilot.press("end")
        await until(pilot, lambda: page.moment == NOW + 5)
