"""The three real programs in a row, vLLM stopped and started again, as ``stormdeck watch --record`` kept it."""

import asyncio
import json

from places import TESTS
from stormdeck.__main__ import main
from stormdeck.feed.replay import ReplayFeed
from stormdeck.model.logs.book import LogBook
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.snapshots.replay import Pace
from stormdeck.model.snapshots.traffic import TrafficSnapshot
from stormdeck.sources.recordings.tape import Tape, load_tape
from waiting import eventually

FOLDER = TESTS / "data" / "replay" / "real_chain"
TRUTH = json.loads((FOLDER / "truth.json").read_text())
"""What LiteLLM's own access lines say (tests/real/chain)."""


def test_it_is_analyzed_to_what_really_happened(capsys):
    assert main(["analyze", str(FOLDER / "recording.jsonl"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["main_requests"], found["retries"]) == (TRUTH["requests"], TRUTH["attempts"] - 1)
    (storm,) = found["storms"]
    seen = {name: storm[name] for name in ("attempts", "cause", "recovered")}
    assert seen == {name: TRUTH[name] for name in seen}


def test_it_plays_to_the_recovery():
    tape = load_tape(FOLDER)
    assert isinstance(tape, Tape)
    got = []

    async def scene():
        feed = ReplayFeed(tape, 10_000.0, LogBook(), got.append, lambda: None)
        feed.start()
        await eventually(lambda: feed.pace is Pace.ENDED, lambda: str(got[-1]))
        await feed.stop()

    asyncio.run(scene())
    traffic = next(one for one in reversed(got) if isinstance(one, TrafficSnapshot))
    assert (traffic.turns, traffic.requests) == (TRUTH["turns"], TRUTH["requests"])
    assert (traffic.upstream.asked, traffic.upstream.sent) == (TRUTH["requests"], TRUTH["reached_vllm"])
    (storm,) = traffic.storms
    assert (storm.attempts, storm.cause, storm.reason) == (TRUTH["attempts"], TRUTH["cause"], TRUTH["reason"])
    assert storm.outcome is Outcome.RECOVERED


def test_it_says_nothing_of_the_machine_that_it_was_recorded_on():
    text = (FOLDER / "recording.jsonl").read_text()
    assert not [word for word in ("/root/", "/home/", "pytest-", "sk-stormdeck") if word in text]
