"""One account of log lines and transcripts: every attempt once, by the best evidence."""

from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import log_lines
import transcripts as written
from log_lines import access, utc
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries import analyzer, rolling_account
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.retries.transcript import Entry, parse_entry
from stormdeck.model.traffic.log_analyzer import LogAnalyzer

T = 1_795_000_000.0
LADDER = [0.0, 0.55, 1.7, 3.9, 8.4, 17.2, 35.1, 70.0]
PORT = 40000
batch = partial(log_lines.batch, t=T)


def clock(t):
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M:%S,%f")[:-3] + " "


def ports(times, first=PORT):
    used = [first]
    for before, after in pairwise(times):
        used.append(used[-1] + (after - before > 4))
    return used


def lines_of(count, last=200, status=500, start=T, first=PORT):
    """Return the lines of a turn as (time, text)."""
    statuses = [status] * (count - 1) + [last]
    return [
        (start + t, access(code, port))
        for t, code, port in zip(LADDER, statuses, ports(LADDER[:count], first), strict=False)
    ]


def entries_of(count, start=T, session="s1", status=500, ok=True):
    """Return what 2.1.329 writes down of the same turn."""
    texts = [written.ask(start - 0.1, session=session)]
    for n, t in enumerate(LADDER[:count]):
        sent = {"base": f"{session}-r{n - 1}", "digest": session, "session": session}
        texts.append(written.request(start + t - 0.02, f"{session}-r{n}", **sent))
        if n + 1 < count:
            texts.append(written.retry(start + t + 0.02, n + 1, status, 0.5, session=session))
    end = start + LADDER[count - 1] + 0.3
    texts.append(written.answer(end, f"{session}-m", session=session) if ok else written.failure(end, session=session))
    return texts


def account(lines=(), entries=(), **options):
    ledger = LogAnalyzer(**options)
    for t, text in sorted(lines):
        ledger.take(batch(text, t=t))
    for text in entries:
        ledger.take_entry(parse_entry(text))
    return ledger


def test_nothing_is_nothing():
    assert LogAnalyzer().report().as_json() == {
        "version": 1,
        "http_requests": 0,
        "probes": 0,
        "main_requests": 0,
        "auxiliary": None,
        "count_tokens": 0,
        "retries": 0,
        "retries_unsure": 0,
        "turns": 0,
        "by_status": {},
        "storms": [],
        "unclear": None,
        "errors": [],
        "clients": {},
        "unread_lines": {"count": 0, "first": None},
        "notes": [],
    }


def test_kinds_are_counted_apart():
    lines = [
        access(),
        access(500, port=1),
        access(404, path="/v1/messages/count_tokens?beta=true"),
        access(path="/health", method="GET"),
        access(path="/v1/models", method="GET"),
        access(path="/", method="HEAD"),
        access(path="/api/hello", method="HEAD"),
        access(path="/v1/chat/completions"),
        "a traceback",
    ]
    report = account([(T + n, line) for n, line in enumerate(lines)]).report()
    assert (report.http_requests, report.probes, report.count_tokens) == (8, 2, 1)
    assert (report.main_requests, report.auxiliary, report.turns, report.retries) == (2, None, 2, 0)
    assert report.by_status == {"200": 1, "500": 1}


def test_the_log_alone():
    report = account(lines_of(6)).report()
    assert (report.main_requests, report.turns, report.retries) == (6, 1, 5)
    (storm,) = report.storms
    assert (storm.attempts, storm.cause, storm.outcome, storm.evidence) == (6, "500", Outcome.RECOVERED, "ladder")
    assert (storm.session, storm.basis) == (None, "by waits and connection")
    assert report.as_json()["storms"] == [
        {
            "started": T,
            "ended": T + 17.2,
            "attempts": 6,
            "cause": "500",
            "recovered": True,
            "session": None,
            "evidence": "ladder",
            "confidence": "likely",
        }
    ]


def test_retries_of_turns_that_are_no_longer_kept_still_count(monkeypatch):
    monkeypatch.setattr(analyzer, "CHAINS", 2)
    turns = [lines_of(3, start=T + 100 * n, first=PORT + 10 * n) for n in range(5)]
    report = account([line for turn in turns for line in turn]).report()
    assert (report.turns, report.retries, len(report.storms)) == (5, 10, 2)


