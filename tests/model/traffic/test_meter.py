"""From lines to the traffic strip."""

import json
from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import log_lines
import transcripts as written
from log_lines import access, utc
from places import TESTS
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.retries.storms.storm import Outcome
from stormdeck.model.retries.transcript import parse_entry
from stormdeck.model.snapshots.traffic import Bucket, PathChange
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.traffic.upstream import BEHIND, COMPLETIONS, FAILURES, LINES, Upstream

RECORDINGS = TESTS / "recordings"
START = 1_795_269_600.0
LADDER = [0.0, 0.55, 1.7, 3.9]
batch = partial(log_lines.batch, t=START)


def storm(meter, *, start=START, log="litellm", status=500, port=40000, before=()):
    for t in LADDER:
        meter.take(batch(*before, access(status, port), t=start + t, log=log))


def test_main_requests_are_counted_by_what_they_are():
    meter = TrafficMeter(window_s=60, bucket_s=15)
    meter.take(batch(access(200, 1), access(200, 2)))
    meter.take(batch(access(500, 3), t=START + 20))
    meter.take(batch(access(200, 3), t=START + 20.6))
    seen = meter.snapshot(START + 31)
    assert seen.buckets == (Bucket(0, 0, 0), Bucket(2, 0, 0), Bucket(0, 1, 1), Bucket(0, 0, 0))
    assert (seen.requests, seen.turns, seen.retries) == (4, 3, 1)
    assert (seen.requests_per_minute, seen.turns_per_minute, seen.retries_per_minute) == (4.0, 3.0, 1.0)
    assert seen.amplification == pytest.approx(4 / 3)
    assert (seen.logs, seen.since, seen.bucket_s) == (("litellm",), START, 15)


def test_other_requests_are_not_traffic():
    meter = TrafficMeter()
    attempts = meter.take(
        batch(
            access(path="/health", method="GET"),
            access(404, path="/v1/messages/count_tokens?beta=true"),
            access(path="/v1/chat/completions"),
            access(404, path="/", method="HEAD"),
            "plain text",
        )
    )
    assert attempts == {}
    assert meter.snapshot(START).requests == 0


def test_the_window_moves_on():
    meter = TrafficMeter(window_s=60, bucket_s=15)
    meter.take(batch(access()))
    assert meter.snapshot(START + 59).requests == 1
    later = meter.snapshot(START + 60)
    assert (later.requests, later.requests_per_minute, len(later.buckets)) == (0, 0.0, 4)


def test_equal_snapshots_while_nothing_happens():
    meter = TrafficMeter()
    storm(meter)
    assert meter.snapshot(START + 5.0) == meter.snapshot(START + 8.9)
    assert meter.snapshot(START + 5.0) != meter.snapshot(START + 15.0)


def test_attempts_are_recognised_by_line():
    meter = TrafficMeter()
    assert meter.take(batch("noise", access(500), "more noise")) == {1: 1}
    assert meter.take(batch(access(200, 1), access(500), t=START + 0.6)) == {0: 1, 1: 2}


def test_a_storm_is_in_the_snapshot():
    meter = TrafficMeter(limit=5)
    storm(meter)
    (seen,) = meter.snapshot(START + 4).storms
    assert (seen.attempts, seen.limit, seen.outcome, seen.log) == (4, 5, Outcome.LIVE, "litellm")
    assert meter.snapshot(START + 4).live_storm == seen
    meter.set_limit(4)
    assert meter.snapshot(START + 4).storms[0].outcome is Outcome.GAVE_UP


def test_a_turn_ends_by_the_limit_that_it_began_with():
    """The settings change after a client gave up, or while it tries: its turn is not another one by that."""
    meter = TrafficMeter()
    meter.set_limit(4)
    storm(meter)
    meter.set_limit(11)
    meter.take(batch(access(200, 5), t=START + 9))
    (seen,) = meter.snapshot(START + 9).storms
    assert (seen.attempts, seen.limit, seen.outcome) == (4, 4, Outcome.GAVE_UP)
    storm(meter, start=START + 20)
    meter.set_limit(3)
    meter.take(batch(access(200, 40000), t=START + 28.5))
    (seen, _) = meter.snapshot(START + 29).storms
    assert (seen.attempts, seen.limit, seen.outcome) == (5, 11, Outcome.RECOVERED)


