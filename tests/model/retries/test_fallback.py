"""A stream that was cut off, and the same request sent again without streaming: ``-p`` up to 2.1.112."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.reconcile import reconcile
from stormdeck.model.retries.sessions import End, Sessions, TranscriptTurn
from stormdeck.model.retries.transcript import parse_entry
from transcripts import SESSION, answer, ask, line

T = 1_795_202_521.0
HOST = "127.0.0.1"
TURN = TranscriptTurn(SESSION, "", "2.1.42", T + 0.3, T + 1.275, end=End.ANSWERED, words=13)
CUT = Request("log", 200, HOST, 55070, T + 0.655)
WHOLE = Request("log", 200, HOST, 55074, T + 1.271)


def counts(*lines, turn=TURN):
    """Return how many retries and how many auxiliary requests there are."""
    account = reconcile(lines, [turn], {SESSION: (turn.started, turn.last_seen)}, 11)
    return account.retries, account.auxiliary


def changed(turn=TURN, **values):
    return TranscriptTurn(
        **{
            name: getattr(turn, name)
            for name in ("session", "agent", "version", "started", "last_seen", "end", "words")
        }
        | values
    )


def test_a_cut_stream_and_the_whole_answer_are_one_turn():
    assert counts(CUT, WHOLE) == (1, 0)


def test_what_came_after_the_answer_or_before_the_prompt_is_not_the_cut_attempt():
    before, after = CUT._replace(t=TURN.started - 3.0), CUT._replace(t=TURN.last_seen + 0.3)
    assert counts(before, WHOLE)[0] == 0
    assert counts(WHOLE, after)[0] == 0


@pytest.mark.parametrize(
    "lines",
    [
        (CUT, WHOLE._replace(t=T + 1.125)),
        (CUT, WHOLE._replace(t=T + 1.26)),
        (CUT, WHOLE._replace(late=0.25)),
        (CUT, WHOLE._replace(host="10.0.0.7")),
        (CUT, WHOLE._replace(t=T + 1.266), WHOLE._replace(port=55080)),
    ],
    ids=["streamed for 150 ms", "streamed at the bound", "read some time after it came", "another client", "two whole"],
)
def test_an_auxiliary_request_beside_a_streamed_answer_is_none_of_its_attempts(lines):
    assert counts(*lines)[0] == 0


@given(st.integers(0, 4), st.floats(0, 0.9))
def test_an_answer_of_a_few_words_proves_nothing(words, before):
    assert counts(CUT, WHOLE._replace(t=TURN.last_seen - before), turn=changed(words=words))[0] == 0


@given(st.integers(5, 5000), st.floats(0.021, 0.9))
def test_an_answer_that_may_have_been_streamed_is_no_fallback(words, before):
    assert counts(CUT, WHOLE._replace(t=TURN.last_seen - before), turn=changed(words=words))[0] == 0


def test_a_turn_without_an_answer_has_no_fallback():
    assert counts(CUT, WHOLE, turn=changed(end=End.LEFT))[0] == 0


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"content": [{"type": "text", "text": "one two three"}], "usage": {"output_tokens": 9}}, 3),
        ({"content": [{"type": "text", "text": "one two three"}], "usage": {"output_tokens": 2}}, 2),
        ({"content": [{"type": "text", "text": "one two three"}]}, 0),
        ({"content": [{"type": "tool_use", "input": {"a": "b c"}}, "x"], "usage": {"output_tokens": 9}}, 0),
        ({"content": "one two", "usage": {"output_tokens": 9}}, 0),
        ({"content": [{"text": 3}], "usage": []}, 0),
        ({"content": [{"text": "a b"}], "usage": {"output_tokens": -4}}, 0),
    ],
)
def test_the_words_of_an_answer_are_counted_and_no_more_than_its_tokens(message, words):
    entry = parse_entry(line("assistant", T, message={"id": "msg_1", "model": "Qwen3.5-27B", **message}))
    assert entry.words == words


def test_a_turn_knows_the_words_of_its_first_block():
    sessions = Sessions()
    for text in (ask(T), answer(T + 1), answer(T + 2)):
        sessions.take(parse_entry(text))
    assert [turn.words for turn in sessions.turns] == [0]
