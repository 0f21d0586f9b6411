"""The timeline area: the list, the filter, the way to the logs, and what is said when there is nothing."""

from dataclasses import replace

import pytest
from textual import events
from textual.widgets import Input

from history_samples import HOUR
from panel import deliver, in_loop, rows_with, screen, settled, show, until
from samples import CALM, FOUND, GPUS, NOW, PROXY, STORMY, VLLM, WELL
from stormdeck.model.snapshots.timeline import TimelineSnapshot
from stormdeck.model.symbols import Health
from stormdeck.model.timeline.event import Event, Kind
from stormdeck.ui.widgets.logs.view import LogView
from stormdeck.ui.widgets.timeline.list import TimelineList

BASE = (WELL, FOUND, VLLM, PROXY, GPUS, CALM)
SIZES = pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24), (40, 12)], ids=str)


def outage(at, **changes):
    made = Event(
        Kind.DOWN,
        f"vLLM {at}",
        NOW + at,
        "vLLM :8000",
        "down",
        until=NOW + at + 12,
        total_s=12.0,
        seen=NOW + at + 12,
        health=Health.ERROR,
    )
    return replace(made, **changes)


def version(at, number):
    return Event(Kind.VERSION, f"x{at}", NOW + at, "vLLM :8000", "", "", "0.32.0", number, seen=NOW + at)


EVENTS = (outage(-90_000, cause="its engine died"), version(-7000, "0.33.0"), outage(-600, name="LiteLLM :4000"))
TIMELINE = TimelineSnapshot(EVENTS, since=NOW - 100)


def area(pilot):
    return pilot.app.screen.query_one(TimelineList)


@SIZES
@in_loop
async def test_the_newest_event_comes_first_below_its_day(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, *BASE, TIMELINE)
        await show(pilot, "timeline")
        await until(pilot, lambda: rows_with(pilot.app, "LiteLLM :4000 was"), "no event")
        lines = screen(pilot.app).splitlines()
        day = next(at for at, line in enumerate(lines) if "TODAY" in line)
        assert "LiteLLM :4000 was" in lines[day + 1]
        assert "vLLM :8000 is" in lines[day + 2]
        assert "YESTERDAY" in lines[day + 3]


@SIZES
@in_loop
async def test_without_events_it_says_what_will_be_here(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, *BASE, TimelineSnapshot(since=NOW - 100))
        await show(pilot, "timeline")
        await until(pilot, lambda: rows_with(pilot.app, "No event since 14:00."), "nothing is said")
        assert rows_with(pilot.app, "goes down")


@in_loop
async def test_the_filter_shows_what_contains_the_words_and_is_cleared_by_escape(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *BASE, TIMELINE)
        await show(pilot, "timeline")
        await pilot.press("slash", *"down -litellm")
        await until(pilot, lambda: rows_with(pilot.app, "1 of 3 events"), "not filtered")
        assert not rows_with(pilot.app, "LiteLLM :4000 was")
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.focused, Input))
        await pilot.press("escape")
        await until(pilot, lambda: rows_with(pilot.app, "LiteLLM :4000 was"), "not cleared")


@in_loop
async def test_a_filter_that_nothing_matches_says_how_to_see_all(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *BASE, TIMELINE)
        await show(pilot, "timeline")
        await pilot.press("slash", *"zzz")
        await until(pilot, lambda: rows_with(pilot.app, "No event of 3 matches. esc shows all."))


@in_loop
async def test_only_what_went_wrong_is_shown_on_a_key(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *BASE, TIMELINE)
        await show(pilot, "timeline")
        await pilot.press("a")
        await until(pilot, lambda: rows_with(pilot.app, "2 of 3 events"))
        assert not rows_with(pilot.app, "0.33.0")
        await pilot.press("a")
        await until(pilot, lambda: rows_with(pilot.app, "0.33.0"))


@in_loop
async def test_enter_goes_to_the_log_lines_of_the_moment(panel):
    lines = [("vllm.log", [f"line {number}"], NOW - 700 + 10 * number, {}) for number in range(60)]
    async with panel(lines=lines).run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *BASE, TIMELINE)
        await show(pilot, "timeline")
        await until(pilot, lambda: area(pilot).current is not None)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.AREA == "logs", "the logs are not shown")
        await until(pilot, lambda: pilot.app.screen.query_one(LogView).mark == 10, "another line")


@in_loop
async def test_h_goes_to_the_figures_of_the_moment(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *BASE, TIMELINE, HOUR)
        await show(pilot, "timeline")
        await until(pilot, lambda: area(pilot).current is not None)
        at = area(pilot).current.at
        await pilot.press("h")
        await until(pilot, lambda: pilot.app.screen.AREA == "overview", "the overview is not shown")
        moment = pilot.app.clock.second(at - at % 5)
        await until(pilot, lambda: rows_with(pilot.app, moment), "the cursor is at another moment")


