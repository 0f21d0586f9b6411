"""Requests and lines of a journal that no client writes: they are skipped, and cost bounded memory."""

import json
from dataclasses import replace

import pytest

from stormdeck.model.wire import entries, joined, request, running
from stormdeck.model.wire.client_command import as_json
from stormdeck.model.wire.entries import WireEntries
from stormdeck.model.wire.exchange import Exchange, Outcome, from_line
from stormdeck.model.wire.hop import Hop
from stormdeck.model.wire.joined import JoinedAttempts
from stormdeck.model.wire.request import Kind, read_request
from stormdeck.model.wire.running import RunningRequests
from stormdeck.model.wire.sighting import Sighting

NOW = 1_800_000_000.0


def test_a_request_that_is_too_large_to_read_has_no_turn(monkeypatch):
    monkeypatch.setattr(request, "MOST_BYTES", 10)
    assert not read_request("POST", "/v1/messages", {}, b'{"model": "qwen", "messages": []}').key


def test_a_nested_value_beyond_measure_has_no_key():
    value: list = []
    for _ in range(100_000):
        value = [value]
    assert request._hash(value) == ""


@pytest.mark.parametrize("value", [True, "500", 1.5])
def test_a_line_with_a_status_that_is_no_number_is_no_exchange(value):
    assert from_line(json.dumps({"version": 1, "id": "1", "started": NOW, "status": value})) is None


def test_settings_are_one_line_for_the_client():
    assert as_json({"env": {"A": "ä\nb"}}) == '{"env":{"A":"ä\\nb"}}'


def main(number, **more):
    return Exchange(str(number), NOW + number, Kind.MAIN, session="s", turn=f"t{number}", **more)


def test_what_is_no_turn_makes_no_entry():
    assert WireEntries().take(Exchange("1", NOW, Kind.MAIN), "journal") == []


def test_an_overloaded_server_is_named_as_the_hosted_api_names_it():
    stream = main(1, ended=NOW + 2, outcome=Outcome.ERROR, error_type="overloaded_error")
    assert any(one.cause == "529" for one in WireEntries().take(stream, "journal"))


def test_old_turns_are_forgotten(monkeypatch):
    monkeypatch.setattr(entries, "_MOST", 3)
    taken = WireEntries()
    for number in range(10):
        taken.take(main(number, ended=NOW + number + 0.5, outcome=Outcome.STATUS, status=500), "journal")
    assert all(len(one) <= 3 for one in vars(taken).values() if hasattr(one, "popitem"))


def test_a_stream_that_ends_with_an_error_is_no_answer():
    seen = Sighting(main(1))
    seen.answer(200, "text/event-stream", "")
    seen.piece(b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error"}}\n\n', NOW + 1)
    assert seen.finish() is Outcome.ERROR
    assert seen.seen.error_type == "overloaded_error"


def test_requests_that_never_end_are_forgotten_and_the_others_keep_their_numbers(monkeypatch):
    monkeypatch.setattr(joined, "_MOST", 3)
    attempts = JoinedAttempts()
    for number in range(10):
        attempts.take("a", main(number, key=f"k{number}", hop=Hop.SERVER))
    failed = main(20, key="k", hop=Hop.SERVER)
    for exchange in (failed, replace(failed, ended=NOW + 21, outcome=Outcome.STATUS, status=500)):
        assert attempts.take("a", exchange).attempt == 1
    assert attempts.take("b", main(22, key="k", hop=Hop.SERVER)).attempt == 2
    assert len(attempts._begun) == 3


def test_of_sessions_beyond_the_memory_the_newest_are_known(monkeypatch):
    monkeypatch.setattr(running, "_MOST_SESSIONS", 2)
    requests = RunningRequests()
    for session in "abc":
        requests.take("recorder", Exchange(session, NOW, Kind.MAIN, session, hop=Hop.CLIENT))
    for session in "ac":
        requests.take("vllm", Exchange(f"{session} behind", NOW + 0.1, Kind.MAIN, session, hop=Hop.SERVER))
    shown = requests.snapshot({"recorder", "vllm"}).in_flight
    # The recorder's request of session c is the same one at the server; of session a, that is no longer known.
    assert [(one.session, one.hop) for one in shown if one.hop is Hop.SERVER] == [("a", Hop.SERVER)]