def test_sessions_of_another_server_change_no_count():
    elsewhere = entries_of(4, start=T + 200, session="other")
    alone, beside = account(lines_of(3)), account(lines_of(3), elsewhere)
    assert beside.report() == alone.report()


def test_a_transcript_and_the_log_are_one_storm():
    report = account(lines_of(6), entries_of(6)).report()
    assert (report.http_requests, report.main_requests, report.auxiliary) == (6, 6, 0)
    assert (report.turns, report.retries) == (1, 5)
    (storm,) = report.storms
    assert (storm.attempts, storm.cause, storm.evidence, storm.session) == (6, "500", "transcript", "s1")
    assert (storm.basis, storm.log) == ("counted by the client", "litellm")


def test_a_transcript_alone():
    report = account((), entries_of(6)).report()
    assert (report.http_requests, report.retries, [storm.attempts for storm in report.storms]) == (6, 5, [6])


def test_a_log_that_looks_like_more_attempts_is_corrected():
    foreign = [(T + 3.95, access(500, PORT + 77))]
    report = account(lines_of(6) + foreign, entries_of(6)).report()
    assert [storm.attempts for storm in report.storms] == [6]
    assert (report.retries, report.auxiliary) == (5, 1)


def test_an_auxiliary_answer_is_not_taken_for_the_storm_s_turn():
    """As 2.1.42 did: a tool's result goes out, an auxiliary request is answered, and the turn itself fails."""
    times = [(0.13, 200, PORT), (0.38, 200, PORT), (0.4, 500, PORT + 10), (0.92, 500, PORT), (2.09, 500, PORT)]
    lines = [(T + at, access(status, port)) for at, status, port in [*times, (4.53, 200, PORT)]]
    recorded = [
        written.ask(T),
        written.answer(T + 0.15, "msg_1"),
        written.ask(T + 0.37),
        written.answer(T + 4.54, "msg_2"),
    ]
    report = account(lines, recorded).report()
    assert (report.retries, report.main_requests, report.auxiliary, report.turns) == (3, 5, 1, 2)


@pytest.mark.parametrize(("text", "retries"), [("issue with the selected model (X)", 1), ("API Error: 500", 0)])
def test_a_second_404_that_comes_late_belongs_to_the_turn_that_failed_with_it(text, retries):
    """0.32 s later on a new connection, as 2.1.112 did on a busy machine."""
    lines = [(T + 0.3, access(404)), (T + 0.62, access(404, PORT + 10))]
    report = account(lines, [written.ask(T), written.failure(T + 0.7, text)]).report()
    assert report.retries == retries


def test_two_sessions_in_one_outage_stay_apart():
    lines = lines_of(6) + lines_of(7, start=T + 0.25, first=PORT + 100)
    report = account(lines, entries_of(6) + entries_of(7, start=T + 0.25, session="s2")).report()
    assert sorted((storm.session, storm.attempts) for storm in report.storms) == [("s1", 6), ("s2", 7)]
    assert (report.main_requests, report.retries) == (13, 11)


def test_a_storm_without_a_line_is_seen():
    texts = [written.ask(T)]
    for n in range(4):
        texts.append(written.request(T + 6.0 * n, f"r{n}", f"r{n - 1}"))
        texts += [written.retry(T + 6.0 * n + 5, n + 1, error={"formatted": "Request timed out."})] * (n < 3)
    texts.append(written.answer(T + 20))
    health = [(T + n, access(path="/health", method="GET")) for n in range(20)]
    report = account([*health, (T + 19.5, access())], texts).report()
    (storm,) = report.storms
    assert (storm.attempts, storm.cause, storm.outcome) == (4, "timeout", Outcome.RECOVERED)
    assert (report.http_requests, report.main_requests, report.retries, report.turns) == (24, 4, 3, 1)


def test_times_give_a_cause_that_the_client_does_not():
    texts = [written.ask(T)]
    texts += [written.request(T + t, f"r{n}", f"r{n - 1}") for n, t in enumerate([0, 0.6, 1.7, 3.9])]
    texts.append(written.failure(T + 3.95, "Execution error"))
    (storm,) = account((), texts).report().storms
    assert (storm.attempts, storm.cause) == (4, "unknown"), "a reset or a refusal, nobody tells which"


