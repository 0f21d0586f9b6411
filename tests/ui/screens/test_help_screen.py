"""The help: aligned in columns, and it shows how much of it is visible."""

import re

import pytest
from textual.containers import VerticalScroll

from panel import in_loop, rows_with, screen, settled, until

TITLES = {"OVERVIEW", "LOGS", "SETTINGS", "CHECKS", "EVERYWHERE", "DIALOGS", "SIGNS", "WORDS", "MOUSE", "A RECORDING"}


@pytest.mark.parametrize("size", [(80, 200), (40, 250)], ids=["80", "40"])
@in_loop
async def test_the_words_of_all_sections_begin_in_one_column(panel, size):
    async with panel().run_test(size=size) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "EVERYWHERE"))
        shown = [row for row in screen(pilot.app).splitlines() if row.strip() and row.strip() not in TITLES]
        begins = [re.search(r"\S  +(?=\S)", row) for row in shown]
        places = [found.end() for found in begins if found is not None]
        assert max(places.count(place) for place in places) > len(places) * 0.8


@in_loop
async def test_it_says_which_of_its_lines_are_seen(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "lines 1 to "), "not told")
        before = rows_with(pilot.app, "esc close")
        await pilot.press("pagedown")
        await until(pilot, lambda: rows_with(pilot.app, "esc close") != before, "not told anew")
        await pilot.press("end")
        rows = pilot.app.screen.query_one(VerticalScroll).virtual_size.height
        await until(pilot, lambda: rows_with(pilot.app, f"to {rows} of {rows}"), "not told at the end")


@in_loop
async def test_what_is_seen_is_shown_again_in_a_pane_of_another_size(panel):
    async with panel().run_test(size=(40, 24)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "lines 1 to "), "not told")
        text = pilot.app.screen.query_one(VerticalScroll)
        for size in ((40, 28), (40, 20), (130, 40), (130, 36)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            position = f"lines 1 to {text.size.height} of {text.virtual_size.height}"
            assert rows_with(pilot.app, position), f"{position} is not told at {size}; the screen:\n{screen(pilot.app)}"


@in_loop
async def test_where_all_of_it_is_seen_nothing_is_said_of_that(panel):
    async with panel().run_test(size=(120, 200)) as pilot:
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "EVERYWHERE"))
        assert not rows_with(pilot.app, "lines 1 to")
