"""The demo's LiteLLM answers, retries, cools down and logs as the recorded one does (LiteLLM 1.109.1)."""

import json
import re
from types import SimpleNamespace

import pytest

from demo_servers import DATA, DEAD, MODEL, running
from waiting import until

KEY = "sk-test"
AUTH = {"authorization": f"Bearer {KEY}"}
ASK: dict = {"model": MODEL, "max_tokens": 12, "messages": [{"role": "user", "content": "Say hi"}]}
RECORDED = {one["scenario"]: one for one in map(json.loads, (DATA / "litellm.jsonl").read_text().splitlines())}
SPEED = "10"


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Run a proxy before a vLLM."""
    folder = tmp_path_factory.mktemp("litellm")
    control = folder / "fault"
    with (
        running("vllm", folder, "--speed", SPEED, "--control", str(control)) as vllm,
        running("litellm", folder, "--speed", SPEED, "--upstream", vllm.url, LITELLM_MASTER_KEY=KEY) as proxy,
    ):
        yield SimpleNamespace(vllm=vllm, proxy=proxy, control=control)


@pytest.fixture
def ask(stack):
    def ask(body=ASK, headers=AUTH):
        return stack.proxy.request("POST", "/v1/messages?beta=true", json=body, headers=headers)

    yield ask
    stack.control.write_text("none")
    until(lambda: ask().status_code == 200)


def reached(stack):
    """Return how many requests reached vLLM so far."""
    return len(stack.vllm.lines('"POST /v1/chat/completions'))


def break_it(stack, name):
    """Set a fault and wait until vLLM itself shows it."""
    stack.control.write_text(name)
    until(lambda: stack.vllm.request("POST", "/v1/messages", json=ASK).status_code >= 400)


def test_an_answer_has_the_recorded_keys(ask):
    answer = ask()
    assert answer.status_code == 200
    assert answer.json().keys() == json.loads(RECORDED["ok"]["body"]).keys()
    assert answer.headers["x-litellm-attempted-retries"] == "0"
    assert answer.headers["x-litellm-model-name"] == f"hosted_vllm/{MODEL}"


def test_a_stream_is_translated(ask):
    kinds = re.findall(r"^event: (\w+)$", ask(ASK | {"stream": True}).text, re.MULTILINE)
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert set(kinds[2:-3]) == {"content_block_delta"}


def test_a_tool_and_its_result_pass_through(ask):
    tool = {"name": "Bash", "description": "Run", "input_schema": {"type": "object"}}

    def called():
        answer = ask(ASK | {"max_tokens": 200, "tools": [tool]}).json()
        return answer if answer["stop_reason"] == "tool_use" else None

    call = until(called)["content"][0]
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": [{"type": "text", "text": "ok"}]}
    talk = [*ASK["messages"], {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    assert ask(ASK | {"messages": talk}).status_code == 200


def test_a_forced_tool_is_forced_behind_the_proxy_too(ask):
    tool = {"name": "Bash", "description": "Run", "input_schema": {"type": "object"}}
    answer = ask(ASK | {"tools": [tool], "tool_choice": {"type": "tool", "name": "Bash"}}).json()
    assert (answer["content"][0]["type"], answer["stop_reason"]) == ("tool_use", "tool_use")


def test_an_unknown_model_is_a_400_that_never_leaves_the_proxy(stack, ask):
    before, real = reached(stack), RECORDED["unknown_model"]
    answer = ask(ASK | {"model": "claude-haiku-4-5-20251001"})
    assert (answer.status_code, answer.text) == (real["status"], real["body"])
    assert reached(stack) == before
    assert stack.proxy.lines(
        "- 400: {'error': 'anthropic_messages: Invalid model name passed in model=claude-haiku-4-5"
    )


@pytest.mark.parametrize("name", ["messages", "max_tokens"])
def test_a_missing_parameter_is_reported_as_recorded(ask, name):
    real, answer = RECORDED[f"no_{name}"], ask({key: value for key, value in ASK.items() if key != name})
    assert (answer.status_code, answer.text) == (real["status"], real["body"])


@pytest.mark.parametrize(
    ("scenario", "headers", "record"),
    [
        pytest.param("no_auth", {}, "Authentication Error, No api key passed in.", id="no key: 401"),
        pytest.param("wrong_auth", {"authorization": "Bearer x"}, "No connected db.", id="wrong key: 400"),
    ],
)
def test_a_bad_key_is_reported_as_recorded(stack, ask, scenario, headers, record):
    real, answer = RECORDED[scenario], ask(headers=headers)
    assert (answer.status_code, answer.text) == (real["status"], real["body"])
    assert stack.proxy.lines(f"user_api_key_auth(): Exception occured - {record}")


def test_the_key_is_taken_from_x_api_key_too(ask):
    assert ask(headers={"x-api-key": KEY}).status_code == 200


def test_a_dead_engine_is_asked_three_times_for_each_request(stack, ask):
    break_it(stack, "engine-dead")
    before = reached(stack)
    answer = ask()
    assert answer.status_code == 500
    assert answer.json()["error"].keys() == json.loads(RECORDED["err500"]["body"])["error"].keys()
    assert answer.json()["error"]["type"] == "api_error"
    start = "litellm.InternalServerError: InternalServerError: Hosted_vllmException - "
    assert answer.json()["error"]["message"].startswith(start)
    assert DEAD in answer.json()["error"]["message"]
    assert answer.json()["error"]["message"].endswith(
        f"LiteLLM: model group '{MODEL}' failed with the error above. No fallback was attempted."
    )
    assert reached(stack) - before == 3


def test_a_failure_leaves_a_record_and_a_shortened_traceback(stack, ask):
    break_it(stack, "engine-dead")
    ask()
    lines = until(lambda: stack.proxy.lines() if "500 Internal Server Error" in stack.proxy.log.read_text() else None)
    first = next(number for number, line in enumerate(lines) if "litellm.InternalServerError" in line)
    last = next(number for number in range(first, len(lines)) if lines[number].endswith(" 500 Internal Server Error"))
    assert re.match(
        r"\d\d:\d\d:\d\d - LiteLLM Proxy:ERROR: common_request_processing\.py:1984 - "
        r"litellm\.proxy\.proxy_server\._handle_llm_api_exception\(\): Exception occured - "
        r"litellm_call_id=[0-9a-f-]{36} - litellm\.InternalServerError: ",
        lines[first],
    )
    record = lines[first:last]
    assert len(record) == 52
    assert sum(line.endswith("LiteLLM Retried: 2 times, LiteLLM Max Retries: 2") for line in record) == 2
    assert "litellm_truncated skipped" in "".join(record)
    assert not any("{" in line and "{text}" in line for line in record)


def test_a_404_starts_a_cooldown_that_never_reaches_vllm(stack, ask):
    break_it(stack, "renamed")
    before = reached(stack)
    first, second = ask(), ask()
    assert (first.status_code, second.status_code) == (404, 429)
    assert first.json()["error"]["type"] == "not_found_error"
    assert first.json()["error"]["message"].startswith("litellm.NotFoundError: NotFoundError: Hosted_vllmException - ")
    assert second.json()["error"]["message"].startswith(
        "No deployments available for selected model, Try again in 5 seconds. "
        f"All deployments for selected model are in cooldown. Passed model={MODEL}. "
    )
    assert reached(stack) - before == 1
    until(lambda: ask().status_code == 404)


@pytest.mark.parametrize(
    ("path", "headers", "status", "body"),
    [
        ("/health/liveliness", {}, 200, "I'm alive!"),
        ("/health/liveness", {}, 200, "I'm alive!"),
        ("/health/readiness", {}, 200, {"status": "healthy", "db": "Not connected"}),
        ("/health/backlog", AUTH, 200, {"in_flight_requests": 1}),
        ("/v1/v1/messages", AUTH, 404, json.loads(RECORDED["double_v1"]["body"])),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_health_routes(stack, path, headers, status, body):
    answer = stack.proxy.request("GET", path, headers=headers)
    assert (answer.status_code, answer.json()) == (status, body)


@pytest.mark.parametrize("path", ["/health/readiness/details", "/health/backlog", "/v1/models", "/models"])
def test_the_rest_wants_the_key(stack, path):
    assert stack.proxy.request("GET", path).status_code == 401


def test_the_version_and_the_models_are_reported_with_the_key(stack):
    details = stack.proxy.request("GET", "/health/readiness/details", headers=AUTH).json()
    assert details["litellm_version"] == "1.109.1"
    assert stack.proxy.request("GET", "/v1/models", headers=AUTH).json()["data"][0]["id"] == MODEL
    anthropic = stack.proxy.request("GET", "/v1/models", headers=AUTH | {"anthropic-version": "2023-06-01"}).json()
    assert anthropic.keys() == json.loads(RECORDED["get_models"]["body"]).keys()


def test_the_log_begins_as_a_real_one(stack):
    assert stack.proxy.lines("LiteLLM: Proxy initialized with Config, Set models:")
    assert stack.proxy.lines("INFO:     Application startup complete.")
    assert stack.proxy.lines(f"INFO:     Uvicorn running on {stack.proxy.url} (Press CTRL+C to quit)")
