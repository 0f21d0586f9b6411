"""Which lines are polls, which say what went wrong for a user, and what is known of one line."""

import pytest

from samples import LIVE, NOW
from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.line_facts import beside, fields_of, storm_of
from stormdeck.model.logs.probes import is_probe
from stormdeck.model.logs.query_help import completion, explanation
from stormdeck.model.logs.trouble import is_trouble

NGINX = '10.0.0.9 - - [21/Nov/2026:14:02:00 +0000] "{} HTTP/1.1" {} 12 "-" "curl/8" 0.250'


def access(request, status=200):
    return f'INFO:     127.0.0.1:5000 - "{request} HTTP/1.1" {status} OK'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (access("GET /health"), True),
        ("(APIServer pid=4) " + access("GET /metrics"), True),
        (access("GET /v1/models/Qwen"), True),
        (access("GET /version", 404), True),
        (access("HEAD /api/hello", 404), True),
        (access("GET /v1/messages", 405), True),
        (NGINX.format("GET /health", 200), True),
        (access("POST /v1/messages"), False),
        (access("POST /health"), False),
        (access("GET /users"), False),
        ("INFO: please GET /health of HTTP/1.1", False),
        ("GET", False),
    ],
)
def test_polls_and_probes_are_known_behind_any_prefix(text, expected):
    assert is_probe(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (access("POST /v1/messages?beta=true", 500), True),
        (access("POST /v1/chat/completions", 404), True),
        (access("POST /v1/messages", 200), False),
        (access("POST /v1/messages/count_tokens", 404), False),
        (access("GET /version", 404), False),
        (access("POST /api/event_logging/batch", 404), False),
        ("ERROR 11-21 14:01:58 [core.py:9] EngineCore encountered an issue", True),
        ("WARNING 11-21 14:01:58 [core.py:9] an ERROR is quoted", False),
        ("14:01:59 - LiteLLM:ERROR: a.py:1 - Error creating standard response logging payload: x", False),
        ("ERROR:    Exception in ASGI application", True),
        ("  File ERROR", False),
        ("port 50012 took 450 ms", False),
    ],
)
def test_trouble_is_what_somebody_waits_for_in_vain(text, expected):
    assert is_trouble(text) is expected


def book_of(*batches):
    book = LogBook()
    for log, text, at in batches:
        book.add(log, [text], at, {0: 2} if "POST" in text else None)
    return book


def test_the_fields_of_a_line_are_those_it_has():
    book = book_of(
        ("a", NGINX.format("POST /v1/messages", 500), NOW),
        ("a", "14:01:59 - LiteLLM:ERROR: a.py:1 - litellm.NotFoundError: The model `X` does not exist.", NOW),
        ("a", "only words", NOW),
    )
    request, error, words = (dict(fields_of(book.line(number))) for number in range(3))
    assert (request["request"], request["status"], request["attempt"]) == ("POST /v1/messages", "500", "2")
    assert "port" not in request
    assert (error["level"], error["written"], error["logger"]) == ("error", "14:01:59", "LiteLLM a.py:1")
    assert error["reason"] == "model `X` does not exist"
    assert words == {}


def test_the_storm_of_a_line_is_the_one_of_its_log_and_time():
    book = book_of(
        (LIVE.log, access("POST /v1/messages", 500), LIVE.started + 1),
        (LIVE.log, access("POST /v1/messages", 500), LIVE.started - 60),
        (LIVE.log, "words", LIVE.started + 1),
        (LIVE.log, access("POST /v1/messages", 500), None),
    )
    assert [storm_of(book.line(number), (LIVE,)) for number in range(4)] == [LIVE, None, None, None]
    assert storm_of(book.line(0), (LIVE, LIVE)) is None


def test_beside_a_line_are_requests_and_records_of_other_logs_at_that_moment():
    book = book_of(
        ("b", access("POST /v1/chat/completions", 500), NOW - 60),
        ("b", access("POST /v1/chat/completions", 500), NOW - 1),
        ("a", access("POST /v1/messages", 500), NOW),
        ("a", access("POST /v1/messages", 500), NOW),
        ("b", access("GET /health"), NOW),
        ("b", "  continued", NOW),
        ("c", "ERROR 11-21 14:01:58 [core.py:9] no memory", NOW + 1),
        ("c", "before the panel", None),
    )
    assert [line.number for line in beside(book, book.line(2))] == [1, 6]
    assert beside(book, book.line(7)) == []


def test_the_moment_of_the_book_is_its_first_line_from_then_on():
    book = book_of(("a", "old", None), ("a", "x", NOW), ("a", "y", NOW + 60))
    assert [book.number_at(at) for at in (NOW - 60, NOW, NOW + 1, NOW + 999)] == [None, 1, 2, 2]
    assert LogBook().number_at(NOW) is None


def test_probes_that_left_the_book_are_forgotten():
    book = LogBook(limit=10)
    for _ in range(3):
        book.add("a", [access("GET /health")] * 3000, NOW, own=[0])
    assert book.probe_count(0, book.end) == 10
    assert len(book.probes) < 9000
    assert (book.is_probe(book.end - 1), book.is_probe(book.end)) == (True, False)
    assert not book.is_own(0)


def test_the_prompt_offers_nothing_where_it_knows_nothing():
    assert explanation("url:").startswith("words")
    assert completion("url:x") is None
    assert completion("session:4", [], ["4f1c"]) == "session:4f1c"
    assert explanation("session:", [], ["4f1c"]).startswith("session: 4f1c")
    assert explanation("since:") == "since: 10m, 2h, or a time such as 14:05"
