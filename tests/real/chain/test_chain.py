"""The whole chain once: a storm made by stopping vLLM, shown by the panel while it lasts, and remembered."""

import json
import shutil

import keep
import programs
import pytest
import stack
import story
from claude_code import client
from versions import CLAUDE_CODE, LITELLM

VERSION = CLAUDE_CODE[0]
pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


@pytest.fixture(scope="module")
def played(request, tmp_path_factory, pytestconfig):
    """Return what came of it; with ``--results`` its recording and its picture are kept."""
    vllm = programs.newest_vllm()
    request.node.add_marker(pytest.mark.program("the three in a row", f"{VERSION}, {LITELLM[0]}, {vllm}"))
    one = story.play(client(VERSION), vllm, tmp_path_factory.mktemp("chain"))
    if pytestconfig.getoption("--results"):
        keep.keep(one, VERSION)
    return one


@pytest.fixture(scope="module")
def attempts(played):
    """Return how often the client sent the request of the second turn, as LiteLLM answered it."""
    return len(played.statuses) - 1


def row(screen, text):
    """Return the row of a screen that holds a text."""
    return next(row for row in screen.splitlines() if text in row)


def test_both_turns_ended_well(played, attempts, record_property):
    record_property("note", f"a storm of {attempts} attempts while vLLM was stopped and started, then an answer")
    assert (played.calm.code, played.stormy.code) == (0, 0), (played.calm, played.stormy)
    assert played.statuses == (200, *[500] * (attempts - 1), 200)
    assert attempts >= story.PICTURED


def test_the_panel_names_the_storm_at_its_third_attempt(played):
    assert story.STORM.search(played.named).groups() == ("3", str(stack.RETRIES + 1))
    assert f"cannot connect to {played.vllm}" in played.named
    assert "✖down" in played.named.splitlines()[0].replace(" ", "")


def test_the_panel_counts_what_each_hop_saw(played):
    assert story.counts(played.recovered) == (len(played.attempts), len(played.statuses), played.reached)


def test_the_client_wrote_down_the_same_attempts(played, attempts):
    assert played.attempts == (1, attempts)


def test_the_panel_tells_of_the_recovery_and_remembers_the_storm(played, attempts):
    assert story.OVER.search(played.recovered)[1] == str(attempts)
    assert f"{attempts} attempts" in row(played.remembered, "recovered")


def test_watch_reported_the_storm_from_its_third_attempt_to_its_end(played, attempts):
    (started,), (recovered,) = played.events["storm_started"], played.events["storm_recovered"]
    assert (started["attempts"], started["limit"]) == (3, stack.RETRIES + 1)
    assert (started["cause"], started["reason"]) == ("500", f"cannot connect to {played.vllm}")
    assert [one["attempts"] for one in played.events["storm_attempt"]] == list(range(4, attempts))
    assert (recovered["attempts"], recovered["recovered"]) == (attempts, True)
    assert not played.events["storm_gave_up"] + played.events["storm_withdrawn"]
    assert played.watch_ended == 0


def test_its_recording_tells_the_same_afterwards(played, attempts):
    analyzed = keep.analyzed(played.recording)
    assert (analyzed["retries"], analyzed["main_requests"]) == (attempts - 1, len(played.statuses))
    (storm,) = analyzed["storms"]
    assert (storm["attempts"], storm["cause"], storm["recovered"]) == (attempts, "500", True)
    assert json.loads(keep.truth(played, VERSION))["attempts"] == attempts
