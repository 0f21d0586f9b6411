"""The edges of the analysis: unknown times, equal lines, memory that is full."""

import pytest

from samples import LIVE, NOW
from stormdeck.model.retries import sessions as kept
from stormdeck.model.retries import tracker as tracked
from stormdeck.model.retries.chain import Request, first_attempt
from stormdeck.model.retries.counted_turn import CountedTurn
from stormdeck.model.retries.line_assignment import (
    _FAILED,
    NOTHING_WATCHED,
    Watched,
    _fits,
    assign_lines,
    unseen_cause,
)
from stormdeck.model.retries.pairing import Pair, _could_be, _ends_at, _heads, pair_by_order
from stormdeck.model.retries.scoring import Gap, MatchScore, _at_once
from stormdeck.model.retries.sessions import End, Failure, Sessions, TranscriptTurn
from stormdeck.model.retries.storms.identity import may_be_same
from stormdeck.model.retries.storms.next_attempt import Wait, asked_wait
from stormdeck.model.retries.tracker import ErrorText, Tracker
from stormdeck.model.retries.transcript import parse_entry
from transcripts import answer, ask

T = 1000.0


def request(t, status=500, port=1):
    return Request("log", status, "h", port, t)


def turn(**values):
    given = {"session": "s", "agent": "", "version": "", "started": T, "last_seen": T + 10, **values}
    return TranscriptTurn(**given)


def test_why_an_attempt_without_a_line_failed():
    one = turn(sent=(T, T + 5), end=End.FAILED)
    assert unseen_cause(turn(), 0, NOTHING_WATCHED) == ""
    assert unseen_cause(one, 0, Watched(refusals=((T - 1, T + 1),))) == "refused"
    assert unseen_cause(one, 0, Watched(since=T + 1)) == ""
    assert unseen_cause(one, 0, NOTHING_WATCHED) == "timeout"


def test_storms_of_logs_without_times_are_distinguished_by_their_log():
    untimed = [
        LIVE.__class__(**{**{f: getattr(LIVE, f) for f in LIVE.__slots__}, "timed": False, "log": log}) for log in "ab"
    ]
    assert may_be_same(untimed[0], untimed[0])
    assert not may_be_same(*untimed)
    assert not may_be_same(untimed[0], LIVE)


def test_a_retry_after_that_changes_counts_from_its_newest_value():
    same = [Wait(1, 20.0, "429"), Wait(2, 20.0, "429")]
    assert asked_wait(same) == pytest.approx((20.0, asked_wait(same)[1]))
    assert asked_wait([*same, Wait(3, 60.0, "429")])[0] == 60.0


def test_a_request_that_came_before_is_no_answer_at_once():
    chain = first_attempt(1, request(T, 404))
    assert _at_once(chain, request(T - 9, 404), Gap(-9.0, -9.0), other_session=False) is MatchScore.NONE


def test_a_storm_without_a_turn_keeps_its_own_end():
    pair = Pair(first_attempt(1, request(T)))
    assert pair.with_end(LIVE) is LIVE
    assert (pair.started, pair.ended) == (T, T)
    assert Pair(first_attempt(1, request(T)), turn(end=End.OPEN)).with_end(LIVE).session == "s"


def test_turns_and_chains_in_order():
    counted, left = pair_by_order([turn(end=End.FAILED, cause="timeout", last_seen=T + 400)], [], 11, 60.0)
    assert len(counted) <= 1
    assert left == []
    assert not _could_be(turn(), first_attempt(1, request(T + 99)))


def test_pending_attempts_take_the_place_of_those_without_a_line():
    counted = CountedTurn(turn(failures=(Failure(T, "500", 1.0),)), (request(T), None))
    assert counted.with_pending((request(T + 1),)).lines == (request(T), request(T + 1))
    assert CountedTurn(turn(), (), by_order=True).unseen_attempts == ()


def test_a_turn_whose_length_fits_no_number_of_attempts_is_not_estimated():
    assert CountedTurn.estimated(turn(cause="cut"), 11, None, seen=True) is None
    assert CountedTurn.estimated(turn(cause="500"), 11, None, seen=True) is None


def test_entries_beyond_the_memory_are_forgotten(monkeypatch):
    monkeypatch.setattr(kept, "SEEN", 2)
    made = Sessions()
    for at in range(4):
        for line in (ask(T + at), answer(T + at + 0.5, f"msg_{at}")):
            made.take(parse_entry(line))
    assert len(made.turns) == 4


def test_connections_beyond_the_memory_are_forgotten(monkeypatch):
    monkeypatch.setattr(tracked, "PORTS", 2)
    tracker = Tracker(11)
    for at in range(6):
        tracker.take(request(NOW + at, 200, port=at + 1))
    assert tracker is not None


def test_a_line_without_a_time_ends_no_turn():
    failed = turn(end=End.FAILED, cause="500")
    assert not _ends_at(failed, request(None), T)
    assert not _ends_at(failed, request(T), None)
    assert not _ends_at(failed, request(T, 429), T + 60)


def test_a_head_on_another_host_is_no_part_of_a_turn():
    head, rest = first_attempt(1, request(T)), first_attempt(2, Request("log", 500, "other", 1, T + 1))
    assert not _heads(turn(), head, rest, T + 1)


def test_an_error_long_after_a_storm_is_not_its_reason():
    tracker = Tracker(11)
    for t in (0.0, 0.55, 1.7, 3.9):
        tracker.take(request(T + t))
    tracker.add_error(ErrorText(T + 3600, "out of memory", is_cooldown=False))
    (storm,) = tracker.storms(T + 3601)
    assert storm.reason == ""


def test_two_answers_with_one_line_between_them_take_it_once():
    first, second = (
        turn(session=name, sent=(T,), last_seen=T + at, end=End.ANSWERED) for name, at in (("a", 1), ("b", 2))
    )
    found = assign_lines([second, first], [request(T + 0.5, 200)])
    assert (found.of(0, 1), found.of(1, 1)) == ([None], [0])


def test_a_line_goes_to_the_answer_that_can_have_no_other():
    early = turn(session="a", sent=(T,), last_seen=T + 5, end=End.ANSWERED)
    late = turn(session="b", sent=(T + 3,), last_seen=T + 6, end=End.ANSWERED)
    found = assign_lines([late, early], [request(T + 1, 200), request(T + 4, 200, port=2)])
    assert (found.of(0, 1), found.of(1, 1)) == ([1], [0])


@pytest.mark.parametrize(
    ("end", "later", "line"), [(End.LEFT, 2, 1), (End.LEFT, 60, None), (End.OPEN, 60, 1), (End.OPEN, 401, None)]
)
def test_a_turn_has_no_line_of_long_after_its_newest_attempt(end, later, line):
    one = turn(sent=(T - 5, T), failures=(Failure(T - 4, "500", 1.0),), last_seen=T, end=end)
    assert assign_lines([one], [request(T - 4), request(T + later)]).of(0, 2) == [0, line]


def test_any_failure_fits_where_the_transcript_does_not_say_which():
    assert _fits(_FAILED, request(T, 500))
    assert not _fits(_FAILED, request(T, 200))