def test_a_revised_attempt_is_counted_as_what_it_is():
    meter = TrafficMeter()
    for t, port in [(0.0, 1), (0.55, 1), (1.7, 1), (3.8, 2), (4.0, 1)]:
        meter.take(batch(access(500, port), t=START + t))
    assert meter.snapshot(START + 5).buckets[-1] == Bucket(0, 2, 3)


def test_history_without_times_fills_no_bucket():
    meter = TrafficMeter()
    attempts = meter.take(batch(access(500), access(500), access(200), access(200), history=True))
    assert attempts == {0: 1, 1: 2, 2: 3, 3: 1}
    seen = meter.snapshot(START)
    assert (seen.requests, seen.requests_per_minute, seen.storms, seen.since) == (0, 0.0, (), None)
    assert seen.logs == ("litellm",)


def test_history_with_times_of_its_own_counts():
    lines = [
        access(500, prefix="2026-11-21 14:00:00,000 "),
        access(500, prefix="2026-11-21 14:00:00,600 "),
        access(500, prefix="2026-11-21 14:00:01,700 "),
    ]
    at = datetime(2026, 11, 21, 14, 0, tzinfo=UTC).timestamp()
    meter = TrafficMeter(local_time=utc)
    meter.take(batch(*lines, t=at + 300, history=True))
    seen = meter.snapshot(at + 300)
    assert (seen.requests, seen.retries, seen.since) == (3, 2, at)
    assert seen.storms[0].started == at


def test_a_clock_of_another_zone_does_not_move_requests_into_the_future():
    meter = TrafficMeter(local_time=lambda moment: utc(moment) + 7200)
    own = datetime.fromtimestamp(START, UTC).strftime("%Y-%m-%d %H:%M:%S,500 ")
    meter.take(batch(access(prefix=own)))
    assert meter.snapshot(START).requests == 1


def test_whole_seconds_give_way_to_the_arrival():
    meter = TrafficMeter(local_time=utc)
    for t in LADDER:
        own = datetime.fromtimestamp(START + t, UTC).strftime("%Y-%m-%d %H:%M:%S ")
        attempts = meter.take(batch(access(500, prefix=own), t=START + t))
    assert attempts == {0: 4}


def test_only_the_log_nearest_to_the_client_counts():
    meter = TrafficMeter()
    meter.set_primary("litellm")
    storm(meter, log="vllm", start=START - 2, port=50000)
    storm(meter)
    seen = meter.snapshot(START + 5)
    assert seen.requests == 4
    assert [one.log for one in seen.storms] == ["litellm"]
    assert set(seen.logs) == {"vllm", "litellm"}


def test_without_a_named_log_the_first_with_requests_counts():
    meter = TrafficMeter()
    meter.take(batch("banner", log="vllm"))
    meter.take(batch(access(200, 1)))
    assert meter.take(batch(access(200, 2), log="vllm")) == {}
    assert meter.snapshot(START).requests == 1


def test_naming_the_log_late_drops_what_was_counted_for_another():
    meter = TrafficMeter()
    storm(meter, log="vllm")
    meter.set_primary("litellm")
    assert (meter.snapshot(START + 5).requests, meter.snapshot(START + 5).storms) == (0, ())


def test_what_was_counted_stays_when_another_log_is_named():
    meter = TrafficMeter()
    meter.set_primary("vllm")
    storm(meter, log="vllm")
    meter.set_primary("litellm", now=START + 4.5)
    meter.take(batch(access(), t=START + 6))
    meter.take(batch(access(), t=START + 6, log="vllm"))
    seen = meter.snapshot(START + 7)
    assert (seen.requests, seen.turns, seen.retries) == (5, 2, 3)
    assert [(one.log, one.attempts) for one in seen.storms] == [("vllm", 4)]
    assert (seen.counted, seen.changes) == ("litellm", (PathChange(START + 4.5, "litellm", 59),))


def test_a_change_that_is_noticed_late_counts_from_when_it_was():
    """The client went past the proxy at 10 s; that is noticed at 20 s, when both logs show more requests."""
    meter = TrafficMeter()
    meter.set_primary("litellm")
    for t, log in [(0, "litellm"), (0.01, "vllm"), (12, "vllm"), (15, "vllm"), (15.1, "litellm")]:
        meter.take(batch(access(200, int(t) + 1), t=START + t, log=log))
    assert meter.snapshot(START + 19).requests == 2
    meter.set_primary("vllm", since=START + 10)
    assert meter.snapshot(START + 20).requests == 3
    assert meter.snapshot(START + 20).changes == (PathChange(START + 10, "vllm", 58),)


