"""The overview's notes about the counted hop, changes of the path, and the session of a storm."""

from dataclasses import replace

import pytest

from panel import deliver, in_loop, rows_with
from samples import CALM, FOUND, GAVE_UP, GPUS, LIVE, PROXY, RECOVERED, VLLM, WELL
from stormdeck.model.deck import Deck
from stormdeck.model.logs.book import Line
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.snapshots.traffic import PathChange
from stormdeck.model.traffic.counted_hop import counting_hop
from stormdeck.ui.widgets.logs.line import head

LOGS = CALM.logs
T_GAP = 12 * 3600.0 + 18 * 60 + 18
SIZE = (120, 40)


def clock(t):
    return f"{int(t) // 3600:02}:{int(t) // 60 % 60:02}:{int(t) % 60:02}"


async def shown(pilot, traffic, size=SIZE):
    await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, traffic)


@pytest.mark.parametrize(("log", "hop"), [(LOGS[0], "LiteLLM"), (LOGS[1], "vLLM"), ("else.log", "else.log"), ("", "")])
def test_the_hop_that_counts_is_called_by_its_program_or_its_log(log, hop):
    assert counting_hop(Deck(discovery=FOUND, traffic=replace(CALM, counted=log))) == hop


@in_loop
async def test_the_strip_says_which_hop_it_counts_and_where_the_path_changed(panel):
    async with panel().run_test(size=SIZE) as pilot:
        traffic = replace(CALM, counted=LOGS[0], changes=(PathChange(1.0, LOGS[0], len(CALM.buckets) - 10),))
        await shown(pilot, traffic)
        assert rows_with(pilot.app, "REQUESTS  at LiteLLM, last")
        assert rows_with(pilot.app, "↓")
        await deliver(pilot, replace(traffic, changes=()))
        assert not rows_with(pilot.app, "↓")


@in_loop
async def test_a_time_that_was_not_watched_is_said(panel):
    async with panel().run_test(size=SIZE) as pilot:
        await shown(pilot, replace(CALM, unwatched_s=64))
        assert rows_with(pilot.app, "Not watched for 64 s") or rows_with(pilot.app, "Not watched for 1 min")


@in_loop
async def test_a_storm_names_its_folder_and_session_and_a_cause_that_nobody_knows(panel):
    async with panel().run_test(size=(200, 50)) as pilot:
        storms = (
            replace(LIVE, session="26522f09-1", folder="/home/dev/shop"),
            replace(RECOVERED, cause="unknown", reason=""),
            GAVE_UP,
        )
        await shown(pilot, replace(CALM, storms=storms))
        assert rows_with(pilot.app, "shop 2652")
        assert rows_with(pilot.app, "cause unknown")


@pytest.mark.parametrize("outcome", list(Outcome))
@in_loop
async def test_every_outcome_has_its_words(panel, outcome):
    async with panel().run_test(size=SIZE) as pilot:
        await shown(pilot, replace(CALM, storms=(replace(GAVE_UP, outcome=outcome),)))
        assert rows_with(pilot.app, "11 attempts")


@pytest.mark.parametrize(
    ("since", "found"),
    [(None, "12:18:18 "), (T_GAP - 64, "12:17-18 "), (T_GAP - 5, "12:18    ")],
    ids=["read at once", "a minute later", "some seconds later"],
)
def test_a_line_that_was_read_late_gives_the_minutes_alone(since, found):
    line = Line(0, "vllm.log", "text", T_GAP, 0, since)
    assert head(line, clock, named=False)[0].text == found
