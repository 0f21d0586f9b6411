"""The storms of the overview: a click or enter leads to a storm's lines, and changes nothing else."""

from dataclasses import replace

import pytest

from panel import deliver, in_loop, rows_with, show, until
from samples import CALM, FOUND, GAVE_UP, GPUS, LIVE, PROXY, RECOVERED, STORMY, VLLM, WELL
from stormdeck.model.retries.storms.storm import Outcome

WHOLE = (WELL, FOUND, VLLM, PROXY, GPUS, STORMY)
TO_STORMS = ("tab", "tab")


@in_loop
async def test_a_click_on_a_storm_leaves_the_overview_as_it_was(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.click("#storms", offset=(10, 2))
        await until(pilot, lambda: pilot.app.navigation.storm_shown == RECOVERED.started, "not gone to the storm")
        await show(pilot, "overview")
        assert pilot.app.screen.board.zoomed == ""
        assert rows_with(pilot.app, "REQUESTS")


@pytest.mark.parametrize(
    ("keys", "storm"),
    [
        ((), LIVE),
        (("down",), RECOVERED),
        (("j", "j"), GAVE_UP),
        (("down", "down", "down", "up"), RECOVERED),
        (("up",), LIVE),
    ],
    ids=["the newest", "the next", "the last", "no further than the last", "no further than the first"],
)
@in_loop
async def test_the_keys_go_over_the_storms_and_enter_leads_to_the_lines(panel, keys, storm):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *WHOLE)
        await pilot.press(*TO_STORMS, *keys, "enter")
        await until(pilot, lambda: pilot.app.navigation.storm_shown == storm.started, "not gone to the storm")


@in_loop
async def test_the_cursor_is_seen_while_the_panel_has_the_focus(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *WHOLE)
        assert not rows_with(pilot.app, "▌")
        await pilot.press(*TO_STORMS, "down")
        (row,) = rows_with(pilot.app, "▌")
        assert f"▌{pilot.app.clock.minute(RECOVERED.started)}" in row
        await pilot.press("escape")
        assert not rows_with(pilot.app, "▌")


@in_loop
async def test_the_cursor_stays_on_its_storm_when_another_comes(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *WHOLE, replace(STORMY, storms=(RECOVERED, GAVE_UP)))
        await pilot.press(*TO_STORMS, "down")
        await deliver(pilot, STORMY)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.navigation.storm_shown == GAVE_UP.started, "not on its storm")


@in_loop
async def test_enter_without_a_storm_does_nothing(panel):
    async with panel().run_test(size=(80, 24)) as pilot:
        await deliver(pilot, *WHOLE[:-1], replace(CALM, storms=()))
        await pilot.press(*TO_STORMS, "down", "enter")
        assert pilot.app.screen.AREA == "overview"


@pytest.mark.parametrize(
    ("storm", "words"),
    [
        (LIVE, ("still going", "live")),
        (replace(LIVE, next_at=None, answered_at=LIVE.last), ("being answered", "answer")),
        (replace(LIVE, next_at=None), ("next attempt overdue", "overdue")),
        (replace(GAVE_UP, outcome=Outcome.STOPPED), ("stopped by the user", "stopped")),
        (replace(GAVE_UP, outcome=Outcome.QUIET), ("no further attempt", "stopped")),
        (GAVE_UP, ("gave up", "gave up")),
    ],
    ids=["goes on", "is answered", "overdue", "stopped", "quiet", "given up"],
)
@pytest.mark.parametrize(("size", "place"), [((120, 40), 0), ((40, 20), 1)], ids=["wide", "narrow"])
@in_loop
async def test_a_row_says_how_its_storm_stands(panel, storm, words, size, place):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, *WHOLE[:-1], replace(CALM, storms=(storm,)))
        assert any(words[place] in row for row in rows_with(pilot.app, f"{storm.attempts}"))


@in_loop
async def test_a_key_sorts_the_storms_and_those_that_go_on_stay_first(panel):
    longest = replace(GAVE_UP, started=GAVE_UP.started - 9000, last=GAVE_UP.last, attempts=4)

    def rows():
        return [
            row.split()[0] for row in rows_with(pilot.app, "attempts  ") if "attempts  5" in row or "attempts  4" in row
        ]

    async with panel().run_test(size=(120, 40), notifications=True) as pilot:
        clock = pilot.app.clock.minute
        begun = [clock(one.started) for one in (RECOVERED, GAVE_UP, longest)]
        await deliver(pilot, *WHOLE, replace(STORMY, storms=(LIVE, RECOVERED, GAVE_UP, longest)))
        await until(pilot, lambda: rows() == ["now", *begun])
        await pilot.press("o")
        await until(pilot, lambda: rows_with(pilot.app, "STORMS  most attempts first"))
        assert rows() == ["now", begun[1], begun[0], begun[2]]
        await pilot.press("o")
        await until(pilot, lambda: rows_with(pilot.app, "STORMS  longest first"))
        assert rows()[:2] == ["now", begun[2]]
        await pilot.press("tab", "tab", "down", "enter")
        await until(pilot, lambda: pilot.app.navigation.storm_shown == longest.started, "another storm was opened")