def test_a_log_that_takes_anothers_place_counts_from_its_first_request():
    """A proxy was started anew with another log; it answered two requests before its log was found."""
    meter = TrafficMeter()
    meter.set_primary("old")
    meter.take(batch(access(200, 1), log="old"))
    for t in (5, 6):
        meter.take(batch(access(200, 2), t=START + t, log="new"))
    meter.set_primary("new", now=START + 8)
    meter.take(batch(access(200, 2), t=START + 9, log="new"))
    seen = meter.snapshot(START + 10)
    assert (seen.requests, seen.changes) == (4, (PathChange(START + 5, "new", 59),))


PATHS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 30), st.integers(0, 20), st.sampled_from("abc")), max_size=20
)


@settings(max_examples=60, deadline=None)
@example([("b", 1, 0, "b"), ("a", 1, 0, "b"), ("b", 1, 1, "a")])
@example([("b", 1, 0, "b"), ("a", 1, 0, "b"), ("a", 18, 0, "a"), ("b", 1, 20, "a")])
@given(PATHS)
def test_each_request_counts_at_the_hop_that_was_nearest_when_it_was_answered(steps):
    """Whatever the path does, and however late that is noticed."""
    meter, now, sent, changes = TrafficMeter(), START, [], [(float("-inf"), "c")]
    meter.set_primary("c")
    for kind, gap, back, log in steps:
        now += gap
        if kind == "a":
            meter.take(batch(access(port=len(sent) + 1), t=now, log=log))
            sent.append((now, log))
        elif log != changes[-1][1]:
            meter.set_primary(log, since=now - back)
            changes.append((now - back, log))
    counted = 0
    for t, log in sent:
        counted += next(name for since, name in reversed(changes) if since <= t) == log
    assert meter.snapshot(now).requests == counted


def turn(session, t, digest="d"):
    """Return what a session writes down of a turn that is answered at once."""
    texts = [
        written.ask(t, session=session),
        written.request(t + 0.1, f"{session}{t}", session=session, digest=f"{digest}{t}"),
        written.answer(t + 0.3, f"m{session}{t}", session=session, requestRef=f"{session}{t}"),
    ]
    return [parse_entry(text) for text in texts]


def test_what_was_sent_before_a_new_log_was_found_counts_by_its_transcript():
    meter = TrafficMeter()
    meter.set_primary("old", now=START)
    for session, t, log in (("a", 0, "old"), ("b", 20, ""), ("c", 30, "new")):
        if log == "new":
            meter.set_primary("new", now=START + 25)
        if log:
            meter.take(batch(access(port=int(t) + 1), t=START + t + 0.2, log=log))
        for entry in turn(session, START + t):
            meter.take_entry(entry)
    assert meter.snapshot(START + 40).requests == 3


def test_the_session_of_a_request_is_known_by_its_connection_and_time():
    meter = TrafficMeter()
    for session, t in (("a", 0), ("b", 20)):
        meter.take(batch(access(port=40000 + t), t=START + t + 0.2))
        for entry in turn(session, START + t):
            meter.take_entry(entry)
    meter.take(batch(access(port=40007), t=START + 60))
    found = {port: requests for (_, port), requests in meter.request_sessions().items()}
    assert {port: [session for _, session in requests] for port, requests in found.items()} == {
        40000: ["a"],
        40020: ["b"],
    }


def test_the_session_of_a_request_is_known_where_the_client_counts_no_attempts():
    meter = TrafficMeter()
    meter.take(batch(access(port=40001), t=START + 0.9))
    for line in (written.ask, written.answer):
        meter.take_entry(parse_entry(line(START + (line is written.answer), session="a", version="2.1.112")))
    assert [session for _, session in meter.request_sessions()["127.0.0.1", 40001]] == ["a"]


def test_what_was_sent_before_the_panel_started_stays_when_lines_come():
    """A log without times says nothing of before: those turns are known from the transcripts alone."""
    meter = TrafficMeter()
    for n in range(4):
        for entry in turn("before", START - 60 + 10 * n):
            meter.take_entry(entry)
    meter.take(batch(access(path="/health", method="GET"), t=START))
    assert meter.snapshot(START + 1).requests == 4
    meter.take(batch(access(port=5), t=START + 5.2))
    for entry in turn("after", START + 5):
        meter.take_entry(entry)
    assert meter.snapshot(START + 10).requests == 5


