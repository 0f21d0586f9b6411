"""Turns, attempts and storms from requests alone."""

from itertools import pairwise

import pytest

from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.matching import FAR_BEHIND
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.retries.tracker import STORMS, SWEEP, ErrorText, Tracker

LADDER = [0.0, 0.55, 1.7, 3.9, 8.4, 17.2, 35.1, 70.0, 105.3, 140.1, 175.0]
"""Seconds at which the attempts of a client fail that gets quick errors."""
FIRST_PORT = 40000


def request(t, status=500, port=FIRST_PORT, *, log="litellm", host="127.0.0.1", grain=0.0):
    return Request(log, status, host, port, t, grain)


def ports(times):
    """Return the ports of a client: a wait of 4 s or more outlives the connection."""
    used = [FIRST_PORT]
    for before, after in pairwise(times):
        used.append(used[-1] + (after - before > 4))
    return used


def storm(count, *, status=500, start=1000.0, last=None, tracker=None, offset=0):
    """Play a storm; ``last`` is the status of its last attempt."""
    tracker = tracker or Tracker()
    times = LADDER[:count]
    statuses = [status] * (count - 1) + [last or status]
    taken = [
        tracker.take(request(start + t, code, port + offset))
        for t, code, port in zip(times, statuses, ports(times), strict=True)
    ]
    return tracker, taken


def numbers(taken):
    return [attempt.number for attempt in taken]


def test_a_storm_counts_up_and_is_one_turn():
    tracker, taken = storm(11)
    assert numbers(taken) == list(range(1, 12))
    assert len({attempt.turn for attempt in taken}) == 1
    (seen,) = tracker.storms(1175.0)
    assert (seen.attempts, seen.cause, seen.outcome, seen.evidence) == (11, "500", Outcome.GAVE_UP, "ladder")
    assert (seen.started, seen.last, seen.next_at) == (1000.0, 1175.0, None)


def test_a_success_closes_it():
    tracker, taken = storm(6, last=200)
    assert numbers(taken) == [1, 2, 3, 4, 5, 6]
    (seen,) = tracker.storms(1018.0)
    assert (seen.outcome, seen.attempts, seen.next_at, seen.gives_up_at) == (Outcome.RECOVERED, 6, None, None)
    assert tracker.take(request(1020.0, 200, FIRST_PORT + 2)).number == 1


def test_two_attempts_are_a_retry_and_no_storm():
    tracker, taken = storm(2, last=200)
    assert numbers(taken) == [1, 2]
    assert tracker.storms(1002.0) == ()


def test_a_live_storm_says_when_it_goes_on_and_when_it_ends():
    tracker, _ = storm(6)
    (seen,) = tracker.storms(1018.0)
    assert seen.outcome is Outcome.LIVE
    assert 1017.2 + 16 <= seen.next_at <= 1017.2 + 20
    assert seen.next_at < seen.gives_up_at < 1017.2 + 200


def test_it_is_quiet_once_no_attempt_comes():
    tracker, _ = storm(5)
    assert tracker.storms(1008.4 + 10)[0].outcome is Outcome.LIVE
    assert tracker.storms(1008.4 + 10 + 21)[0].outcome is Outcome.QUIET


def test_it_is_given_up_at_the_limit():
    tracker, _ = storm(5, tracker=Tracker(limit=5))
    assert tracker.storms(1008.5)[0].outcome is Outcome.GAVE_UP


def test_a_late_answer_on_its_own_connection_still_belongs_to_it():
    tracker, _ = storm(4)
    assert tracker.take(request(1003.9 + 120, 200)).number == 5
    assert tracker.storms(1200.0)[0].outcome is Outcome.RECOVERED


def test_slow_failures_make_the_gaps_longer():
    tracker, service, t, taken = Tracker(), 5.0, 1000.0, []
    for wait, port in [(0, 1), (0.6, 1), (1.1, 1), (2.4, 1), (4.6, 2), (9.0, 3)]:
        t += wait + service
        taken.append(tracker.take(request(t, 500, FIRST_PORT + port)))
    assert numbers(taken) == [1, 2, 3, 4, 5, 6]


def test_a_short_retry_after_sets_the_pace():
    tracker = Tracker()
    taken = [tracker.take(request(1000 + 3.03 * n, 429)) for n in range(6)]
    taken.append(tracker.take(request(1000 + 3.03 * 5 + 3.4, 200)))
    assert numbers(taken) == [1, 2, 3, 4, 5, 6, 7]


