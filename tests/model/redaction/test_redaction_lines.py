"""Log lines in a bundle: rebuilt from their known parts, so that no free text remains."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.logs.records import classify
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.masking.redaction.log_lines import LogStructure, message_structure

SAID = "pay Anna 4711 Euro"
PROXY = "18:22:01 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - "
MODEL = "Error with model error=ErrorInfo(message='The model `anna` does not exist.', type='NotFoundError', code=404)"
ENGINE = (
    "INFO 11-20 18:22:01 [loggers.py:335] Engine 000: Avg prompt throughput: 1.0 tokens/s, Avg generation throughput: "
    "2.0 tokens/s, Running: 1 reqs, Waiting: 0 reqs, GPU KV cache usage: 4.5%"
)
ACCESS = 'INFO:     127.0.0.1:51234 - "POST /v1/messages?beta=true HTTP/1.1" 500 Internal Server Error'


def kept(*lines):
    structure = LogStructure()
    return [short for line in lines if (short := structure.line(line)) is not None]


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (ACCESS, 'INFO:     127.0.0.1:51234 - "POST /v1/messages?beta=true HTTP/1.1" 500'),
        (
            '(APIServer pid=7) INFO:     127.0.0.1:1 - "GET /v1/models/anna?user=anna HTTP/1.1" 200 OK',
            'INFO:     127.0.0.1:1 - "GET /v1/models/*?* HTTP/1.1" 200',
        ),
        (
            '{"message": "127.0.0.1:9 - \\"POST /v1/messages HTTP/1.1\\" 429", "timestamp": "2026-11-20T18:22:01Z",'
            ' "level": "INFO", "prompt": "' + SAID + '"}',
            '2026-11-20T18:22:01.000+00:00 INFO:     127.0.0.1:9 - "POST /v1/messages HTTP/1.1" 429',
        ),
        (
            PROXY + f'litellm.BadRequestError: Hosted_vllmException - {{"message": "{SAID}", "code": 400}}',
            PROXY + "BadRequestError Hosted_vllmException 400",
        ),
        (
            f"(APIServer pid=7) ERROR 11-20 18:22:01 [serving.py:214] {MODEL}",
            "ERROR 11-20 18:22:01 [serving.py:214] 404: does not exist, NotFoundError",
        ),
        (f"ERROR:    {SAID}", "ERROR:     (a message)"),
        (
            f'{{"level": "ERROR", "asctime": "", "logger": "serving.py:214", "message": "{SAID} EngineDeadError"}}',
            "ERROR:     EngineDeadError",
        ),
        (f"(APIServer pid=7) {ENGINE}", ENGINE),
        ("INFO:     Application startup complete.", "INFO:     Application startup complete"),
    ],
    ids=[
        "access",
        "path and query",
        "json",
        "litellm error",
        "vllm error",
        "other error",
        "json error",
        "engine",
        "start",
    ],
)
def test_a_line_keeps_its_structure(line, shown):
    assert kept(line) == [shown]


@pytest.mark.parametrize(
    "line",
    [
        SAID,
        f"18:22:01 - LiteLLM:DEBUG: utils.py:1 - messages=[{{'content': '{SAID}'}}]",
        f"INFO 11-20 18:22:01 [logger.py:1] Received request: prompt: '{SAID}'",
        f'{{"level": "info", "message": "{SAID}"}}',
        "",
    ],
    ids=["text", "debug", "a prompt", "json", "blank"],
)
def test_a_line_that_only_says_something_is_left_out(line):
    assert kept(line) == []


def test_a_traceback_keeps_its_places_in_libraries():
    assert kept(
        "ERROR:    Exception in ASGI application",
        "Traceback (most recent call last):",
        '  File "/opt/x/lib/python3.11/site-packages/litellm/main.py", line 3, in acompletion',
        f"    raise ValueError({SAID!r})",
        '  File "/home/anna/hooks.py", line 9, in anna_pays',
        f"ValueError: {SAID}",
    ) == [
        "ERROR:     Exception in ASGI application",
        '  File "site-packages/litellm/main.py", line 3, in acompletion',
    ]


def test_a_frame_outside_of_a_failure_is_left_out():
    assert kept('  File "/opt/lib/site-packages/litellm/main.py", line 3, in acompletion') == []


@pytest.mark.parametrize(
    "line", [ACCESS, "18:22:01 - LiteLLM Proxy:ERROR: utils.py:1 - x", "ERROR 11-20 18:22:01 [utils.py:1] x"]
)
def test_what_is_kept_is_read_as_the_line_itself(line):
    [shown] = kept(line)
    if " HTTP/" in line:
        assert parse_access(shown) == parse_access(line)
    else:
        before, after = classify(line), classify(shown)
        assert (after.level, after.clock, after.source) == (
            before.level,
            before.clock,
            before.source,
        )


@settings(max_examples=60, deadline=None)
@given(st.text(string.ascii_lowercase + " '\"{}", min_size=8, max_size=60))
def test_a_message_shows_no_words_of_its_own(said):
    shown = message_structure(f"litellm.BadRequestError: Exception - {{'input': 'qq{said}qq'}}")
    assert "qq" not in shown
    assert shown.startswith("BadRequestError")


@pytest.mark.parametrize("clock", ["1e300", "-1e300", "253402300800000", '"9999-12-31T23:59:59-01:00"', "null", "true"])
def test_a_clock_of_no_calendar_is_left_out_and_its_request_kept(clock):
    line = '{"message": "127.0.0.1:9 - \\"POST /v1/messages HTTP/1.1\\" 429", "timestamp": ' + clock + "}"
    assert [short.partition("INFO")[2] for short in kept(line)] == [
        ':     127.0.0.1:9 - "POST /v1/messages HTTP/1.1" 429'
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.sampled_from('{}[]":,\\ \x1b\ud800é0aE/-'), max_size=30), max_size=6))
def test_no_line_is_too_strange(said):
    kept(*said, *(f'{{"level": "ERROR", "message": {one!r}}}' for one in said), *(f"{one} HTTP/1.1" for one in said))
