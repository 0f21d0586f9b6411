"""A client that ends in the middle of a turn: its storm is over, and was not given up."""

import shutil
import subprocess

import pytest

import transcripts as written
from stormdeck.feed.clients import ClientWatch
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.retries.transcript import parse_entry
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.client.running import client_folders, is_client
from waiting import until

T = 1_795_000_000.0
WAITS = (0.0, 0.55, 1.7, 3.9)
HERE, THERE = "/home/me/app", "/home/me/other"


def meter_in_a_storm(folder=HERE):
    """Return a meter whose one turn has sent four attempts, the last one without an answer so far."""
    meter = TrafficMeter()
    meter.take_entry(parse_entry(written.ask(T - 0.1, cwd=folder)))
    for number, at in enumerate(WAITS):
        meter.take_entry(parse_entry(written.request(T + at, f"r{number}", cwd=folder)))
        if number < len(WAITS) - 1:
            line = 'INFO:     127.0.0.1:40000 - "POST /v1/messages?beta=true HTTP/1.1" 500 X'
            meter.take(LogBatch("vllm.log", (line,), T + at + 0.02, history=False))
    return meter


def outcome(meter):
    (storm,) = meter.snapshot(T + 5).storms
    return storm.outcome


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        (({HERE}, set()), Outcome.STOPPED),
        (({HERE, THERE}, {THERE}), Outcome.STOPPED),
        (({HERE, THERE}, {HERE}), Outcome.LIVE),
        ((set(), set()), Outcome.LIVE),
        (({HERE}, {HERE}), Outcome.LIVE),
    ],
    ids=["it ended", "another goes on", "another ended", "it was never seen", "it goes on"],
)
def test_a_turn_ends_with_the_client_that_was_seen(looks, expected):
    meter = meter_in_a_storm()
    watch = ClientWatch(meter)
    assert outcome(meter) is Outcome.LIVE
    for look in looks:
        watch.take(frozenset(look))
    assert outcome(meter) is expected


def test_turns_are_looked_after_only_while_one_is_open():
    meter = meter_in_a_storm()
    assert meter.turns_wait
    meter.end_client(HERE)
    assert not meter.turns_wait


def test_what_a_client_wrote_before_it_ended_is_read_later():
    """The last lines of its transcript belong to the turn that was ended, and are no turn of their own."""
    meter = meter_in_a_storm()
    before = meter.snapshot(T + 5)
    meter.end_client(HERE)
    for text in (
        written.request(T + 8.1, "r4", cwd=HERE),
        written.retry(T + 8.2, 5, cwd=HERE),
        written.request(T + 17, "r5", cwd=HERE),
    ):
        meter.take_entry(parse_entry(text))
    meter.end_client(HERE)
    meter.take_entry(parse_entry(written.retry(T + 17.2, 6, cwd=HERE)))
    meter.take_entry(parse_entry(written.answer(T + 18, requestRef="r5", cwd=HERE)))
    seen = meter.snapshot(T + 20)
    assert (seen.requests, seen.turns) == (before.requests + 2, before.turns)
    assert [(storm.attempts, storm.outcome) for storm in seen.storms] == [(6, Outcome.RECOVERED)]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["claude"], True),
        (["/home/me/.local/bin/claude", "--resume"], True),
        (["node", "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js"], True),
        (["/usr/bin/node", "/usr/local/bin/claude", "-p", "x"], True),
        (["tail", "-f", "claude"], False),
        (["node", "server.js", "claude"], False),
        (["vim", "claude"], False),
        ([], False),
    ],
    ids=str,
)
def test_a_client_is_known_by_its_command_line(command, expected):
    assert is_client(command) is expected


def test_the_process_table_gives_the_folder(tmp_path):
    program = tmp_path / "claude"
    shutil.copy(shutil.which("sleep"), program)
    process = subprocess.Popen([str(program), "60"], cwd=tmp_path)
    try:
        until(lambda: str(tmp_path.resolve()) in client_folders(), "it is not seen")
    finally:
        process.kill()
        process.wait()
    assert str(tmp_path.resolve()) not in client_folders()
