"""Turns from transcripts."""

import pytest

import transcripts as written
from stormdeck.model.retries.sessions import LONGEST_WAIT_S, MOMENT_S, SESSIONS, TURNS, End, Sessions
from stormdeck.model.retries.transcript import Entry, EntryKind, parse_entry

T = 1_795_000_000.0


def sessions_of(*lines):
    sessions = Sessions()
    for line in lines:
        sessions.take(parse_entry(line))
    return sessions


def seen(*lines):
    return [(turn.attempts, turn.end, turn.causes) for turn in sessions_of(*lines).turns]


def test_every_request_is_an_attempt_where_the_client_writes_them_down():
    lines = [written.ask(T), written.request(T + 0.1, "r1")]
    lines += [written.retry(T + 0.2, 1), written.request(T + 0.8, "r2", "r1"), written.answer(T + 2)]
    assert seen(*lines) == [(2, End.ANSWERED, ("500",))]
    (turn,) = sessions_of(*lines).turns
    assert (turn.started, turn.last_seen, turn.sent, turn.limit) == (T, T + 2, (T + 0.1, T + 0.8), 11)


def test_a_request_that_was_changed_after_a_400_is_the_same_turn():
    lines = [written.ask(T), *(written.request(T + n / 30, f"r{n}", digest=f"d{n // 2}") for n in range(6))]
    assert seen(*lines, written.failure(T + 0.3, "API Error: 400 x")) == [(6, End.FAILED, ("400",))]


def test_the_next_prompt_is_the_next_turn():
    lines = [written.ask(T), written.request(T, "r1"), written.answer(T + 1, "m1")]
    lines += [written.ask(T + 2), written.request(T + 2, "r2", "r1", "d2"), written.answer(T + 3, "m2")]
    assert seen(*lines) == [(1, End.ANSWERED, ())] * 2


def test_an_answer_that_is_asked_for_again_was_cut():
    lines = [written.request(T, "r1"), written.answer(T + 1, "m1"), written.request(T + 1.5, "r2", "r1")]
    assert seen(*lines, written.answer(T + 3, "m2")) == [(2, End.ANSWERED, ())]


def test_failures_are_counted_where_the_client_writes_down_no_requests():
    lines = [written.retry(T + n, n, 529, version="2.1.42") for n in (1, 2, 3)]
    assert seen(*lines) == [(3, End.OPEN, ("529",) * 3)]
    assert seen(*lines, written.answer(T + 9)) == [(4, End.ANSWERED, ("529",) * 3)]
    assert seen(*lines, written.failure(T + 9, "API Error: 529")) == [(4, End.FAILED, ("529",) * 4)]


def test_the_first_failure_again_is_another_turn():
    lines = [written.retry(T, 1), written.retry(T + 1, 2), written.retry(T + 60, 1), written.answer(T + 62)]
    assert seen(*lines) == [(2, End.LEFT, ("500",) * 2), (2, End.ANSWERED, ("500",))]


def test_a_transcript_from_its_middle_on_still_counts():
    assert seen(written.retry(T, 4), written.answer(T + 9)) == [(5, End.ANSWERED, ("", "", "", "500"))]


def test_requests_that_were_sent_before_count_too():
    lines = [
        written.retry(T, 4),
        written.request(T + 5, "r5"),
        written.retry(T + 5.1, 5),
        written.request(T + 14, "r6"),
    ]
    assert seen(*lines, written.answer(T + 15)) == [(6, End.ANSWERED, ("", "", "", "500", "500"))]


def test_only_the_end_is_known_of_a_client_that_counts_nothing():
    (turn,) = sessions_of(written.ask(T), written.failure(T + 33, "Request timed out")).turns
    assert (turn.counted, turn.started, turn.last_seen, turn.cause) == (False, T, T + 33, "timeout")


@pytest.mark.parametrize("before", [(), (written.request(1, "r1"),)], ids=["nothing", "a request written down"])
def test_a_client_that_cannot_ask_has_no_turn(before):
    failure = written.failure(2, "Not logged in · Please run /login", error="authentication_failed")
    assert seen(written.ask(0), *before, failure) == []
    after = (written.ask(9), written.answer(10))
    assert seen(written.ask(0), *before, failure, *after) == [(1, End.ANSWERED, ())]


