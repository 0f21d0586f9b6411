"""The canary on the checks area: nothing is sent before enter, each result is shown, and escape stops it."""

import asyncio
from typing import cast

from feeds import QuietFeed
from panel import deliver, in_loop, rows_with, show, until
from samples import FOUND, PROXY, VLLM, WELL
from stormdeck.feed.actions.canary import CanaryFeed
from stormdeck.model.canary.check import Check, Question, Route, Verdict
from stormdeck.model.canary.plan import plan_of
from stormdeck.model.canary.summary import CanaryReport
from stormdeck.model.finding import HopKind
from stormdeck.model.rules.collect import facts_of

PASSED = Check(Question.PLAIN, Route.CLIENT, HopKind.SERVER, Verdict.PASS, "answered in 0.9 s")
FAILED = Check(Question.STREAM, Route.CLIENT, HopKind.PROXY, Verdict.FAIL, "the stream was cut", code="SERVER905")


class Feed(QuietFeed):
    """Plans as the real one does, and answers what a test says."""

    def __init__(self, hold=False):
        super().__init__()
        self.sent, self.stopped, self.hold, self.canary = 0, False, hold, cast("CanaryFeed", self)

    def plan(self, deck, *, wants_long=False):
        return plan_of(facts_of(deck), "9.9", "a-session", wants_long=wants_long)

    async def run(self, plan, deliver):
        self.sent += 1
        deliver(PASSED)
        try:
            if self.hold:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.stopped = True
            raise
        deliver(FAILED)
        return CanaryReport((PASSED, FAILED))


async def opened(pilot, feed):
    pilot.app.feed = feed
    await deliver(pilot, FOUND, VLLM, PROXY, WELL)
    await show(pilot, "checks")
    await pilot.press("c")
    await until(pilot, lambda: rows_with(pilot.app, "It would send"))


@in_loop
async def test_nothing_is_sent_before_enter_and_the_cost_is_reported(panel):
    feed = Feed()
    async with panel().run_test(size=(120, 50)) as pilot:
        await opened(pilot, feed)
        assert rows_with(pilot.app, "prompt tokens")
        await pilot.press("escape")
        assert feed.sent == 0


@in_loop
async def test_results_are_shown_and_stay_in_the_list(panel):
    feed = Feed()
    async with panel().run_test(size=(120, 50)) as pilot:
        await opened(pilot, feed)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "the stream was cut"))
        await until(pilot, lambda: rows_with(pilot.app, "Claude Code here"))
        await pilot.press("enter", "escape")
        assert feed.sent == 1
        await until(pilot, lambda: rows_with(pilot.app, "a streamed answer"))


@in_loop
async def test_escape_stops_a_canary(panel):
    feed = Feed(hold=True)
    async with panel().run_test(size=(120, 50)) as pilot:
        await opened(pilot, feed)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "answered in 0.9 s"))
        await pilot.press("escape")
        await until(pilot, lambda: feed.stopped)


@in_loop
async def test_a_long_prompt_is_added_before_sending_only(panel):
    feed = Feed(hold=True)
    async with panel().run_test(size=(80, 24)) as pilot:
        await opened(pilot, feed)
        short = " ".join(rows_with(pilot.app, "prompt tokens"))
        await pilot.press("l")
        await until(pilot, lambda: " ".join(rows_with(pilot.app, "prompt tokens")) != short)
        assert feed.sent == 0
        await pilot.press("l")
        await until(pilot, lambda: " ".join(rows_with(pilot.app, "prompt tokens")) == short)
        await pilot.press("enter")
        await until(pilot, lambda: rows_with(pilot.app, "waiting for an answer"))
        await pilot.press("l", "escape")
        await until(pilot, lambda: feed.stopped)


@in_loop
async def test_the_features_come_first_and_can_be_read_in_small_panes(panel):
    for size in ((80, 24), (40, 12)):
        async with panel().run_test(size=size) as pilot:
            await opened(pilot, Feed())
            await pilot.press("enter")
            await until(pilot, lambda: rows_with(pilot.app, "WHAT WORKS"))
            await until(pilot, lambda: rows_with(pilot.app, "answers "))
            assert rows_with(pilot.app, "streaming")
            assert rows_with(pilot.app, "does not work")