def test_two_storms_at_once_stay_apart():
    tracker = Tracker()
    times = LADDER[:6]
    lines = [(1000 + t, port) for t, port in zip(times, ports(times), strict=True)]
    lines += [(1000.3 + t * 1.08, port + 100) for t, port in zip(times, ports(times), strict=True)]
    turns = {}
    for t, port in sorted(lines):
        turns.setdefault(tracker.take(request(t, 500, port)).turn, []).append(port >= FIRST_PORT + 100)
    assert sorted(turns.values()) == [[False] * 6, [True] * 6]


def test_a_healthy_session_beside_a_storm_keeps_its_turns():
    tracker = Tracker()
    times = LADDER[:6]
    lines = [(1000 + t, 500, port) for t, port in zip(times, ports(times), strict=True)]
    lines += [(999.0 + 1.3 * n, 200, 50000) for n in range(20)]
    taken = [(status, tracker.take(request(t, status, port)).number) for t, status, port in sorted(lines)]
    assert [number for status, number in taken if status == 200] == [1] * 20
    assert [number for status, number in taken if status == 500] == [1, 2, 3, 4, 5, 6]


def test_another_logs_requests_are_another_story():
    tracker = Tracker()
    for t in LADDER[:4]:
        assert tracker.take(request(1000 + t, log="vllm")).turn != tracker.take(request(1000.01 + t)).turn
    assert sorted(seen.log for seen in tracker.storms(1004.0)) == ["litellm", "vllm"]


@pytest.mark.parametrize(
    ("status", "gaps", "port_step"),
    [
        (400, [5.3, 5.4, 5.4, 5.3], 1),
        (404, [1.1, 1.2, 1.5, 1.8], 1),
        (403, [0.55, 1.1, 2.2, 4.5], 0),
        (500, [12.0, 12.0, 12.0, 12.0], 1),
    ],
    ids=["a user sends again", "a shell loop", "not retried by any client", "a cron job"],
)
def test_what_is_no_retry(status, gaps, port_step):
    tracker, t, port = Tracker(), 1000.0, FIRST_PORT
    taken = [tracker.take(request(t, status, port))]
    for gap in gaps:
        t, port = t + gap, port + port_step
        taken.append(tracker.take(request(t, status, port)))
    assert numbers(taken) == [1] * len(taken)
    assert tracker.storms(t) == ()


def test_404_is_asked_twice_and_never_a_storm():
    tracker = Tracker()
    taken = [tracker.take(request(1000 + t, 404, port)) for t, port in [(0, 1), (0.03, 2), (1.2, 3), (1.22, 4)]]
    assert numbers(taken) == [1, 2, 1, 2]
    assert tracker.storms(1010.0) == ()


def test_400_is_asked_eight_times_at_once():
    tracker = Tracker()
    taken = [tracker.take(request(1000 + 0.04 * n, 400)) for n in range(9)]
    assert numbers(taken) == [1, 2, 3, 4, 5, 6, 7, 8, 1]
    (seen,) = tracker.storms(1000.3)
    assert (seen.attempts, seen.limit, seen.cause, seen.outcome) == (8, 8, "400", Outcome.GAVE_UP)


def test_the_first_error_is_the_cause_of_a_cooldown():
    tracker = Tracker()
    for t, status in zip(LADDER, [401, 429, 429, 429], strict=False):
        tracker.take(request(1000 + t, status))
    assert tracker.storms(1004.0)[0].cause == "401"


def test_a_weak_match_is_taken_back_when_the_real_one_comes():
    tracker, _ = storm(3)
    foreign = request(1001.7 + 2.1, 500, 50000)
    taken_for = tracker.take(foreign)
    real = tracker.take(request(1001.7 + 2.3))
    assert taken_for.number == 4
    assert real == (taken_for.turn, 4, foreign)
    assert tracker.take(request(1001.7 + 2.1 + 0.6, 500, 50000)).number == 2


def test_a_session_that_starts_in_the_wait_of_another_gets_its_own_turn():
    tracker, _ = storm(6)
    first = request(1017.2 + 17, 500, 50000)
    assert tracker.take(first).number == 7
    second = tracker.take(request(1017.2 + 17.6, 500, 50000))
    assert (second.number, second.instead_of) == (2, first)
    assert tracker.take(request(1017.2 + 18.5, 500, 50001)).number == 7


def test_whole_seconds_are_fine_enough():
    tracker = Tracker()
    taken = [
        tracker.take(request(float(int(1000.9 + t)), 500, port, grain=1.0))
        for t, port in zip(LADDER[:7], ports(LADDER[:7]), strict=True)
    ]
    assert numbers(taken) == [1, 2, 3, 4, 5, 6, 7]


def test_without_times_order_and_connection_count():
    tracker = Tracker()
    taken = [tracker.take(request(None, 500, port)) for port in ports(LADDER[:7])]
    assert numbers(taken) == [1, 2, 3, 4, 5, 6, 7]
    (seen,) = tracker.storms(2000.0)
    assert (seen.timed, seen.outcome, seen.next_at) == (False, Outcome.QUIET, None)
    assert [tracker.take(request(None, 400, port)).number for port in (1, 2, 3)] == [1, 1, 1]


