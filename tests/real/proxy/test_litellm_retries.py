"""Retries, of a client and of a real LiteLLM: what is counted behind it, and what the log makes of them."""

import time

import pytest
from running import until
from versions import value_for

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.traffic.upstream import BEHIND, COMPLETIONS, FAILURES, LINES
from stormdeck.model.versions import below
from stormdeck.sources.logs.follow import Follower

FAILED = "server had an error while processing your request"
"""The reason in what vLLM 0.33 answers its clients of a dead engine."""
EVIDENCE = {"1.80.5": (LINES, False), "1.110": (COMPLETIONS, True)}
"""From 1.110 on the router writes no line of an attempt that failed; the other lines are of hosted_vllm/ alone."""
WAITS = (0.55, 1.1)
"""The client's first ones."""


def batch(lines, log="litellm.log", history=False):
    return LogBatch(log, tuple(lines), time.time(), history)


def upstream(meter):
    return meter.snapshot(time.time()).upstream


def test_without_debug_the_count_of_retries_is_that_of_requests_that_failed_for_good(stack, record_property):
    before, mark = stack.upstream.asked.total(), stack.proxy.mark()
    for model in ("fine", "fail-500", "fail-401", "flaky-2"):
        stack.ask(model)
    counted = stack.upstream.asked.total() - before
    assert counted == 1 + 3 + 1 + 3
    meter = TrafficMeter()
    meter.take(batch(stack.lines_since(mark, 4, ["LiteLLM Retried"])))
    seen = upstream(meter)
    assert (seen.asked, seen.evidence, seen.at_least) == (4, FAILURES, True)
    short = 1 if below(stack.version, "1.109.1") else 0
    """1.80 says one retry less than there were."""
    assert seen.sent == counted - 2 - short, "of the retries that succeed it says nothing"
    record_property("note", f"without --debug {seen.sent} of {counted} requests to vLLM seen")


def test_with_debug_every_attempt_is_found(debugged, record_property):
    before, mark = debugged.upstream.asked.total(), debugged.proxy.mark()
    for model in ("fine", "fail-500", "fail-429", "flaky-2"):
        debugged.ask(model)
    counted = debugged.upstream.asked.total() - before
    meter = TrafficMeter()
    meter.take(batch(debugged.lines_since(mark, 4)))
    seen = upstream(meter)
    assert (seen.asked, seen.evidence, seen.at_least) == (4, *value_for(debugged.version, EVIDENCE))
    assert seen.sent == counted == 1 + 3 + 3 + 3
    record_property("note", f"with --debug {seen.sent} of {counted}")


def test_the_log_of_vllm_tells_what_came_through(stack):
    mark, behind = stack.proxy.mark(), stack.vllm.mark()
    with stack.dead_engine():
        assert [stack.ask().status for _ in range(2)] == [500, 500]
    lines, behind_it = stack.lines_since(mark, 2), stack.vllm.lines(behind)
    ledger = LogAnalyzer()
    assert len(ledger.take(batch(lines))) == 2
    assert ledger.take_behind(batch(behind_it, "vllm.log")).asked == 6
    meter = TrafficMeter()
    meter.set_primary("litellm.log")
    meter.take(batch(lines))
    seen = upstream(meter)
    assert seen.sent == (4 if below(stack.version, "1.109.1") else 6)
    meter = TrafficMeter()
    meter.set_primary("litellm.log")
    meter.take(batch([line for line in lines if "LiteLLM Retried" not in line]))
    meter.take(batch(behind_it, "vllm.log"))
    assert (upstream(meter).sent, upstream(meter).evidence) == (6, BEHIND)


@pytest.mark.parametrize("ends_well", [True, False], ids=["recovered", "given up"])
def test_a_turn_that_is_sent_again_and_again_is_one_storm(stack, ends_well):
    """The waits and the connection are those of Claude Code, which the whole chain's test runs itself."""
    batches = []
    follower = Follower(stack.proxy.log, batches.append, lambda status: None)
    follower.start()
    ledger = LogAnalyzer(limit=4 if ends_well else 3)
    before = stack.upstream.asked["fail-500"]
    try:
        until(lambda: batches)
        with stack.client() as client:
            for wait in (*WAITS, 0.0):
                assert stack.ask_over(client, "fail-500-once").status == 500
                time.sleep(wait)
            if ends_well:
                time.sleep(2.2)
                assert stack.ask_over(client, "fine").status == 200
        sent = len(WAITS) + 1 + ends_well

        def taken():
            while batches:
                one = batches.pop(0)
                if not one.history:
                    ledger.take(one)
            return ledger.report().main_requests == sent

        until(taken)
    finally:
        follower.stop()
    report = ledger.report()
    counted = stack.upstream.asked["fail-500"] - before + ends_well
    assert (report.main_requests, report.turns, report.retries) == (counted, 1, counted - 1)
    (storm,) = report.storms
    assert (storm.attempts, storm.cause, storm.reason) == (counted, "500", FAILED)
    assert storm.outcome is (Outcome.RECOVERED if ends_well else Outcome.GAVE_UP)
