"""Usage from transcript lines: each answer once, its waiting, and what can be proved of retries."""

import json
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import example, given
from hypothesis import strategies as st

from stormdeck.model.retries.transcript import END_OF_TIME
from stormdeck.model.usage.counter import MOST_MODELS, UsageCounter
from stormdeck.model.usage.record import parse_record
from stormdeck.model.usage.totals import total
from transcripts import ask, failure, line, request, retry

T = 1_796_000_000.0


def answer(t, name="msg_1", usage=(2100, 0, 12), stop="end_turn", model="Qwen3.5-27B", **fields):
    uncached, cached, out = usage
    counted = {"input_tokens": uncached, "cache_read_input_tokens": cached, "output_tokens": out}
    message = {"id": name, "model": model, "stop_reason": stop, "usage": counted, "content": []}
    return line("assistant", t, message=message, **fields)


def interrupt(t):
    content = [{"type": "text", "text": "[Request interrupted by user]"}]
    return line("user", t, message={"role": "user", "content": content})


def utc_day(t):
    return datetime.fromtimestamp(t, UTC).date()


def counted(*files, day_of=utc_day, since=0.0, until=END_OF_TIME):
    counter = UsageCounter(day_of, since, until)
    for lines in files:
        for text in lines:
            record = parse_record(text)
            if record is not None:
                counter.take(record)
        counter.end_file()
    return counter


def whole(*files, **times):
    return total(counted(*files, **times).days().values())


def test_the_blocks_of_an_answer_count_once():
    one = whole([ask(T), request(T, "r1"), answer(T + 4), answer(T + 5)])
    assert (one.turns, one.tokens_in, one.tokens_out, one.waited_s) == (1, 2100, 12, 5.0)


def test_of_an_answers_lines_the_last_complete_one_wins():
    begun = answer(T + 1, usage=(2100, 0, 1), stop=None)
    assert whole([begun, answer(T + 2), answer(T + 3, usage=(2100, 0, 40))]).tokens_out == 40
    assert whole([answer(T + 1), answer(T + 2, usage=(2100, 0, 1), stop=None)]).tokens_out == 12


def test_a_resumed_session_writes_its_lines_again_and_they_count_once():
    lines = [ask(T), request(T, "r1"), answer(T + 4), ask(T + 5), failure(T + 6), ask(T + 7), request(T + 7, "r2")]
    once, twice = whole(lines), whole(lines, lines)
    assert once == twice
    assert (once.answered, once.failed, once.unfinished) == (1, 1, 1)


def test_a_subagent_counts_beside_its_session():
    inner = [ask(T + 1, agentId="a"), request(T + 1, "r2", agentId="a"), answer(T + 3, "msg_2", agentId="a")]
    one = whole([ask(T), request(T, "r1"), answer(T + 1)], inner)
    assert (one.turns, one.tokens_in, one.waited_s) == (2, 4200, 3.0)


def test_cached_tokens_are_part_of_the_prompt():
    one = whole([answer(T, usage=(100, 900, 5))])
    assert (one.tokens_in, one.tokens_cached, one.cached_share) == (1000, 900, 0.9)


def test_without_any_cached_token_the_share_is_unknown():
    assert whole([answer(T)]).cached_share is None


def test_the_share_is_of_the_servers_that_say_it():
    lines = [answer(T, usage=(100, 300, 5), model="a"), answer(T, "msg_2", usage=(5000, 0, 5), model="b")]
    assert whole(lines).cached_share == 0.75
    cold = [answer(T, "msg_3", usage=(400, 0, 5), model="a")]
    assert whole(lines, cold).cached_share == 0.375


def test_an_answer_without_its_end_has_no_known_length():
    one = whole([ask(T), answer(T + 1, usage=(2100, 0, 1), stop=None)])
    assert (one.known_in, one.known_out, one.unrecorded_out) == (2100, None, 1)


def test_a_prompt_of_no_tokens_was_not_counted():
    one = whole([answer(T, usage=(0, 0, 0))])
    assert (one.known_in, one.known_out) == (None, None)


def test_where_every_attempt_is_recorded_and_answered_nothing_was_spent_on_others():
    one = whole([ask(T), request(T, "r1"), answer(T + 4)])
    assert (one.retry_tokens, one.abandoned_tokens) == (0, 0)


def test_tokens_of_retries_are_unknown():
    one = whole([ask(T), request(T, "r1"), request(T + 1, "r2", "r1"), answer(T + 4)])
    assert (one.retries, one.retry_tokens, one.abandoned_tokens) == (1, None, None)
    numbered = whole([ask(T), retry(T + 1, 1), retry(T + 2, 2), answer(T + 4)])
    assert (numbered.retries, numbered.retry_tokens) == (2, None)
    silent = whole([ask(T), answer(T + 4)])
    assert (silent.retries, silent.retry_tokens) == (0, None)