def test_blocks_of_one_answer_are_one_turn():
    lines = [written.ask(T), *[written.answer(T + 1, "m1") for _ in range(3)]]
    assert seen(*lines) == [(1, End.ANSWERED, ())]


def test_a_transcript_that_is_read_twice_counts_once():
    lines = [written.ask(T), written.retry(T + 1, 1), written.retry(T + 2, 2), written.answer(T + 9)]
    assert seen(*lines, *lines) == seen(*lines)


def test_sessions_and_subagents_do_not_mix():
    lines = []
    for n in range(3):
        lines += [written.retry(T + n, n + 1, session=session) for session in ("a", "b")]
        lines.append(written.retry(T + n, n + 1, session="a", isSidechain=True, agentId="helper"))
    sessions = sessions_of(*lines)
    assert {(turn.session, turn.agent): turn.attempts for turn in sessions.turns} == {
        ("a", ""): 3,
        ("b", ""): 3,
        ("a", "helper"): 3,
    }


def test_the_newest_entry_gives_the_version():
    assert sessions_of(written.ask(T + 5, version="2.1.42"), written.ask(T, version="2.1.112")).version == "2.1.42"


@pytest.mark.parametrize(
    ("lines", "later", "waiting"),
    [
        ([], 1, None),
        ([written.ask(T)], 1, 1),
        ([written.ask(T), written.answer(T + 1)], 1 + MOMENT_S, 1),
        ([written.ask(T), written.answer(T + 1)], 2 + MOMENT_S, 0),
        ([written.ask(T), written.request(T + 1, "r1")], 2, 1),
        ([written.ask(T)], LONGEST_WAIT_S + 1, 0),
    ],
    ids=["no transcript", "asked", "answered just now", "answered", "sent", "long ago"],
)
def test_who_waits(lines, later, waiting):
    assert sessions_of(*lines).waiting(T + later) == waiting


def on_the_wire(kind, t, turn, distance):
    return Entry(kind, "s", t, id=f"{kind} {turn} {distance}", digest=turn, is_wire=True, distance=distance)


def test_what_a_farther_place_saw_before_the_nearest_one_counts_though_it_is_read_later():
    sessions = Sessions()
    for kind, t in ((EntryKind.REQUEST, T + 60), (EntryKind.ANSWER, T + 61)):
        sessions.take(on_the_wire(kind, t, "recorder", 0))
    for turn, t in (("before", T), ("again", T + 60.1)):
        sessions.take(on_the_wire(EntryKind.REQUEST, t, turn, 2))
        sessions.take(on_the_wire(EntryKind.ANSWER, t + 0.5, turn, 2))
    assert {(turn.started, turn.end) for turn in sessions.turns} == {(T, End.ANSWERED), (T + 60, End.ANSWERED)}


def test_what_a_transcript_has_from_before_the_recorder_counts_though_it_is_read_later():
    sessions = Sessions()
    sessions.take(on_the_wire(EntryKind.REQUEST, T + 60, "recorder", 0))
    before = [
        written.ask(T, session="s"),
        written.retry(T + 1, 1, session="s"),
        written.answer(T + 2, "m1", session="s"),
    ]
    for line in (*before, written.ask(T + 60, session="s"), written.answer(T + 62, "m2", session="s")):
        sessions.take(parse_entry(line))
    assert [(turn.started, turn.attempts) for turn in sessions.turns if not turn.is_wire] == [(T, 2)]


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("stormdeck.model.retries.sessions.TURNS", 5)
    monkeypatch.setattr("stormdeck.model.retries.sessions.SESSIONS", 3)
    assert TURNS > 5
    assert SESSIONS > 3
    sessions = sessions_of(*(written.answer(T + n, f"m{n}", session=f"s{n}") for n in range(20)))
    assert (len(sessions.turns), len(sessions.spans)) == (5, 3)