def test_an_end_without_attempts_is_estimated():
    texts = [written.ask(T, version="2.1.112"), written.failure(T + 32.86, "Request timed out", version="2.1.112")]
    report = account(
        [(T + 1, access(path="/health", method="GET")), (T + 40, "x")], texts, api_timeout_ms=5000
    ).report()
    (storm,) = report.storms
    assert (storm.attempts, storm.cause, storm.evidence) == (5, "timeout", "transcript")
    assert storm.basis == "estimated from its length and API_TIMEOUT_MS"


def test_the_end_in_a_transcript_gives_a_storm_its_session():
    texts = [written.ask(T - 0.1), written.answer(T + 17.6)]
    (storm,) = account(lines_of(6), texts).report().storms
    assert (storm.attempts, storm.session, storm.evidence) == (6, written.SESSION, "ladder")
    assert storm.basis.endswith("its end by the transcript")


def test_an_answer_that_the_ladder_does_not_await_any_more_still_ends_the_storm():
    lines = [*lines_of(5, last=500), (T + 8.4 + 90, access(200, PORT + 9))]
    assert account(lines).report().storms[0].outcome is Outcome.QUIET
    (storm,) = account(lines, [written.ask(T - 0.1), written.answer(T + 99)]).report().storms
    assert (storm.attempts, storm.outcome) == (6, Outcome.RECOVERED)


def test_a_session_on_another_server_is_left_out():
    report = account(lines_of(6), entries_of(6) + entries_of(8, start=T + 2, session="away", status=529)).report()
    assert [storm.session for storm in report.storms] == ["s1"]
    assert (report.retries, report.main_requests) == (5, 6)


def test_what_was_long_before_the_log_is_left_out():
    report = account(lines_of(6), entries_of(6) + entries_of(7, start=T - 86_400, session="yesterday")).report()
    assert [storm.session for storm in report.storms] == ["s1"]


def test_requests_of_others_leave_auxiliary_unknown():
    stranger = [(T + 300, access(port=50000))]
    report = account(lines_of(6) + stranger, entries_of(6)).report()
    assert (report.auxiliary, report.main_requests, report.turns) == (None, 7, 2)


def test_a_storm_that_goes_on_says_what_comes_next():
    ledger = account(lines_of(5, last=500)[:3], entries_of(6)[:7])
    (storm,) = ledger.report(T + 2).storms
    assert (storm.outcome, storm.attempts, storm.limit) == (Outcome.LIVE, 3, 11)
    assert storm.next_at == pytest.approx(T + 1.7 + 0.02 + 0.5)
    assert T + 100 < storm.gives_up_at < T + 300
    assert ledger.report(T + 2000).storms[0].outcome is Outcome.QUIET


def test_attempts_that_the_transcript_does_not_give_yet_belong_to_the_storm():
    ledger = account(lines_of(6)[:4], entries_of(6)[:3])
    (storm,) = ledger.report(T + 4).storms
    assert (storm.attempts, storm.session, storm.evidence) == (4, "s1", "transcript")


def test_a_log_without_times_still_counts():
    ledger = LogAnalyzer()
    ledger.take(batch(*(text for _, text in lines_of(6)), history=True))
    report = ledger.report()
    assert (report.main_requests, report.retries) == (6, 5)
    document: Any = report.as_json()
    assert document["storms"][0]["started"] is None
    assert report.storms[0].basis == "by order alone: the log has no times"


def test_a_log_without_times_and_a_transcript_are_one_storm():
    ledger = account((), entries_of(6))
    ledger.take(batch(*(text for _, text in lines_of(6)), history=True))
    report = ledger.report()
    assert [(storm.attempts, storm.evidence) for storm in report.storms] == [(6, "transcript")]
    assert (report.http_requests, report.retries) == (6, 5)


def test_lines_that_stand_in_the_log_twice_count_once():
    lines = [access(code, prefix=clock(T + t)) for t, code in zip(LADDER[:5], [500] * 5, strict=False)]
    ledger = LogAnalyzer(local_time=utc)
    ledger.take(batch(*lines, *lines, t=T + 400, history=True))
    assert (ledger.report().http_requests, ledger.report().retries) == (5, 4)


def test_a_clock_that_is_set_back_loses_no_request():
    lines = [access(prefix=clock(T + t), port=n) for n, t in enumerate([0, 5, -3600, -3595, 10])]
    ledger = LogAnalyzer(local_time=utc)
    ledger.take(batch(*lines, t=T + 400, history=True))
    assert (ledger.report().http_requests, ledger.report().storms) == (5, ())


