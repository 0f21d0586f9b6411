"""Tracebacks are recognised by the lines around them, as the real programs write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from log_lines import lines_of
from places import TESTS
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.logs.tracebacks import LONGEST, Part, TracebackReader

DATA = TESTS / "data" / "logs"
PREFIX = "(APIServer pid=7) ERROR 11-20 18:34:32 [serving.py:929] "
PLAIN = ["Traceback (most recent call last):", '  File "a.py", line 1, in f', "    g()", "ValueError: no"]
RECORD = "INFO:     Shutting down"


def folds(lines):
    """Return each traceback: the indexes of its first and its last line, and what its exception says."""
    found = []
    for at, part in TracebackReader().read(lines):
        if part is Part.BEGINNING:
            found.append([at, at, ""])
        found[-1][1] = at
        if part is Part.SAYING:
            found[-1][2] = lines[at]
    return [tuple(one) for one in found]


def spans(lines):
    return [(first, last) for first, last, _ in folds(lines)]


REAL = {
    "claude-code-proxy.log": [(62, 110)],
    "litellm-1.80-debug.log": [(41, 43), (51, 92), (109, 152)],
    "litellm-1.109-gunicorn.log": [(66, 117), (127, 178)],
    "litellm-1.109-json_logs.log": [],
    "litellm-1.109-log_config.log": [(39, 90)],
    "litellm-1.109-pty-ansi.log": [(36, 87)],
    "session-L_401_cooldown_2.1.329.log": [(37, 86), (99, 148), (155, 204)],
    "vllm-0.28.log": [(118, 163), (166, 211), (214, 218)],
    "vllm-0.32-enginekill.log": [(170, 176)],
    "vllm-0.32-stopped.log": [(34, 40)],
}
"""The lines of each traceback, the first and the last, counted from 0."""


@pytest.mark.parametrize("name", REAL)
def test_those_of_the_real_programs_are_read_whole(name):
    assert spans(lines_of(name)) == REAL[name]


@pytest.mark.parametrize("name", REAL)
def test_no_request_is_ever_inside_one(name):
    lines = lines_of(name)
    for first, last in spans(lines):
        assert not any(parse_access(line) for line in lines[first : last + 1])


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("litellm-1.80-debug.log", "fastapi.exceptions.HTTPException: 400: "),
        ("litellm-1.109-gunicorn.log", "litellm.exceptions.AuthenticationError: "),
        ("vllm-0.32-enginekill.log", "EngineDeadError: EngineCore encountered an issue"),
    ],
)
def test_the_last_exception_of_a_chain_says_what_came_of_it(name, says):
    assert says in folds(lines_of(name))[0][2]


@pytest.mark.parametrize(
    ("below", "inside"),
    [
        ([RECORD], 0),
        (["what it says goes on", RECORD], 1),
        (["", "During handling of the above exception, another exception occurred:", "", *PLAIN, RECORD], 7),
        (PLAIN, 0),
    ],
    ids=["a record", "a message of many lines", "a chain", "another one"],
)
def test_a_plain_one_in_a_log_of_records(below, inside):
    assert spans([RECORD, *PLAIN, *below])[0] == (1, 4 + inside)


@pytest.mark.parametrize(
    ("below", "inside"),
    [(["anything else"], 0), (["", "  more of it", "anything else"], 2), (["field", "  is missing", "else it is"], 2)],
    ids=["a line", "what is indented", "a validation error"],
)
def test_where_the_log_writes_no_records_the_exception_is_the_end(below, inside):
    assert spans(["a line", *PLAIN, *below]) == [(1, 4 + inside)]


def test_two_records_of_the_same_second_are_two():
    one = [PREFIX + line for line in ["Error in create_messages: no", *PLAIN]]
    assert spans(one * 3) == [(1, 4), (6, 9), (11, 14)]


@pytest.mark.parametrize(
    "carrier",
    [
        "vllm-1  | ",
        "Nov 20 18:34:32 host vllm[7]: ",
        "2026-11-20T18:34:32.123456789Z ",
        "\x1b[0;36m(Worker pid=7)\x1b[0;0m ",
    ],
    ids=["compose", "journald", "docker", "coloured"],
)
def test_what_a_collector_puts_before_each_line_does_not_hide_one(carrier):
    assert spans([carrier + line for line in [*PLAIN, "INFO:     up"]]) == [(0, 3)]


def test_a_time_before_each_line_may_pass():
    lines = [f"2026-11-20T18:34:{second:02}.5Z {line}" for second, line in enumerate([*PLAIN, RECORD])]
    assert spans(lines) == [(0, 3)]


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        'said "Traceback (most recent call last):" to me',
        '{"log": "Traceback (most recent call last):"}',
    ],
    ids=["nothing below it", "quoted", "JSON"],
)
def test_words_alone_hide_no_line(line):
    assert all(first == last for first, last in spans([line, "GET / 200", "GET / 200"]))


def test_one_is_never_longer_than_can_be():
    assert spans([*PLAIN[:3], *["    f()"] * (3 * LONGEST)]) == [(0, LONGEST - 1)]


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 230), max_size=8), name=st.sampled_from(sorted(REAL)))
def test_the_pieces_that_a_log_is_read_in_make_no_difference(cuts, name):
    lines = lines_of(name)
    reader, parts, at = TracebackReader(), [], 0
    for cut in [*sorted(min(cut, len(lines)) for cut in cuts), len(lines)]:
        parts += [(at + place, part) for place, part in reader.read(lines[at:cut])]
        at = cut
    whole = [*TracebackReader().read(lines)]
    assert [place for place, _ in parts] == [place for place, _ in whole]