def test_a_session_that_leaves_no_line_while_the_log_is_read_went_elsewhere():
    meter = TrafficMeter()
    meter.take(batch(access(path="/health", method="GET"), t=START - 30))
    meter.take(batch(access(port=5), t=START + 5.2))
    for entry in (*turn("here", START + 5), *turn("elsewhere", START + 10)):
        meter.take_entry(entry)
    assert meter.snapshot(START + 20).requests == 1


def test_direct_and_back_again():
    meter = TrafficMeter()
    meter.set_primary("litellm")
    for at in (0, 100, 200):
        log, behind = ("vllm", None) if at == 100 else ("litellm", "vllm")
        meter.set_primary(log, since=START + at - 1)
        storm(meter, start=START + at, log=log, port=40000 + at)
        if behind:
            storm(meter, start=START + at, log=behind, port=50000 + at)
    seen = meter.snapshot(START + 210)
    assert (seen.requests, seen.turns, seen.retries) == (12, 3, 9)
    assert [storm.log for storm in seen.storms] == ["litellm", "vllm", "litellm"]


def test_a_storm_goes_on_past_a_change_of_the_path_where_the_client_counts():
    meter = TrafficMeter()
    meter.set_primary("litellm")
    texts = [written.ask(START - 0.1)]
    for n, t in enumerate(LADDER):
        texts += [written.request(START + t, f"r{n}"), written.retry(START + t + 0.02, n + 1)]
    texts += [written.request(START + 8, "last"), written.answer(START + 9, request="last")]
    for n, t in enumerate(LADDER):
        if n == 2:
            meter.set_primary("vllm", since=START + 1)
        meter.take(batch(access(500), t=START + t + 0.02, log="litellm" if n < 2 else "vllm"))
    meter.take(batch(access(200), t=START + 8.5, log="vllm"))
    for text in texts:
        meter.take_entry(parse_entry(text))
    seen = meter.snapshot(START + 20)
    assert (seen.requests, seen.turns, seen.retries) == (5, 1, 4)
    assert [(one.attempts, one.cause, one.outcome) for one in seen.storms] == [(5, "500", Outcome.RECOVERED)]


def test_a_time_without_a_look_is_reported():
    meter = TrafficMeter()
    meter.take(batch(access()))
    meter.snapshot(START)
    assert meter.snapshot(START + 1).gaps == ()
    seen = meter.snapshot(START + 65)
    assert seen.gaps == ((START + 1, START + 65),)
    assert (seen.unwatched_s, seen.unwatched) == (64, (56, 57, 58))
    assert [meter.snapshot(START + 65 + at).unwatched_s for at in range(0, 65, 5)] == [64] * 12 + [0]


def test_an_empty_batch_says_that_a_log_is_read():
    meter = TrafficMeter()
    meter.take(batch())
    seen = meter.snapshot(START)
    assert (seen.logs, seen.since, seen.amplification) == (("litellm",), START, None)


@pytest.mark.parametrize("log", ["litellm", "vllm"])
def test_error_records_of_any_log_explain_the_storm(log):
    meter = TrafficMeter()
    meter.set_primary("litellm")
    error = "(EngineCore pid=7) ERROR 11-21 14:00:00 [core.py:390] EngineCore encountered a fatal error."
    meter.take(batch(error, log=log))
    storm(meter)
    assert meter.snapshot(START + 5).storms[0].reason == "EngineCore encountered a fatal error"


def test_a_cooldown_does_not_hide_its_cause():
    meter = TrafficMeter()
    head = "14:00:00 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - "
    meter.take(batch(head + "litellm.AuthenticationError: Hosted_vllmException - Unauthorized", access(401)))
    for t in LADDER[1:]:
        meter.take(batch(head + "No deployments available for selected model, Try again", access(429), t=START + t))
    (seen,) = meter.snapshot(START + 5).storms
    assert (seen.cause, seen.reason) == ("401", "Unauthorized")


REQUESTS = st.lists(
    st.tuples(st.floats(0, 10), st.sampled_from([200, 400, 404, 429, 500, 503]), st.integers(1, 4)), max_size=60
)


@settings(max_examples=60, deadline=None)
@given(REQUESTS)
def test_every_request_is_counted_once_whatever_it_turns_out_to_be(requests):
    meter, now, counted = TrafficMeter(), START, []
    for gap, status, port in requests:
        now += gap
        counted += meter.take(batch(access(status, port), t=now)).values()
    seen = meter.snapshot(now)
    assert seen.requests == len(requests) == len(counted)
    assert all(count >= 0 for bucket in seen.buckets for count in bucket)
    assert all(1 <= number <= 11 for number in counted)
    assert seen.retries <= sum(number > 1 for number in counted)


