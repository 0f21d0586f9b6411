"""What is read from a line of a transcript, and what is not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import transcripts as written
from stormdeck.model.retries.transcript import LONGEST_ENTRY, EntryKind, parse_entry

T = 1_795_202_492.375


def test_a_prompt():
    entry = parse_entry(written.ask(T))
    assert (entry.kind, entry.session, entry.t, entry.version) == (EntryKind.ASK, written.SESSION, T, "2.1.329")


def test_a_request():
    entry = parse_entry(written.request(T, "r2", base="r1", digest="abc"))
    assert (entry.kind, entry.id, entry.base, entry.digest) == (EntryKind.REQUEST, "r2", "r1", "abc")


def test_a_retry():
    entry = parse_entry(written.retry(T, 3, 529, 2.44, 4))
    assert (entry.kind, entry.attempt, entry.cause, entry.wait, entry.limit) == (EntryKind.RETRY, 3, "529", 2.44, 5)


def test_an_answer():
    entry = parse_entry(written.answer(T, "msg_7", requestRef="r2"))
    assert (entry.kind, entry.id, entry.request) == (EntryKind.ANSWER, "msg_7", "r2")


@pytest.mark.parametrize(
    ("error", "source", "cause"),
    [
        ({"status": 503}, None, "503"),
        ({"formatted": "Request timed out."}, "request_retry", "timeout"),
        ({"formatted": "Connection dropped (ECONNRESET)"}, "request_retry", "reset"),
        ({"formatted": "Connection dropped (ECONNRESET)"}, "connection_retry", "cut"),
        ({"connection": {"code": "ECONNREFUSED"}}, None, "refused"),
        ({"cause": {"code": "ECONNRESET"}}, None, "reset"),
        ({"cause": {}}, None, ""),
        ({}, None, ""),
        ("strange", None, ""),
        ({"status": True, "formatted": 7}, None, ""),
    ],
    ids=["status", "timeout", "reset", "cut", "refused", "code", "bare", "nothing", "no object", "no text"],
)
def test_why_an_attempt_failed(error, source, cause):
    assert parse_entry(written.retry(T, 1, error=error, source=source)).cause == cause


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('API Error: 500 {"type":"error","error":{"message":"boom"}}', "500"),
        ("Failed to authenticate. API Error: 401 Unauthorized", "401"),
        ("API Error: Request rejected (429) · Too many requests", "429"),
        ("There's an issue with the selected model (X). It may not exist", "404"),
        ("Request timed out", "timeout"),
        ("API Error: Unable to connect to API (ECONNRESET)", "reset"),
        ("API Error: Connection dropped (ECONNRESET). Check the gateway", "reset"),
        ("API Error: Connection refused — a firewall may be blocking it (ECONNREFUSED)", "refused"),
        ("API Error: Unable to connect to API. Check your internet connection", "refused"),
        ("API Error: Connection error.", "reset"),
        ("API Error: terminated", "cut"),
        ("Request too large (max 20MB). Try with a smaller file.", "413"),
        ("Prompt is too long · the provider said", "400"),
        ("Execution error", ""),
    ],
)
def test_what_the_user_was_shown(text, cause):
    entry = parse_entry(written.failure(T, text))
    assert (entry.kind, entry.cause) == (EntryKind.FAILURE, cause)


def test_a_status_of_its_own_counts_more_than_words():
    assert parse_entry(written.failure(T, "Request timed out", apiErrorStatus=529)).cause == "529"
    assert parse_entry(written.failure(T, "Execution error", error="model_not_found")).cause == "404"


@pytest.mark.parametrize(
    "text",
    ["Not logged in · Please run /login", "Invalid API key · Please run /login", "API Error: Invalid URL"],
)
def test_a_client_that_cannot_ask_sent_nothing(text):
    assert parse_entry(written.failure(T, text, error="authentication_failed")).cause == "unsent"


def test_a_subagent_is_another_thread():
    assert parse_entry(written.answer(T, isSidechain=True, agentId="a1")).agent == "a1"
    assert parse_entry(written.request(T, "r1", agentId="a1")).agent == "a1"


def test_a_line_gives_where_its_session_works():
    assert parse_entry(written.ask(T, cwd="/home/dev/shop")).folder == "/home/dev/shop"
    assert parse_entry(written.request(T, "r1")).folder == ""


def test_no_word_of_what_was_said_is_kept():
    lines = [written.ask(T), written.retry(T, 1), written.answer(T), written.failure(T)]
    assert "secret" not in repr([parse_entry(line) for line in lines])


@pytest.mark.parametrize(
    "line",
    [
        "",
        "not JSON",
        '{"type":"assistant"',
        written.answer(T)[:-20],
        '[{"type":"user"}]',
        '{"type":"user","timestamp":"2026-11-20T19:21:32.409Z"}',
        '{"type":"user","sessionId":"s"}',
        '{"type":"user","sessionId":"s","timestamp":"soon"}',
        '{"type":"user","sessionId":7,"timestamp":"2026-11-20T19:21:32.409Z"}',
        written.ask(T, isMeta=True),
        written.line("assistant", T, message="text"),
        written.line("assistant", T, message={"model": "<synthetic>", "id": "x"}),
        written.line("assistant", T, message={"model": "m"}),
        written.retry(T, 0),
        written.retry(T, float("nan")),
        written.retry(T, "3"),
        written.line("system", T, subtype="turn_duration"),
        written.line("attachment", T, attachment={"type": "user"}),
        '{"type":"user","a":' + "[" * 100_000,
        written.ask(T, padding="x" * LONGEST_ENTRY),
    ],
    ids=str(list(range(20)))[1:-1].split(", "),
)
def test_what_says_nothing(line):
    assert parse_entry(line) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KINDS = [written.ask(T), written.request(T, "r"), written.retry(T, 2), written.answer(T), written.failure(T)]
FIELDS = ("type", "subtype", "message", "error", "retryAttempt", "retryInMs", "maxRetries", "apiErrorStatus", "cause")


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
)
def test_damaged_fields_never_raise(line, changes):
    parse_entry(json.dumps(json.loads(line) | changes))