def test_the_first_error_is_reported_with_the_storm():
    error = "18:16:28 - LiteLLM Proxy:ERROR: x.py:1 - litellm.InternalServerError: engine died"
    lines = [(T - 0.01, error), *lines_of(6)]
    assert account(lines).report().storms[0].reason == "engine died"
    assert account(lines, entries_of(6)).report().storms[0].reason == "engine died"


def test_old_requests_are_compared_turn_by_turn():
    later = [(T + 500 + n, access(port=n + 1)) for n in range(30)]
    report = account(lines_of(6) + later, entries_of(6), recent=10).report()
    assert [(storm.attempts, storm.evidence) for storm in report.storms] == [(6, "transcript")]
    assert (report.main_requests, report.retries) == (36, 5)


def test_looking_often_changes_nothing(monkeypatch):
    monkeypatch.setattr(rolling_account, "COMPACT_FROM", 20)
    lines, entries = [], []
    for n in range(12):
        start = T + 200.0 * n
        lines += lines_of(4 + n % 3, start=start, first=PORT + 10 * n)
        entries += entries_of(4 + n % 3, start=start, session=f"s{n}")
    events: list[tuple[float, LogBatch | Entry]] = [(t, batch(text, t=t)) for t, text in lines]
    events += [(entry.t, entry) for entry in map(parse_entry, entries)]
    often, once = LogAnalyzer(), LogAnalyzer()
    for t, event in sorted(events, key=lambda event: event[0]):
        for ledger in (often, once):
            if isinstance(event, LogBatch):
                ledger.take(event)
            else:
                ledger.take_entry(event)
        often.report(t)
    assert often.report().as_json() == once.report().as_json()
    assert len(often.recent) < 30 < len(once.recent)


def test_a_turn_that_ended_with_an_error_takes_no_later_answer():
    lines = [*lines_of(4, last=500), (T + 3.9 + 5.0, access(200))]
    assert account(lines).report().storms[0].attempts == 5
    report = account(lines, [written.ask(T - 0.1), written.failure(T + 3.95)]).report()
    assert [(storm.attempts, storm.outcome) for storm in report.storms] == [(4, Outcome.GAVE_UP)]
    assert report.retries == 3


def test_transcripts_of_a_healthy_log_without_times_add_nothing():
    ledger = LogAnalyzer()
    ledger.take(batch(*[access(port=PORT + n) for n in range(5)], history=True))
    for n in range(5):
        sent = written.request(T + 10 * n, f"r{n}", digest=f"d{n}")
        for text in (written.ask(T + 10 * n), sent, written.answer(T + 10 * n + 1, f"m{n}")):
            ledger.take_entry(parse_entry(text))
    report = ledger.report()
    assert (report.http_requests, report.main_requests, report.retries, report.turns) == (5, 5, 0, 5)


def test_a_session_in_the_middle_of_a_storm_is_taken_up():
    texts = [written.retry(T + 8.4, 5), written.request(T + 17.2, "r6"), written.answer(T + 17.6)]
    (storm,) = account(lines_of(6)[4:], texts).report().storms
    assert (storm.attempts, storm.evidence, storm.outcome) == (6, "transcript", Outcome.RECOVERED)


STATUSES = st.sampled_from([200, 400, 401, 404, 429, 500, 529])
EVENTS = st.lists(
    st.tuples(st.floats(-30, 60), st.integers(0, 4), STATUSES, st.integers(0, 3), st.sampled_from(["a", "b"])),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(EVENTS)
def test_whatever_comes_is_counted_once(events):
    ledger, now, lines = LogAnalyzer(), T, 0
    for gap, what, status, number, session in events:
        now += gap
        text = [
            access(status, PORT + number),
            written.ask(now, session=session),
            written.request(now, f"r{len(session)}{now}", digest=f"d{number}", session=session),
            written.retry(now, number + 1, status, session=session),
            written.answer(now, f"m{now}", session=session),
        ][what]
        if what:
            ledger.take_entry(parse_entry(text))
        else:
            lines += 1
            ledger.take(batch(text, t=now))
    report = ledger.report(now)
    assert sum(report.by_status.values()) == lines
    assert report.http_requests >= lines
    assert 0 <= report.retries <= report.http_requests
    assert report.turns >= 0
    assert all(storm.attempts >= 3 for storm in report.storms)


def test_what_the_client_counted_is_sure():
    report = account(lines_of(6), entries_of(6)).report()
    assert [storm["confidence"] for storm in report.as_json()["storms"]] == ["sure"]
