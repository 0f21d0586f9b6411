"""The filter of the log view: words, patterns and terms, alone and together."""

from datetime import UTC, datetime

import pytest

from stormdeck.model.logs.query import Place, Query, level_of
from stormdeck.model.logs.query_help import completion, explanation

NOW = 1_795_269_720.0
"""2026-11-21 14:02:00 UTC."""
FAILED = 'INFO:     127.0.0.1:5000 - "POST /v1/messages?beta=true HTTP/1.1" 500 Internal Server Error'
PASSED = 'INFO:     127.0.0.1:5000 - "POST /v1/messages?beta=true HTTP/1.1" 200 OK'
LITELLM = "14:01:59 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - litellm.NotFoundError: no model `X`"
VLLM = "(APIServer pid=4) WARNING 11-21 14:01:58 [serving.py:12] Field `x` is ignored"


def local(at):
    return datetime.fromtimestamp(at, UTC)


def query(text):
    return Query.read(text, NOW, local)


def passes(text, line, log="/var/log/litellm.log", arrived=NOW, session=""):
    return query(text).passes(line, Place(log, arrived, level_of(line), session))


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("messages", FAILED, True),
        ("MESSAGES -200", FAILED, True),
        ("messages -500", FAILED, False),
        ('"POST /v1"', FAILED, True),
        ('-"POST /v1"', FAILED, False),
        ("/v1/messages", FAILED, True),
        (r"/\b5\d\d\b/", FAILED, True),
        (r"/\b5\d\d\b/", PASSED, False),
        (r"-/\b5\d\d\b/", PASSED, True),
        ("/post .*beta/", PASSED, True),
        ("/not found|no model/", LITELLM, True),
        ("status:5xx", FAILED, True),
        ("status:5xx", PASSED, False),
        ("status:200,429", PASSED, True),
        ("status:400-499", FAILED, False),
        ("-status:5xx", LITELLM, True),
        ("status:5xx", LITELLM, False),
        ("level:error", LITELLM, True),
        ("level:err", LITELLM, True),
        ("level:warning", LITELLM, False),
        ("level:warning,error", VLLM, True),
        ("-level:info", FAILED, False),
        ("LEVEL:ERROR", LITELLM, True),
        ("source:lite", LITELLM, True),
        ("source:vllm", LITELLM, False),
        ("-source:vllm", LITELLM, True),
        ("level:error source:litellm model", LITELLM, True),
        ("http://127.0.0.1", FAILED, False),
        ("12:30", FAILED, False),
        ("level:", FAILED, True),
        ("info:ready", "\x1b[32mINFO\x1b[0m:ready", True),
        ("-", FAILED, True),
        ("", FAILED, True),
    ],
)
def test_a_line_passes_if_it_meets_all_parts(text, line, expected):
    assert passes(text, line) is expected


@pytest.mark.parametrize(
    ("text", "ago", "expected"),
    [
        ("since:10m", 599, True),
        ("since:10m", 601, False),
        ("since:2h", 7000, True),
        ("since:14:00", 119, True),
        ("since:14:00", 121, False),
        ("since:15:00", 3600 * 20, True),
        ("since:15:00", 3600 * 24, False),
    ],
)
def test_since_is_a_span_or_a_time_of_day_before_now(text, ago, expected):
    assert passes(text, PASSED, arrived=NOW - ago) is expected


def test_a_line_without_a_time_is_not_since_anything():
    assert not passes("since:1h", PASSED, arrived=None)


def test_a_session_is_known_by_its_request_or_named_in_the_line():
    assert passes("session:0bad", PASSED, session="0bad-c0de")
    assert not passes("session:0bad", PASSED, session="1-0bad")
    assert passes("session:0bad", "request of session 0BAD-C0DE failed")
    assert passes("-session:0bad", PASSED, session="ff")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/(/", "no regular expression"),
        ("/[[a/", "no regular expression"),
        ("/a{99999999999999999999}/", "too complicated"),
        ("/" + "a" * 400 + "/", "at most 300"),
        ("level:loud", "level:loud is not known: debug, info, warning, error"),
        ("status:abc", "status:abc is not understood"),
        ("since:soon", "since:soon is not understood"),
        ("since:25:00", "since:25:00 is not understood"),
    ],
)
def test_what_is_not_understood_is_said_and_the_rest_still_filters(text, words):
    read = query(f"{text} messages")
    assert words in read.problem
    assert read.wanted == ("messages",)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("messages", "mess", True),
        ("mess", "messages", False),
        ("mess beta", "mess", True),
        ("mess -count", "mess -count_tokens", True),
        ("mess", "mess -count", False),
        ("mess status:5xx", "mess", True),
        ("mess", "mess status:5xx", False),
        ("x since:1m", "x since:10m", True),
        ("x since:10m", "x since:1m", False),
        ("/a/ b", "/a/", True),
        ("/ab/", "/a/", False),
    ],
)
def test_a_filter_narrows_another_if_it_passes_nothing_more(one, other, expected):
    assert query(one).narrows(query(other)) is expected


def test_the_prompt_explains_and_completes_what_is_typed():
    assert "level:" in explanation("mess")
    assert explanation("mess source:", ["litellm", "vllm"]).startswith("source: litellm, vllm")
    assert "429" in explanation("-status:5")
    assert completion("mess sou") == "mess source:"
    assert completion("-level:w") == "-level:warning"
    assert completion("source:vllm,li", ["litellm", "vllm"]) == "source:vllm,litellm"
    assert completion("source:vllm", ["vllm"]) is None
    assert completion("plain") is None