@in_loop
async def test_enter_on_a_storm_goes_to_its_first_attempt(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
        await show(pilot, "timeline")
        await until(pilot, lambda: rows_with(pilot.app, "A turn is being retried"))
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.AREA == "logs", "the logs are not shown")


@in_loop
async def test_the_selected_event_stays_selected_when_another_comes(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *BASE, TIMELINE)
        await show(pilot, "timeline")
        await pilot.press("down")
        await until(pilot, lambda: area(pilot).current is not None and area(pilot).current.kind is Kind.VERSION)
        await deliver(pilot, replace(TIMELINE, events=(*EVENTS, outage(-30))))
        await until(pilot, lambda: rows_with(pilot.app, "14:01:42"), "the new one is not shown")
        assert area(pilot).current.kind is Kind.VERSION


@in_loop
async def test_a_click_selects_an_event_and_a_long_list_scrolls_to_its_end(panel):
    many = tuple(outage(-60 * number) for number in range(1, 400))
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *BASE, replace(TIMELINE, events=many))
        await show(pilot, "timeline")
        await until(pilot, lambda: area(pilot).virtual_size.height == 400, "not filled")
        await settled(pilot)
        await pilot.click(TimelineList, offset=(10, 3))
        await until(pilot, lambda: area(pilot).current == many[2], "another event")
        await pilot.press("end")
        await until(pilot, lambda: area(pilot).current == many[-1])
        await until(pilot, lambda: round(area(pilot).scroll_y) == area(pilot).max_scroll_y, "not scrolled")
        await pilot.press("home")
        await until(pilot, lambda: area(pilot).scroll_y == 0)


@in_loop
async def test_what_an_event_says_reaches_the_screen_as_text(panel):
    event = outage(-5, name="[red]vLLM[/] \x1b[31m:8000")
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *BASE, replace(TIMELINE, events=(event,)))
        await show(pilot, "timeline")
        await until(pilot, lambda: rows_with(pilot.app, "[red]vLLM[/] :8000 was down"), "not as text")


async def leave(pilot, seconds):
    """Take the focus from the terminal for some seconds."""
    pilot.app.post_message(events.AppBlur())
    await pilot.pause()
    pilot.app.clock.at += seconds
    pilot.app.post_message(events.AppFocus())
    await pilot.pause()


@SIZES
@in_loop
async def test_on_return_a_few_lines_say_what_happened_and_any_key_closes_them(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, *BASE, replace(TIMELINE, events=tuple(version(at, "0.4") for at in range(5, 25))))
        await leave(pilot, 300)
        await until(pilot, lambda: rows_with(pilot.app, "WHILE YOU WERE AWAY"), "nothing is said")
        await until(pilot, lambda: rows_with(pilot.app, "and 16 more: press 5"), "not the rest")
        assert len(rows_with(pilot.app, "vLLM :8000 is now 0.4")) == 4
        assert rows_with(pilot.app, "? help")
        await pilot.press("2")
        await until(pilot, lambda: pilot.app.screen.AREA == "logs", "the key did not do what it does")
        await pilot.press("1")
        await until(pilot, lambda: pilot.app.screen.AREA == "overview")
        await until(pilot, lambda: not rows_with(pilot.app, "WHILE YOU WERE AWAY"), "it is still there")


@in_loop
async def test_a_short_glance_elsewhere_or_a_calm_hour_says_nothing(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *BASE, replace(TIMELINE, events=(outage(5),)))
        await leave(pilot, 30)
        assert pilot.app.screen.news is None
        await leave(pilot, 3600)
        assert pilot.app.screen.news is None


@in_loop
async def test_a_key_after_ten_minutes_counts_as_a_return(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *BASE, replace(TIMELINE, events=(outage(200),)))
        pilot.app.clock.at += 500
        await pilot.press("tab")
        await pilot.pause()
        assert pilot.app.screen.news is None
        pilot.app.clock.at += 601
        await deliver(pilot, replace(TIMELINE, events=(outage(800),)))
        await pilot.press("tab")
        await until(pilot, lambda: rows_with(pilot.app, "vLLM :8000 was down for about 12 s"), "nothing is said")


@in_loop
async def test_while_something_is_typed_the_news_wait(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *BASE, replace(TIMELINE, events=(outage(5),)))
        await show(pilot, "logs")
        await pilot.press("slash", *"abc")
        await until(pilot, lambda: pilot.app.screen.query_one("#filter", Input).value == "abc")
        await leave(pilot, 300)
        await pilot.press("d")
        await until(pilot, lambda: pilot.app.screen.query_one("#filter", Input).value == "abcd", "the key was lost")
        assert pilot.app.screen.news is None
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.focused, Input))
        await pilot.press("down")
        await until(pilot, lambda: rows_with(pilot.app, "WHILE YOU WERE AWAY"), "nothing is said afterwards")