def test_a_transcript_makes_a_storm_exact():
    meter = TrafficMeter()
    storm(meter)
    meter.take(batch(access(500, 50000), t=START + 4.1))
    for entry in storm_entries(4):
        meter.take_entry(entry)
    seen = meter.snapshot(START + 6)
    assert [(one.attempts, one.evidence, one.session) for one in seen.storms] == [(4, "transcript", written.SESSION)]
    assert (seen.requests, seen.turns, seen.retries) == (5, 2, 3)
    assert meter.client_version == "2.1.329"


def test_attempts_without_a_line_are_counted_when_they_were_sent():
    meter = TrafficMeter(window_s=60, bucket_s=15)
    meter.take(batch())
    for entry in storm_entries(4, error={"formatted": "Request timed out."}):
        meter.take_entry(entry)
    seen = meter.snapshot(START + 6)
    assert seen.buckets[-1] == Bucket(0, 1, 3)
    assert (seen.requests, seen.turns, seen.storms[0].cause, seen.waiting) == (4, 1, "timeout", 1)
    assert meter.snapshot(START + 6) == seen


def test_storms_and_turns_under_way_give_their_session_and_folder():
    meter = TrafficMeter()
    meter.take(batch())
    for name, folder in (("a", "/src/shop"), ("b", "/src/bank")):
        for text in (
            written.ask(START, session=name, cwd=folder),
            *[written.request(START + t, f"{name}{t}", session=name, digest=name) for t in LADDER],
        ):
            meter.take_entry(parse_entry(text))
    meter.take_entry(parse_entry(written.ask(START + 4, session="b", isSidechain=True, agentId="helper")))
    seen = meter.snapshot(START + 5)
    assert {(one.session, one.folder, one.agent) for one in seen.storms} == {
        ("a", "/src/shop", ""),
        ("b", "/src/bank", ""),
    }
    counted = {(one.session, one.agent, one.folder, one.attempts) for one in seen.in_flight}
    assert counted == {("a", "", "/src/shop", 4), ("b", "", "/src/bank", 4), ("b", "helper", "/src/bank", 1)}
    assert seen.waiting == 3


def test_a_retry_that_the_client_counts_as_a_turn_moves():
    meter = TrafficMeter()
    meter.take(batch(access(500), t=START))
    meter.take(batch(access(200), t=START + 0.6))
    assert meter.snapshot(START + 1).retries == 1
    for text in (
        written.request(START - 0.05, "a", digest="one"),
        written.failure(START + 0.05),
        written.ask(START + 0.3),
        written.request(START + 0.4, "b", digest="two"),
        written.answer(START + 0.9),
    ):
        meter.take_entry(parse_entry(text))
    seen = meter.snapshot(START + 1)
    assert (seen.requests, seen.turns, seen.retries) == (2, 2, 0)
    assert seen.buckets[-1] == Bucket(1, 1, 0)


def test_the_next_hops_requests_are_counted_apart():
    meter = TrafficMeter()
    meter.set_primary("litellm")
    meter.take(batch(access(500)))
    assert meter.snapshot(START).upstream is None
    meter.take(batch(*[access(500, path="/v1/chat/completions")] * 3, access(path="/health"), log="vllm"))
    seen = meter.snapshot(START)
    assert (seen.requests, seen.upstream) == (1, Upstream(1, 3, BEHIND))


ROUTER = "18:00:00 - LiteLLM Router:INFO: r.py:1 - ageneric_api_call_with_fallbacks(model=x)"
RETRIED = "LiteLLM Retried: 2 times, LiteLLM Max Retries: 2"


def test_the_proxys_own_lines_give_best_what_it_sends_on():
    meter = TrafficMeter(window_s=60, bucket_s=15)
    meter.take(batch(*[f"{ROUTER} Exception litellm.X"] * 2, f"{ROUTER} 200 OK", access(200), access(400)))
    meter.take(batch(access(200, path="/v1/chat/completions"), log="vllm"))
    assert meter.snapshot(START).upstream == Upstream(2, 3, LINES)
    assert meter.snapshot(START + 60).upstream == Upstream(0, 0, LINES)


def test_without_such_lines_the_proxys_count_of_retries_is_a_least():
    meter = TrafficMeter()
    meter.take(batch(RETRIED, RETRIED, access(500), access(200, 2)))
    assert meter.snapshot(START).upstream == Upstream(2, 4, FAILURES, at_least=True)


