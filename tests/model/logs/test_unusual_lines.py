"""Lines that are rarely seen: Docker's own files, quoted errors that are cut, tracebacks with two prefixes."""

import json

import pytest

from stormdeck.model.logs.book import LogBook
from stormdeck.model.logs.reasons import _inner
from stormdeck.model.logs.records import Level, classify
from stormdeck.model.logs.requests.access_reader import AccessReader
from stormdeck.model.logs.tracebacks import Part, TracebackReader


def test_a_line_of_dockers_own_file_is_read_like_the_line_in_it():
    line = json.dumps({"log": "ERROR 11-20 19:21:58 [core.py:1] it broke\r\n", "stream": "stderr", "time": "2026"})
    record = classify(line)
    assert record is not None
    assert record.level is Level.ERROR


def test_a_quoted_message_that_is_cut_in_an_escape_is_shown_as_it_is():
    assert _inner('{"message": "it broke \\\\u12"}') is not None
    assert _inner("{'message': 'it broke'}") == "it broke"
    assert _inner('{"message": "it broke \\uD8"}') == "it broke \\uD8"


def test_the_book_gives_the_last_lines_of_each_log():
    book = LogBook(100)
    for number in range(4):
        book.add("a" if number % 2 else "b", [f"{number}.{at}" for at in range(3)], None, {})
    assert book.ends(2) == {"b": ["2.1", "2.2"], "a": ["3.1", "3.2"]}


def test_a_traceback_whose_lines_lost_their_prefix_is_still_one():
    lines = [
        "(APIServer pid=1) ERROR 11-20 19:21:58 [a.py:1] Traceback (most recent call last):",
        '  File "a.py", line 1, in <module>',
        "    boom()",
        "ValueError: it broke",
    ]
    parts = dict(TracebackReader().read(lines))
    assert Part.INNER in parts.values()


@pytest.mark.parametrize(
    "line",
    [
        '{"reqId": "1", "req"',
        '["reqId", "HTTP/1.1"]',
        '{"reqId": 7, "req": {"method": "POST"}}',
        '{"pid": 1, "reqId": "nobody asked", "res": {"statusCode": 200}}',
    ],
    ids=["cut", "a list", "a number", "an answer without its request"],
)
def test_a_line_of_claude_code_router_that_is_damaged_is_no_request(line):
    assert AccessReader().read(line) is None
