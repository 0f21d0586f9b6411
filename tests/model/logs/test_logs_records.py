"""Records begin where their servers begin them, and boil down to a reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from log_lines import lines_of
from places import TESTS
from stormdeck.model.logs.reasons import LONGEST_REASON, is_cooldown, reason
from stormdeck.model.logs.records import Level, RecordReader, classify

DATA = TESTS / "data" / "logs"
LOGS = sorted(path.name for path in DATA.glob("*.log"))


@pytest.mark.parametrize(
    ("line", "level", "clock", "source", "message"),
    [
        pytest.param(
            "18:16:28 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - it broke",
            Level.ERROR,
            "18:16:28",
            "LiteLLM Proxy common_request_processing.py:1984",
            "it broke",
            id="litellm",
        ),
        pytest.param(
            "\x1b[92m18:18:28 - LiteLLM Router:INFO\x1b[0m: router.py:3039 - text",
            Level.INFO,
            "18:18:28",
            "LiteLLM Router router.py:3039",
            "text",
            id="litellm-1.80-coloured",
        ),
        pytest.param(
            "18:16:28 - LiteLLM Proxy.stdout:WARNING: auth.py:211 - no key",
            Level.WARNING,
            "18:16:28",
            "LiteLLM Proxy.stdout auth.py:211",
            "no key",
            id="litellm-stdout",
        ),
        pytest.param(
            '{"message": "it broke", "level": "ERROR", "timestamp": "2026-11-20T18:24:13.3", "component": "LiteLLM"}',
            Level.ERROR,
            "2026-11-20T18:24:13.3",
            "LiteLLM",
            "it broke",
            id="litellm-json",
        ),
        pytest.param(
            "(APIServer pid=26479) WARNING 11-20 18:19:29 [system_utils.py:255] Found ulimit",
            Level.WARNING,
            "11-20 18:19:29",
            "APIServer system_utils.py:255",
            "Found ulimit",
            id="vllm",
        ),
        pytest.param(
            "(VllmWorker-0 pid=5895) WARNING 11-20 18:50:53 [vllm.py:725] Runner",
            Level.WARNING,
            "11-20 18:50:53",
            "VllmWorker-0 vllm.py:725",
            "Runner",
            id="vllm-worker",
        ),
        pytest.param(
            "INFO 11-20 18:46:57 [importing.py:53] Triton",
            Level.INFO,
            "11-20 18:46:57",
            "importing.py:53",
            "Triton",
            id="vllm-bare",
        ),
        pytest.param(
            '{"asctime": "2026-11-20 18:36:13,219", "levelname": "INFO", "name": "vllm.config", "message": "Using"}',
            Level.INFO,
            "2026-11-20 18:36:13,219",
            "vllm.config",
            "Using",
            id="vllm-json",
        ),
        pytest.param(
            "INFO:     Started server process [1]",
            Level.INFO,
            "",
            "uvicorn",
            "Started server process [1]",
            id="uvicorn",
        ),
        pytest.param(
            "ERROR:    [Errno 98] in use", Level.ERROR, "", "uvicorn", "[Errno 98] in use", id="uvicorn-error"
        ),
        pytest.param(
            "(APIServer pid=1) INFO:     Shutting down",
            Level.INFO,
            "",
            "uvicorn",
            "Shutting down",
            id="uvicorn-vllm-0.28",
        ),
        pytest.param(
            "2026-11-20 18:37:04,148 - INFO - Retrying request",
            Level.INFO,
            "2026-11-20 18:37:04,148",
            "",
            "Retrying request",
            id="asctime",
        ),
        pytest.param(
            "[2026-11-20 18:47:03 +0000] [14585] [INFO] Starting gunicorn",
            Level.INFO,
            "2026-11-20 18:47:03 +0000",
            "",
            "Starting gunicorn",
            id="gunicorn",
        ),
        pytest.param('{"level":50,"time":1795200057075,"msg":"it broke"}', Level.ERROR, "", "", "it broke", id="pino"),
        pytest.param(
            '{"level":40,"err":{"message":"terminated"}}', Level.WARNING, "", "", "terminated", id="pino-error-object"
        ),
        pytest.param(
            "litellm-1  | 18:16:28 - LiteLLM:ERROR: a.py:1 - it broke",
            Level.ERROR,
            "18:16:28",
            "LiteLLM a.py:1",
            "it broke",
            id="compose",
        ),
    ],
)
def test_a_record_gives_level_time_source_and_message(
    line: str, level: Level, clock: str, source: str, message: str
) -> None:
    record = classify(line)
    assert record is not None
    assert (record.level, record.clock, record.source, record.message) == (level, clock, source, message)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Traceback (most recent call last):",
        '  File "x.py", line 1, in f',
        "    ^^^^^",
        "litellm.exceptions.InternalServerError: it broke",
        "LiteLLM: Proxy initialized with Config, Set models:",
        "NOTE: not a level",
        '{"error": "body of an answer"}',
        '{"level": true}',
        "{broken",
        "(APIServer pid=1) ERROR 11-20 18:22:01 [api_router.py:73] Traceback (most recent call last):",
        "(APIServer pid=1) ERROR 11-20 18:22:01 [api_router.py:73]     raise x",
        "(APIServer pid=1) INFO 11-20 18:22:01 [api_utils.py:347] ",
    ],
)
def test_anything_else_goes_on_with_the_record_before(line: str) -> None:
    assert classify(line) is None


def test_an_access_line_begins_a_record_even_without_level() -> None:
    assert classify('127.0.0.1:48380 - "POST /v1/messages HTTP/1.1" 200') is not None


def test_a_traceback_of_vllm_is_one_record() -> None:
    head = "(APIServer pid=1) ERROR 11-20 18:22:01 [api_router.py:73] "
    said = ["Error in create_messages: broke", "Traceback (most recent call last):", "  File x", "vllm.Error: broke"]
    reader = RecordReader()
    assert [reader.read(head + text) is not None for text in said] == [True, False, False, False]
    assert reader.read(head.replace(":01 ", ":02 ") + said[0]) is not None


def test_the_recorded_failures_of_vllm_are_few() -> None:
    reader = RecordReader()
    failures = [
        record for line in lines_of("vllm-0.28.log") if (record := reader.read(line)) and record.level.is_failure
    ]
    assert len(failures) < sum(" ERROR " in line for line in lines_of("vllm-0.28.log")) / 10


@pytest.mark.parametrize("log", LOGS)
def test_every_recorded_line_is_distinguished(log: str) -> None:
    reader = RecordReader()
    records = [record for line in lines_of(log) if (record := reader.read(line))]
    assert records
    for record in records:
        assert record.message
        announces = record.message.startswith(("AsyncLLM output_handler failed", "Exception in ASGI application"))
        assert announces == (reason(record.message) == "")
        assert len(reason(record.message)) <= LONGEST_REASON


def test_a_note_that_a_proxy_could_not_make_of_a_good_answer_is_no_reason() -> None:
    line = "11:02:13 - LiteLLM Proxy:ERROR: anthropic_passthrough_logging_handler.py:160 - Error creating Anthropic "
    record = RecordReader().read(f"{line}response logging payload: 'NoneType' object has no attribute 'choices'")
    assert record is not None
    assert record.level.is_failure
    assert reason(record.message) == ""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        pytest.param(
            "Error in create_messages: EngineCore encountered an issue. See stack trace (above) for the root cause.",
            "EngineCore encountered an issue",
            id="vllm-engine",
        ),
        pytest.param(
            "Error with model error=ErrorInfo(message='The model `nope` does not exist. Valid aliases: Qwen3.5-27B.', "
            "type='NotFoundError', param='model', code=404)",
            "model `nope` does not exist",
            id="vllm-model",
        ),
        pytest.param(
            "litellm.proxy.proxy_server._handle_llm_api_exception(): Exception occured - "
            "litellm_call_id=1344b3a1-d221 - "
            'litellm.InternalServerError: InternalServerError: OpenAIException - {"error": {"message": '
            '"Internal server error: EngineCore died", "type": "InternalServerError", "param": null, "code": 500}}',
            "Internal server error: EngineCore died",
            id="litellm-upstream-500",
        ),
        pytest.param(
            "x.y(): Exception occured - litellm.AuthenticationError: AuthenticationError: OpenAIException - "
            '{"error": "Unauthorized"}',
            "Unauthorized",
            id="litellm-401",
        ),
        pytest.param(
            "litellm.proxy.proxy_server.user_api_key_auth(): Exception occured - No connected db.",
            "No connected db",
            id="wrong-key",
        ),
        pytest.param(
            "x(): Exception occured - No deployments available for selected model, Try again in 5 seconds. "
            "All deployments for selected model are in cooldown. Passed model=m. cooldown_list=['a']",
            "No deployments available (cooldown)",
            id="cooldown",
        ),
        pytest.param(
            "x(): Exception occured - 400: {'error': 'anthropic_messages: "
            "Invalid model name passed in model=claude-haiku-4-5. Call `/v1/models` to view available models.'}",
            "Invalid model name passed in model=claude-haiku-4-5",
            id="unknown-model",
        ),
        pytest.param(
            "litellm.InternalServerError: InternalServerError: Hosted_vllmException - "
            "Cannot connect to host localhost:8000 ssl:<ssl.SSLContext object at 0x7f> [Connect call failed]",
            "cannot connect to localhost:8000",
            id="no-vllm",
        ),
        pytest.param(
            "litellm.BadGatewayError: BadGatewayError: OpenAIException - <html><body>502 Bad Gateway</body></html>",
            "502 Bad Gateway",
            id="html",
        ),
        pytest.param(
            "Anthropic Adapter - mid-stream error: litellm.MidStreamFallbackError: litellm.APIConnectionError: "
            "APIConnectionError: Hosted_vllmException - Stream ended before a finish_reason was received "
            "Original exception: APIConnectionError",
            "Stream ended before a finish_reason was received",
            id="cut-stream",
        ),
        pytest.param(
            "x(): Exception occured - litellm_call_id=8a4a1f43-d131 - litellm.Timeout: Timeout Error: "
            "Hosted_vllmException - litellm.Timeout: Read timed out. Timeout passed=2.0, time taken=2.002 seconds",
            "Read timed out",
            id="litellm-1.109-timeout",
        ),
        pytest.param(
            "x(): Exception occured - litellm.Timeout: APITimeoutError - Request timed out. Error_str: Request timed "
            "out. - timeout value=2.0, time taken=2.0 seconds. Received Model Group=hang",
            "Request timed out",
            id="litellm-1.80-timeout",
        ),
        pytest.param(
            "x(): Exception occured - litellm.BadRequestError: You passed in model=nope. There are no healthy "
            "deployments for this model. Received Model Group=nope",
            "no healthy deployments for model=nope",
            id="litellm-no-deployment",
        ),
        pytest.param(
            '[provider_response_error] Error from provider(vllm,Q: 429): {"error": {"message": "Too many requests"}}',
            "Too many requests",
            id="router",
        ),
        pytest.param("\x1b[31mboom\x1b[0m \u202eodd", "boom odd", id="control-characters"),
        pytest.param("Incorrect API key provided: sk-abcdef123", "Incorrect API key provided: ••••••••", id="secret"),
        pytest.param("Error: ", "Error", id="nothing-behind"),
    ],
)
def test_a_failure_boils_down_to_a_few_words(message: str, expected: str) -> None:
    assert reason(message) == expected


def test_only_a_cooldown_is_a_cooldown() -> None:
    assert is_cooldown("No deployments available for selected model, Try again in 5 seconds.")
    assert not is_cooldown('{"error": {"message": "Too many requests"}}')


@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=300),
    st.sampled_from(["", "{", '{"level": "ERROR", "message": ', "(", "18:16:28 - LiteLLM:ERROR: a:1 - ", "ERROR: "]),
)
def test_no_text_breaks_what_reads_records(noise: str, start: str) -> None:
    RecordReader().read(start + noise)
    RecordReader().read(json.dumps({"level": "ERROR", "message": noise}))
    assert len(reason(start + noise)) <= LONGEST_REASON
    assert "\x1b" not in reason(start + noise)
