"""The logs: follow, hold, filter, jump; text from outside stays text."""

import re

import pytest
from textual.widgets import Input

from panel import in_loop, rows_with, screen, show, until
from samples import FAILURE, NOW, REFUSED
from stormdeck.ui.widgets.logs.view import LogView

LOG = "/var/log/litellm.log"
SIZE = (120, 40)


def numbered(first, count, text="line"):
    return (LOG, [f"{text} {number:05}" for number in range(first, first + count)], NOW, {})


def view(pilot):
    return pilot.app.screen.query_one(LogView)


def seen_lines(pilot):
    return re.findall(r"line \d{5}", screen(pilot.app))


async def more(pilot, *batch):
    """Add lines as the feed does."""
    pilot.app.book.add(*batch)
    pilot.app.notify_lines()
    await pilot.pause()


async def narrow(pilot, words):
    await pilot.press("slash")
    pilot.app.screen.query_one("#filter", Input).value = words
    await pilot.pause()


@in_loop
async def test_the_newest_line_is_followed(panel):
    async with panel(lines=[numbered(0, 100)]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        assert rows_with(pilot.app, "line 00099")
        await more(pilot, *numbered(100, 50))
        await until(pilot, lambda: rows_with(pilot.app, "line 00149"), "not followed")


@in_loop
async def test_lines_that_come_while_another_area_is_shown_are_there(panel):
    async with panel(lines=[numbered(0, 100)]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await show(pilot, "overview")
        await more(pilot, *numbered(100, 50))
        await show(pilot, "logs")
        await until(pilot, lambda: rows_with(pilot.app, "line 00149"), "not followed")


@in_loop
async def test_space_holds_the_view_and_counts_what_waits(panel):
    async with panel(lines=[numbered(0, 100)]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await pilot.press("space")
        held = seen_lines(pilot)
        await more(pilot, *numbered(100, 1234))
        await until(pilot, lambda: rows_with(pilot.app, "paused, 1 234 waiting"), "not counted")
        assert seen_lines(pilot) == held
        await pilot.press("space")
        await until(pilot, lambda: rows_with(pilot.app, "line 01333"), "not let go")
        assert not rows_with(pilot.app, "paused")


@in_loop
async def test_scrolling_up_stops_following_and_the_follow_key_goes_on(panel):
    async with panel(lines=[numbered(0, 500)]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await pilot.press("pageup")
        await until(pilot, lambda: not view(pilot).following)
        await until(pilot, lambda: view(pilot).scroll_y == view(pilot).scroll_target_y)
        seen = seen_lines(pilot)
        await more(pilot, *numbered(500, 50))
        assert seen_lines(pilot) == seen
        await pilot.press("f")
        await until(pilot, lambda: rows_with(pilot.app, "line 00549"), "not followed again")


@in_loop
async def test_the_oldest_line_is_one_key_away(panel):
    async with panel(lines=[numbered(0, 5000)]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await pilot.press("g")
        await until(pilot, lambda: rows_with(pilot.app, "line 00000"))


@pytest.mark.parametrize(
    ("words", "count"),
    [("00042", 1), ("LINE 0004", 11), ("line -0", 0), ("0004 -00042 -00043", 9), ("-line", 0), ("-", 300)],
)
@in_loop
async def test_words_and_words_with_a_minus_filter(panel, words, count):
    async with panel(lines=[numbered(0, 300)]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await narrow(pilot, words)
        assert len(rows_with(pilot.app, "line 0")) == min(count, view(pilot).size.height)
        if count < 300:
            assert rows_with(pilot.app, f"{count} of 300 lines")


@in_loop
async def test_a_filter_counts_new_lines_and_escape_drops_it(panel):
    async with panel(lines=[numbered(0, 300), numbered(0, 3, "other")]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await narrow(pilot, "other")
        await more(pilot, *numbered(3, 2, "other"))
        await until(pilot, lambda: rows_with(pilot.app, "other 00004"))
        assert rows_with(pilot.app, "5 of 305 lines")
        await pilot.press("escape")
        await until(pilot, lambda: rows_with(pilot.app, "line 00299"), "not dropped")
        assert not pilot.app.screen.query_one("#filter", Input).display


@in_loop
async def test_a_filter_that_is_kept_leaves_the_keys_to_the_view(panel):
    async with panel(lines=[numbered(0, 300)]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await narrow(pilot, "0004")
        await pilot.press("enter")
        await until(pilot, lambda: view(pilot).has_focus)
        await pilot.press("space")
        assert view(pilot).paused
        await pilot.press("escape")
        assert not view(pilot).filter.active


@in_loop
async def test_next_error_goes_from_one_to_the_next_and_round(panel):
    lines = [numbered(0, 200), (LOG, [REFUSED], NOW, {0: 1}), numbered(200, 200), (LOG, [FAILURE], NOW, {})]
    async with panel(lines=[*lines, numbered(400, 200)]).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await pilot.press("g", "e")
        await until(pilot, lambda: view(pilot).mark == 200)
        assert rows_with(pilot.app, "500")
        await pilot.press("e")
        await until(pilot, lambda: view(pilot).mark == 401)
        assert rows_with(pilot.app, "EngineCore") or rows_with(pilot.app, "common_request_processing")
        await pilot.press("e")
        await until(pilot, lambda: view(pilot).mark == 200, "not from the top again")


@in_loop
async def test_a_log_without_an_error_is_said_to_have_none(panel):
    async with panel(lines=[numbered(0, 200)]).run_test(size=SIZE, notifications=True) as pilot:
        await show(pilot, "logs")
        await pilot.press("e")
        await until(pilot, lambda: rows_with(pilot.app, "No failed request"), "not told")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b[31mred\x1b[0m plain", "red plain"),
        ("\x1b]52;c;aGFjaw==\x07after", "after"),
        ("[bold red]markup[/] [link=x]y[/link]", "[bold red]markup[/] [link=x]y[/link]"),
        ("[/not a tag] [", "[/not a tag] ["),
        ("bell\x07 back\x08space", "bell␇ back␈space"),
        ("right\u202eto left", "rightto left"),
        ("Authorization: Bearer sk-abcdef1234", "••••"),
    ],
    ids=["colours", "clipboard", "markup", "broken markup", "controls", "bidi", "secret"],
)
@in_loop
async def test_what_a_log_says_is_text_in_both_views(panel, text, shown):
    lines = [(LOG, [f"2026-11-21 14:01:00,000 ERROR {text}", text], NOW, {})]
    async with panel(lines=lines).run_test(size=SIZE) as pilot:
        for area in ("overview", "logs"):
            await show(pilot, area)
            assert rows_with(pilot.app, shown)
            assert not set("\x1b\x07\x08\u202e") & set(screen(pilot.app))
            assert "sk-abcdef" not in screen(pilot.app)


@in_loop
async def test_the_ring_drops_lines_and_the_view_stays_on_the_text_it_shows(panel):
    async with panel(lines=[numbered(0, 1000)], limit=1000).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        for _ in range(4):
            await pilot.press("pageup")
        await until(pilot, lambda: view(pilot).scroll_y == view(pilot).scroll_target_y)
        seen = seen_lines(pilot)
        await more(pilot, *numbered(1000, 300))
        assert len(pilot.app.book) == 1000
        assert seen_lines(pilot) == seen


@in_loop
async def test_the_ring_drops_lines_and_a_filtered_view_stays_on_the_text_it_shows(panel):
    async with panel(lines=[numbered(0, 1000)], limit=1000).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await narrow(pilot, "line")
        await pilot.press("enter")
        for _ in range(4):
            await pilot.press("pageup")
        await until(pilot, lambda: view(pilot).scroll_y == view(pilot).scroll_target_y)
        seen = seen_lines(pilot)
        await more(pilot, *numbered(1000, 300))
        assert seen_lines(pilot) == seen


@in_loop
async def test_a_held_view_whose_lines_are_all_dropped_shows_nothing_wrong(panel):
    async with panel(lines=[numbered(0, 1000)], limit=1000).run_test(size=SIZE) as pilot:
        await show(pilot, "logs")
        await pilot.press("space")
        await more(pilot, *numbered(1000, 3000))
        assert rows_with(pilot.app, "paused, 3 000 waiting")
        await pilot.press("space")
        await until(pilot, lambda: rows_with(pilot.app, "line 03999"))


@in_loop
async def test_the_right_key_shows_the_rest_of_a_long_line(panel):
    async with panel(lines=[(LOG, ["x" * 200 + "END"], NOW, {})]).run_test(size=(80, 24)) as pilot:
        await show(pilot, "logs")
        assert not rows_with(pilot.app, "END")
        await pilot.press(*["right"] * 8)
        await until(pilot, lambda: rows_with(pilot.app, "END"), "out of reach")
        await pilot.press(*["left"] * 9)
        await until(pilot, lambda: not rows_with(pilot.app, "END"))
