"""Getting about: number keys, mouse, help, resize, quit."""

import asyncio

import pytest
from textual.widgets import Input

from feeds import QuietFeed
from panel import AREAS, deliver, in_loop, rows_with, screen, settled, show, until
from samples import CALM, FOUND, GPUS, PROXY, STORMY, VLLM, WRONG
from stormdeck.ui.widgets.logs.view import LogView


@in_loop
async def test_number_keys_go_to_the_areas(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        for area in (*AREAS, *reversed(AREAS)):
            await pilot.press(AREAS[area])
            await until(pilot, lambda area=area: area == pilot.app.screen.AREA)
            assert pilot.app.current_mode == area


@in_loop
async def test_an_area_keeps_its_state_while_another_is_shown(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WRONG)
        await show(pilot, "logs")
        await pilot.press("slash", *"messages", "enter", "space")
        await show(pilot, "settings")
        await pilot.press("f")
        await show(pilot, "overview")
        await show(pilot, "logs")
        view = pilot.app.screen.query_one(LogView)
        assert (view.filter.text, view.paused) == ("messages", True)
        await show(pilot, "settings")
        assert rows_with(pilot.app, "1 unsaved")


@in_loop
async def test_numbers_go_into_a_field_that_is_typed_in_and_not_to_the_areas(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await show(pilot, "logs")
        await pilot.press("slash", *"12345q")
        assert pilot.app.screen.query_one("#filter", Input).value == "12345q"
        assert pilot.app.current_mode == "logs"


@pytest.mark.parametrize("key", ["escape", "question_mark", "q", "f1"])
@in_loop
async def test_the_help_opens_over_any_area_and_closes_without_a_trace(panel, key):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, FOUND, VLLM, PROXY, GPUS, STORMY)
        await show(pilot, "checks")
        await settled(pilot)
        before = screen(pilot.app)
        await pilot.press("question_mark")
        await until(pilot, lambda: rows_with(pilot.app, "EVERYWHERE"), "no help")
        await pilot.press(key)
        await until(pilot, lambda: screen(pilot.app) == before, "the help left something")
        assert pilot.app.is_running


@in_loop
async def test_the_help_scrolls_to_its_end_in_a_small_pane(panel):
    async with panel().run_test(size=(40, 12)) as pilot:
        await pilot.press("question_mark")
        await pilot.press("end")
        await until(pilot, lambda: rows_with(pilot.app, "esc close"), "the end of the help is out of reach")


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
@in_loop
async def test_a_click_on_the_key_bar_goes_to_an_area(panel, size):
    async with panel().run_test(size=size) as pilot:
        for area in ("logs", "checks", "overview", "settings"):
            column = screen(pilot.app).splitlines()[-1].index(AREAS[area])
            await pilot.click(offset=(column, size[1] - 1))
            await until(pilot, lambda area=area: area == pilot.app.screen.AREA, f"{area} was clicked in vain")


@in_loop
async def test_a_click_in_a_narrow_pane_hits_the_numbers_and_the_keys(panel):
    async with panel().run_test(size=(40, 12)) as pilot:
        bottom = screen(pilot.app).splitlines()[-1]
        await pilot.click(offset=(bottom.index("2"), 11))
        await until(pilot, lambda: pilot.app.screen.AREA == "logs")
        await pilot.click(offset=(screen(pilot.app).splitlines()[-1].index("help"), 11))
        await until(pilot, lambda: rows_with(pilot.app, "next match"), "no help")


@pytest.mark.parametrize(
    ("size", "names"),
    [
        ((120, 40), "1 Overview  2 Logs  3 Settings  4 Checks ✖1 ▲1  5 Timeline"),
        ((80, 24), "1 View 2 Logs 3 Set 4 Checks ✖1 ▲1 5 Time"),
        ((40, 12), "1 2 3 4 ✖1 ▲1 5"),
    ],
    ids=["120x40", "80x24", "40x12"],
)
@in_loop
async def test_the_areas_are_named_in_the_same_places_whichever_is_shown(panel, size, names):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, WRONG)
        for area in AREAS:
            await show(pilot, area)
            bottom = screen(pilot.app).splitlines()[-1]
            assert bottom.startswith(f" {names}  ")
            counts_probes = size == (40, 12) and area == "logs"
            assert bottom.endswith(". 2 probes  ?  q" if counts_probes else "? help  q quit")


@in_loop
async def test_the_checks_area_counts_findings_in_the_key_bar_of_every_area(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WRONG)
        for area in AREAS:
            await show(pilot, area)
            await until(pilot, lambda: "✖1 ▲1" in screen(pilot.app).splitlines()[-1], "not counted")


@pytest.mark.parametrize("area", ["overview", "logs", "checks"])
@in_loop
async def test_a_pane_that_changes_its_size_shows_what_one_of_that_size_shows(panel, area):
    snapshots, shown = (WRONG, FOUND, VLLM, PROXY, GPUS, CALM), {}
    for size in ((120, 40), (40, 12)):
        async with panel().run_test(size=size) as pilot:
            await deliver(pilot, *snapshots)
            await show(pilot, area)
            shown[size] = screen(pilot.app)
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *snapshots)
        await show(pilot, area)
        for size in ((40, 12), (120, 40)):
            await pilot.resize_terminal(*size)
            await until(pilot, lambda size=size: screen(pilot.app) == shown[size], f"{size} is not drawn")


def test_q_quits_with_0_after_the_feed_has_stopped(panel):
    app = panel()
    app.feed = QuietFeed()

    @in_loop
    async def quit_it():
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.feed.calls == ["start"], "the feed was not started")
            await pilot.press("q")

    quit_it()
    assert app.return_code == 0
    assert app.feed.calls == ["start", "stop"]


def test_the_feed_stops_when_the_panel_fails(panel):
    app = panel()
    app.feed = QuietFeed()

    @in_loop
    async def fail():
        async with app.run_test(size=(80, 24)):
            app.call_later(lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        fail()
    assert "stop" in app.feed.calls


@in_loop
async def test_keys_work_while_the_feed_is_loaded(panel):
    app, loaded = panel(), asyncio.Event()
    feed = QuietFeed()

    async def load():
        await loaded.wait()
        return feed, None

    app.load_feed = load
    async with app.run_test(size=(80, 24)) as pilot:
        await show(pilot, "settings")
        assert not feed.calls
        assert await app.save(WRONG.files[0], "{}") == "The sources are still being loaded."
        loaded.set()
        await until(pilot, lambda: feed.calls == ["start"], "the feed was not started")
        assert app.feed == feed
    assert feed.calls == ["start", "stop"]


@in_loop
async def test_leaving_while_the_feed_is_loaded_ends_the_loading(panel):
    app, cancelled = panel(), []

    async def load():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    app.load_feed = load
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app._loading is not None)
        await pilot.press("q")
    assert cancelled == [True]


@in_loop
async def test_ctrl_r_looks_for_servers_again(panel):
    app = panel()
    app.feed = QuietFeed()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "search" in app.feed.calls)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20)], ids=["120x40", "80x24", "60x20"])
@in_loop
async def test_in_the_list_of_the_checks_no_finding_is_half_shown(panel, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, WRONG, FOUND, VLLM, PROXY)
        await show(pilot, "checks")
        await until(pilot, lambda: rows_with(pilot.app, "URL101"))
        for finding in pilot.app.deck.findings:
            (row,) = [row for row in rows_with(pilot.app, finding.code) if row[1:2] in "▌ " and row[2:3] in "✖▲○"]
            assert finding.title in row
            assert finding.severity.value in row or size == (60, 20)