def test_retries_that_are_recorded_in_both_ways_count_once():
    lines = [ask(T), request(T, "r1"), retry(T + 1, 1), request(T + 2, "r2", "r1"), answer(T + 4)]
    assert whole(lines).retries == 1


def test_an_interrupted_request_was_perhaps_computed():
    one = whole([ask(T), request(T, "r1"), answer(T + 1), ask(T + 2), request(T + 2, "r2"), interrupt(T + 3)])
    assert (one.unfinished, one.retry_tokens, one.abandoned_tokens) == (1, 0, None)


def test_a_client_that_ended_leaves_a_request():
    left = [ask(T), request(T, "r1"), ask(T + 900), request(T + 900, "r2"), answer(T + 901)]
    assert whole(left).unfinished == 1


def test_what_was_not_sent_is_no_turn():
    assert whole([ask(T), failure(T + 1, "Not logged in · Please run /login")]).turns == 0


def test_the_time_until_an_error_was_waited():
    one = whole([ask(T), failure(T + 180)])
    assert (one.failed, one.waited_s) == (1, 180.0)


def test_the_time_that_a_user_takes_to_allow_a_tool_was_not():
    lines = [ask(T), answer(T + 1), ask(T + 900), answer(T + 902, "msg_2")]
    assert whole(lines).waited_s == 3.0


def test_a_tool_that_ends_while_the_answer_is_still_written_waits_for_no_one():
    lines = [ask(T), answer(T + 1), ask(T + 2), answer(T + 5), answer(T + 7, "msg_2")]
    assert whole(lines).waited_s == 7.0


def test_an_answer_belongs_to_the_day_on_which_it_ends():
    midnight = datetime(2026, 12, 1, tzinfo=UTC).timestamp()
    lines = [
        ask(midnight - 5),
        answer(midnight - 1),
        answer(midnight + 1),
        ask(midnight + 2),
        answer(midnight + 3, "b"),
    ]
    days = counted(lines).days()
    assert {day.isoformat(): one.turns for day, one in days.items()} == {"2026-12-01": 2}
    east = timezone(timedelta(hours=5, minutes=45))
    west = timezone(timedelta(hours=-8))
    for zone, day in ((east, "2026-12-01"), (west, "2026-11-30")):
        days = counted(lines, day_of=lambda t, zone=zone: datetime.fromtimestamp(t, zone).date()).days()
        assert [one.isoformat() for one in days] == [day]


def test_only_the_time_asked_for_counts():
    lines = [answer(T, "a"), answer(T + 10, "b"), answer(T + 20, "c")]
    assert whole(lines, since=T + 5, until=T + 15).turns == 1
    assert whole([answer(T), answer(T + 20)], until=T + 15).turns == 0


def test_models_are_counted_apart_and_bounded():
    found = counted([answer(T, f"msg_{n}", model=f"model-{n}") for n in range(MOST_MODELS + 5)]).models()
    assert len(found) == MOST_MODELS + 1
    assert found["other models"].answered == 5


def test_an_answer_after_very_many_others_counts_once():
    names = [f"msg_{n}" for n in range(1000)]
    assert whole([answer(T + n, name) for n, name in enumerate(names + names)]).turns == 1000


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_very_many_sessions_in_a_file_are_held_in_bounds():
    lines = [text for n in range(1000) for text in (ask(T, session=f"s{n}"), request(T, f"r{n}", session=f"s{n}"))]
    assert whole(lines).unfinished == 1000


ODD = st.fixed_dictionaries(
    {"type": st.sampled_from(["assistant", "user", "api-request", "system"])},
    optional={
        "sessionId": st.just("s") | VALUES,
        "timestamp": st.sampled_from(["2026-11-30T10:00:00Z", "9999-12-31T23:59:59Z"]) | VALUES,
        "subtype": st.just("api_error"),
        "retryAttempt": st.integers() | VALUES,
        "uuid": VALUES,
        "message": VALUES
        | st.fixed_dictionaries(
            {"id": st.sampled_from(["a", "b"])},
            optional={
                "model": VALUES,
                "stop_reason": VALUES,
                "usage": VALUES
                | st.dictionaries(
                    st.sampled_from(["input_tokens", "output_tokens", "cache_read_input_tokens"]),
                    st.integers() | VALUES,
                ),
            },
        ),
    },
)


@given(st.lists(ODD.map(json.dumps) | st.text(), max_size=20))
@example(['{"type":"assistant","sessionId":"s","timestamp":"2026-11-30T10:00:00Z","message":{"id":"a","usage":[]}}'])
def test_no_line_raises_and_no_sum_is_negative(lines):
    found = counted(lines)
    for one in (*found.days().values(), *found.models().values()):
        assert min(one.answered, one.failed, one.tokens_in, one.tokens_out, one.waited_s, one.retries) >= 0
        assert one.tokens_cached <= one.tokens_in
        assert one.cached_share is None or 0 <= one.cached_share <= 1