def test_a_log_without_ports_shows_storms_by_the_ladder():
    tracker = Tracker()
    taken = [tracker.take(request(1000 + t, 500, 0)) for t in LADDER[:7]]
    assert numbers(taken) == [1, 2, 3, 4, 5, 6, 7]


def test_a_proxy_that_closes_every_connection_hides_no_storm():
    tracker = Tracker()
    taken = [tracker.take(request(1000 + t, 500, FIRST_PORT + n)) for n, t in enumerate(LADDER[:7])]
    assert numbers(taken) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ([(1000.0, "key refused", False), (1000.6, "cooldown", True)], "key refused"),
        ([(1000.0, "cooldown", True), (1003.9, "key refused", False)], "key refused"),
        ([(995.5, "engine died", False), (800.0, "old", False)], "engine died"),
        ([(1000.0, "cooldown", True)], "cooldown"),
        ([(900.0, "long ago", False), (1010.0, "afterwards", False)], ""),
        ([], ""),
    ],
    ids=["the first", "a cooldown is none", "the server behind", "nothing else known", "another time", "no record"],
)
def test_error_records_explain_a_storm(errors, reason):
    tracker = Tracker()
    for t, text, is_cooldown in errors:
        tracker.add_error(ErrorText(t, text, is_cooldown))
    storm(4, tracker=tracker)
    assert tracker.storms(1004.0)[0].reason == reason


def test_a_record_that_comes_after_its_access_line_explains_too():
    tracker, _ = storm(4)
    assert tracker.storms(1004.0)[0].reason == ""
    tracker.add_error(ErrorText(1003.95, "engine died", is_cooldown=False))
    assert tracker.storms(1004.0)[0].reason == "engine died"


def test_a_port_that_is_used_anew_is_another_connection():
    tracker = Tracker()
    tracker.take(request(100.0, 200, FIRST_PORT + 1))
    taken = [tracker.take(request(1000 + t, 500, port)) for t, port in zip(LADDER[:5], ports(LADDER[:5]), strict=True)]
    assert numbers(taken) == [1, 2, 3, 4, 5]


def test_storms_are_bounded_and_newest_first():
    tracker = Tracker()
    for n in range(STORMS + 10):
        storm(4, start=1000.0 + 600 * n, tracker=tracker, offset=10 * n)
    seen = tracker.storms(1e6)
    assert len(seen) == STORMS
    assert [one.started for one in seen] == sorted((one.started for one in seen), reverse=True)


def test_a_server_that_asks_for_a_wait_sets_the_next_attempt():
    tracker = Tracker()
    for n in range(4):
        tracker.take(request(1000 + 20.0 * n, 429))
    (seen,) = tracker.storms(1061.0)
    assert seen.next_at == pytest.approx(1080.0)


def test_chains_of_a_log_without_times_are_not_awaited_for_ever():
    tracker = Tracker()
    tracker.take(request(None))
    for n in range(FAR_BEHIND + SWEEP):
        tracker.take(request(None, 200, 50_000 + n))
    assert tracker.take(request(None)).number == 1


def test_how_sure_it_is_is_reported():
    by_port, _ = storm(4)
    assert by_port.storms(1004.0)[0].basis == "by waits and connection"
    tracker = Tracker()
    for t in LADDER[:4]:
        tracker.take(request(1000 + t, 500, 0))
    assert tracker.storms(1004.0)[0].basis == "by waits alone"


def test_a_ladder_begins_anew_behind_a_request_that_was_sent_again_at_once():
    """As measured with Claude Code 2.1.329: a 404, the same without streaming at once, then 429s."""
    tracker = Tracker()
    times, statuses = (0.0, 0.05, 0.69, 1.77, 4.1), (404, 429, 429, 429, 200)
    taken = [tracker.take(request(1000 + t, status)) for t, status in zip(times, statuses, strict=True)]
    assert numbers(taken) == [1, 2, 3, 4, 5]


def test_its_first_attempts_do_not_count_against_the_clients_patience():
    tracker = Tracker(limit=3)
    for t, status in ((0.0, 404), (0.05, 429), (0.69, 429)):
        tracker.take(request(1000 + t, status))
    (seen,) = tracker.storms(1001.0)
    assert (seen.attempts, seen.limit, seen.outcome) == (3, 4, Outcome.LIVE)
    assert tracker.take(request(1001.8, 429)).number == 4
    (seen,) = tracker.storms(1002.0)
    assert (seen.attempts, seen.limit, seen.outcome) == (4, 4, Outcome.GAVE_UP)