NEWEST = "18:00:00 - LiteLLM Router:INFO: core.py:8 - ageneric_api_call_with_fallbacks(model=x) 200 OK"
COOLS = "18:00:00 - LiteLLM Proxy:ERROR: c.py:1 - No deployments available for selected model, Try again"
SENDING = "LiteLLM completion() model= x; provider = hosted_vllm"


@pytest.mark.parametrize(
    ("lines", "counted"),
    [
        ([NEWEST, access(200)], None),
        ([NEWEST, access(200), RETRIED, RETRIED, access(500, 2)], Upstream(2, 4, FAILURES, at_least=True)),
        (
            [SENDING, NEWEST, access(200), *[SENDING] * 6, RETRIED, RETRIED, access(500, 2)],
            Upstream(2, 7, COMPLETIONS, at_least=True),
        ),
        ([RETRIED, RETRIED, access(500), COOLS, access(429, 2)], Upstream(2, 3, FAILURES, at_least=True)),
    ],
    ids=["successes only", "a count of retries", "hosted_vllm", "cooldown"],
)
def test_the_newest_litellm_gives_a_least(lines, counted):
    meter = TrafficMeter()
    meter.take(batch(*lines))
    assert meter.snapshot(START).upstream == counted


def test_what_the_log_held_before_is_not_compared():
    meter = TrafficMeter()
    meter.take(batch(f"{ROUTER} 200 OK", access(200), history=True))
    assert meter.snapshot(START).upstream is None


def test_another_first_log_counts_its_own_hop():
    meter = TrafficMeter()
    meter.take(batch(f"{ROUTER} 200 OK", access(200)))
    meter.set_primary("another")
    assert meter.snapshot(START).upstream is None


def test_a_revised_attempt_gets_another_label():
    meter, labels, end = TrafficMeter(), {}, 10
    for t, port in [(0.0, 1), (0.55, 1), (1.7, 1), (3.8, 2), (4.0, 1)]:
        labels |= meter.take(batch("noise", access(500, port), t=START + t), end)
        end += 2
        if port == 2:
            assert labels[17] == 4
    assert labels == {11: 1, 13: 2, 15: 3, 17: 1, 19: 4}


@pytest.mark.parametrize(("name", "bursts"), [("400_2.1.329", True), ("400_2.1.112", False)])
def test_the_newest_clients_bursts_of_400_are_reported(name, bursts):
    meter = TrafficMeter()
    for text in (RECORDINGS / name / "access.lines.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(text)
        meter.take(batch(entry["line"], t=entry["t"]))
    assert meter.snapshot(entry["t"]).bursts_of_400 is bursts


def test_a_400_that_a_user_sends_again_is_no_burst():
    meter = TrafficMeter()
    for t in (0, 30, 60):
        meter.take(batch(access(400), t=START + t))
    assert not meter.snapshot(START + 60).bursts_of_400


def storm_entries(count, **failure):
    """Return what 2.1.329 writes down of a turn whose attempts fail one after the other."""
    texts = [written.ask(START - 0.1)]
    for n, t in enumerate(LADDER[:count]):
        texts += [written.request(START + t, f"r{n}"), written.retry(START + t + 0.02, n + 1, **failure)]
    return [parse_entry(text) for text in texts]


def test_a_clock_that_is_set_back_starts_the_count_anew_and_keeps_storms_that_are_over():
    meter = TrafficMeter(limit=4)
    storm(meter)
    (before,) = meter.snapshot(START + 3600).storms
    assert before.outcome is Outcome.GAVE_UP
    after = meter.snapshot(START - 3600)
    assert (after.requests, after.storms) == (0, (before,))
    meter.take(batch(access(200, 7), t=START - 3599))
    assert meter.snapshot(START - 3598).requests == 1


def test_the_history_of_both_hops_counts_for_the_amplification():
    """A proxy's requests of the last hour stand beside those of the server behind it, not beside none."""
    meter = TrafficMeter()
    meter.set_primary("docker:litellm")
    line = 'INFO:     10.0.0.2:5000 - "POST /v1/messages HTTP/1.1" 200 OK'
    times = (START - 60.0, START - 40.0, START - 20.0)
    for log in ("docker:vllm", "docker:litellm"):
        meter.take(LogBatch(log, (line,) * 3, START, history=True, times=times))
        meter.take(LogBatch(log, (line,), START, history=False, times=(START,)))
    upstream = meter.snapshot(START + 1).upstream
    assert upstream is not None
    assert (upstream.asked, upstream.sent) == (4, 4)
