"""Answers of servers that few have: empty, without a count, without an end."""

import json
from dataclasses import replace

import pytest

from canary_samples import facts, heard, judged
from stormdeck.model.canary.check import Question, Verdict
from stormdeck.model.canary.client import _object, shape_of
from stormdeck.model.canary.plan import _notes
from stormdeck.model.canary.reply import Reply
from stormdeck.model.canary.response import LIMIT
from stormdeck.model.snapshots.failure import FailureKind
from stormdeck.model.symbols import Health

BASE = "http://127.0.0.1:8000"


@pytest.mark.parametrize("text", ["{", "[1]", "", '{"a": 1}'])
def test_an_extra_body_that_is_no_object_is_not_sent(text):
    assert _object(text) == ({"a": 1} if "a" in text else {})
    assert shape_of(facts(BASE, CLAUDE_CODE_EXTRA_BODY=text)).extra == _object(text)


def test_an_empty_stream_is_a_warning():
    start = json.dumps({"type": "message_start", "message": {"role": "assistant", "content": [], "usage": {}}})
    stop = json.dumps({"type": "message_stop"})
    stream = f"event: message_start\ndata: {start}\n\nevent: message_stop\ndata: {stop}\n\n".encode()
    found = judged(Question.STREAM, (200, "text/event-stream", stream))
    assert (found.verdict, found.message) == (Verdict.WARN, "an empty stream")


def test_a_count_without_a_number_is_a_warning():
    found = judged(Question.COUNT_TOKENS, (200, "application/json", b'{"tokens": 3}'))
    assert found.message == "an answer without a count"


def test_an_unknown_model_without_an_answer_proves_nothing():
    assert judged(Question.UNKNOWN_MODEL, (None, "", b""), gone=FailureKind.REFUSED).verdict is not Verdict.PASS


@pytest.mark.parametrize("status", [408, 504])
def test_a_server_behind_that_is_too_slow_is_named(status):
    body = json.dumps({"error": {"message": "timeout"}}).encode()
    assert judged(Question.PLAIN, (status, "application/json", body)).verdict is Verdict.FAIL


def test_text_before_its_block_is_kept():
    reply = Reply()
    reply._extend({"text": "early"}, 0.0)
    assert [block.text for block in reply.blocks] == ["early"]


def test_a_long_answer_is_cut_off():
    answer = heard(Question.PLAIN, 200, "application/json", b"x" * (LIMIT + 1))
    assert answer.reply is None


def test_a_helper_that_is_not_run_is_a_note():
    known = facts(BASE, ANTHROPIC_AUTH_TOKEN=None)
    helped = replace(known, values={**known.values, "apiKeyHelper": "cat key"})
    assert _notes(helped) == ["apiKeyHelper is not run, so the requests have no key."]
    assert _notes(known) == ["No token is configured, so the requests have none."]


def test_an_unknown_model_that_is_refused_for_another_reason_is_a_warning_with_that_reason():
    body = json.dumps({"error": {"message": "the engine is dead"}}).encode()
    found = judged(Question.UNKNOWN_MODEL, (500, "application/json", body))
    assert found.verdict is Verdict.WARN
    assert "the engine is dead" in found.message


def test_a_stream_that_is_cut_is_a_failure_that_says_what_the_client_does():
    start = json.dumps({"type": "message_start", "message": {"role": "assistant", "content": [], "usage": {}}})
    stream = f"event: message_start\ndata: {start}\n\n".encode()
    found = judged(Question.STREAM, (200, "text/event-stream", stream), gone=FailureKind.CUT)
    assert found.verdict is Verdict.FAIL
    assert found.message.startswith("the stream was cut: ")
    assert found.message.endswith("the client drops the answer and retries")


@pytest.mark.parametrize(
    ("verdict", "health"),
    [
        (Verdict.PASS, Health.OK),
        (Verdict.WARN, Health.WARNING),
        (Verdict.FAIL, Health.ERROR),
        (Verdict.SKIP, Health.UNKNOWN),
        (Verdict.UNKNOWN, Health.UNKNOWN),
    ],
)
def test_a_verdict_has_the_health_of_its_sign(verdict, health):
    assert verdict.health is health
