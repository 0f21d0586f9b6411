"""The demo's vLLM answers as the recorded one does (vLLM 0.32)."""

import asyncio
import json
import re
from dataclasses import dataclass
from itertools import groupby

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo_servers import DATA, DEAD, MODEL, running
from stormdeck.demo.client.settings import ClientSettings
from stormdeck.demo.client.wire import Wire
from waiting import until

ASK = {"model": MODEL, "max_tokens": 12, "messages": [{"role": "user", "content": "Say hi"}]}


@dataclass(frozen=True)
class Recording:
    """One recorded request and its answer."""

    name: str
    method: str
    path: str
    headers: dict
    body: str
    status: int
    answer: str

    @property
    def is_stream(self):
        return self.status == 200 and '"stream": true' in self.body


def recording(file):
    asked, _, answered = file.read_text().partition("<<< RESPONSE ")
    head, _, body = asked.removeprefix(">>> REQUEST\n").partition("\n\n")
    first, *headers = head.strip().splitlines()
    fields = dict(line.split(": ", 1) for line in headers)
    answer = answered.partition("\n\n")[2].strip("\n")
    method, path = first.split(" ", 1)
    return Recording(file.stem, method, path, fields, body.strip("\n"), int(answered[:3]), answer)


RECORDINGS = [recording(file) for file in sorted((DATA / "vllm").glob("*.txt"))]
REFUSALS = [one for one in RECORDINGS if one.status >= 400]
BODIES = [one for one in RECORDINGS if one.status == 200 and not one.is_stream]
ACCESS = re.compile(r'^INFO:     127\.0\.0\.1:\d+ - "[A-Z]+ \S+ HTTP/1\.1" \d{3} [A-Z][\w ]*$')
SPEED = "50"


@pytest.fixture(scope="module")
def control(tmp_path_factory):
    return tmp_path_factory.mktemp("vllm") / "fault"


@pytest.fixture(scope="module")
def vllm(control):
    with running("vllm", control.parent, "--speed", SPEED, "--control", str(control)) as server:
        yield server


@pytest.fixture
def fault(vllm, control):
    """Set a fault and wait until it is in force; take it away afterwards."""

    def served():
        return vllm.request("GET", "/v1/models").json()["data"][0]["id"]

    def status():
        return vllm.request("POST", "/v1/messages", json=ASK).status_code

    def put(name, sign):
        control.write_text(name)
        until(sign)

    yield put
    control.write_text("none")
    until(lambda: served() == MODEL and status() == 200)


def shape(value):
    """Return what stays of a JSON value when only keys and kinds count."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def events(text):
    """Return a stream's events as shapes, runs of the same one folded into one."""
    data = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    return [one for one, _ in groupby(map(shape, data))]


@pytest.mark.parametrize("real", REFUSALS, ids=lambda real: real.name)
def test_refusals_are_the_recorded_ones_to_the_byte(vllm, real):
    answer = vllm.request(real.method, real.path, headers=real.headers, content=real.body)
    assert (answer.status_code, answer.text) == (real.status, real.answer)


@pytest.mark.parametrize("broken", [{"messages": "x"}, {"messages": ["x"]}, {"max_tokens": None}], ids=repr)
def test_what_cannot_be_read_is_refused(vllm, broken):
    answer = vllm.request("POST", "/v1/messages", json=ASK | broken)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "Bad Request")


@pytest.mark.parametrize("real", BODIES, ids=lambda real: real.name)
def test_bodies_have_the_recorded_keys(vllm, real):
    answer = vllm.request(real.method, real.path, headers=real.headers, content=real.body)
    assert answer.status_code == 200
    if not real.answer:
        assert answer.content == b""
    elif real.name.startswith("chat"):
        assert answer.json().keys() <= json.loads(real.answer).keys()
    else:
        assert shape(answer.json()) == shape(json.loads(real.answer))


@pytest.mark.parametrize("name", ["msg_05_stream", "msg_08_tools_forced_stream"])
def test_a_stream_has_the_recorded_events(vllm, name):
    real = next(one for one in RECORDINGS if one.name == name)
    answer = vllm.request(real.method, real.path, headers=real.headers, content=real.body)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert events(answer.text) == events(real.answer)


def test_a_chat_stream_ends_with_its_usage(vllm):
    answer = vllm.request("POST", "/v1/chat/completions", json=ASK | {"stream": True})
    *_, last, done, _ = answer.text.split("\n\n")
    assert done == "data: [DONE]"
    assert json.loads(last[6:])["usage"]["completion_tokens"] == 12


def test_a_tool_call_arrives_whole(vllm):
    tool = {"name": "Bash", "description": "Run", "input_schema": {"type": "object"}}

    def call():
        body = vllm.request("POST", "/v1/messages", json=ASK | {"max_tokens": 200, "tools": [tool]}).json()
        return body["stop_reason"] == "tool_use" and body["content"][0]

    block = until(call)
    assert (block["type"], block["name"]) == ("tool_use", "Bash")
    assert block["input"]["command"]


@pytest.mark.parametrize(
    ("path", "choice", "tool"),
    [
        ("/v1/messages", {"tool_choice": {"type": "tool", "name": "Bash"}}, {"name": "Bash", "input_schema": {}}),
        ("/v1/messages", {"tool_choice": {"type": "any"}}, {"name": "Bash", "input_schema": {}}),
        (
            "/v1/chat/completions",
            {"tool_choice": {"type": "function", "function": {"name": "Bash"}}},
            {"type": "function", "function": {"name": "Bash"}},
        ),
    ],
    ids=["messages", "any", "chat"],
)
def test_a_forced_tool_is_called(vllm, path, choice, tool):
    answer = vllm.request("POST", path, json=ASK | {"max_tokens": 64, "tools": [tool], **choice}).json()
    called = answer["content"][0] if path == "/v1/messages" else answer["choices"][0]["message"]["tool_calls"][0]
    assert "Bash" in {called.get("name"), called.get("function", {}).get("name")}


def families(text):
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_metrics_have_the_recorded_families_kinds_labels_and_buckets(vllm):
    vllm.request("POST", "/v1/messages", json=ASK)
    ours, real = families(vllm.request("GET", "/metrics").text), families((DATA / "metrics.txt").read_text())
    assert ours.keys() - real.keys() == set()
    for name, family in ours.items():
        assert family.type == real[name].type, name
        if name == "vllm:cache_config_info":
            assert family.samples[0].labels.keys() <= real[name].samples[0].labels.keys()
            continue
        assert {sample.labels.get("le") for sample in family.samples} == {
            sample.labels.get("le") for sample in real[name].samples
        }, name
        assert {frozenset(sample.labels) for sample in family.samples} <= {
            frozenset(sample.labels) for sample in real[name].samples
        }, name


def numbers(vllm):
    page = families(vllm.request("GET", "/metrics").text)
    return {
        (sample.name, *sorted(sample.labels.items() - {("engine", "0"), ("model_name", MODEL)})): sample.value
        for family in page.values()
        for sample in family.samples
    }


def test_metrics_follow_the_requests(vllm):
    before = numbers(vllm)
    long = ASK | {"messages": [{"role": "user", "content": "word " * 2000}]}
    for _ in range(2):
        used = vllm.request("POST", "/v1/messages", json=long).json()["usage"]
    after = numbers(vllm)

    def rise(*key):
        return after[key] - before[key]

    assert rise("vllm:prompt_tokens_total") == rise("vllm:prefix_cache_queries_total") == 2 * used["input_tokens"]
    assert rise("vllm:generation_tokens_total") == rise("vllm:inter_token_latency_seconds_count") == 24
    assert rise("vllm:time_to_first_token_seconds_count") == rise("vllm:e2e_request_latency_seconds_count") == 2
    assert rise("vllm:request_success_total", ("finished_reason", "length")) == 2
    assert rise("vllm:prefix_cache_hits_total") >= used["input_tokens"] - 16
    assert after[("vllm:num_requests_running",)] == 0
    assert rise("http_requests_total", ("handler", "/v1/messages"), ("method", "POST"), ("status", "2xx")) == 2


def test_the_billing_block_does_not_defeat_the_prefix_cache(vllm):
    def system(number):
        return [{"type": "text", "text": f"x-anthropic-billing-header: cc_version=2.1.329.{number};"}]

    counted = [
        vllm.request("POST", "/v1/messages/count_tokens", json=ASK | {"system": system(number) * times}).json()
        for number, times in (("3c4", 1), ("8e2", 1), ("3c4", 0))
    ]
    assert counted[0] == counted[1] == counted[2]


def test_access_lines_are_genuine_and_the_log_is_vllms_own(vllm):
    vllm.request("POST", "/v1/messages?beta=true", json=ASK)
    until(lambda: vllm.lines('"POST /v1/messages?beta=true HTTP/1.1" 200 OK'))
    until(lambda: vllm.lines("[loggers.py:335] Engine 000: Avg prompt throughput: "))
    assert all(ACCESS.match(line) for line in vllm.lines(" HTTP/1.1"))
    own = [line for line in vllm.lines() if not line.startswith("INFO:     ")]
    form = re.compile(
        rf"\(APIServer pid={vllm.process.pid}\) (INFO|WARNING|ERROR) \d\d-\d\d \d\d:\d\d:\d\d \[\w+\.py:\d+\] "
    )
    assert [line for line in own if not form.match(line)] == []
    assert vllm.lines("Uvicorn running on") == []


def test_a_dead_engine_answers_500_while_models_and_metrics_stay(vllm, fault):
    fault("engine-dead", lambda: vllm.request("POST", "/v1/messages", json=ASK).status_code == 500)
    assert vllm.request("POST", "/v1/messages", json=ASK).json() == {
        "type": "error",
        "error": {"type": "InternalServerError", "message": DEAD},
    }
    chat = vllm.request("POST", "/v1/chat/completions", json=ASK)
    assert chat.json()["error"] == {"message": DEAD, "type": "InternalServerError", "param": None, "code": 500}
    assert vllm.request("GET", "/v1/models").status_code == vllm.request("GET", "/metrics").status_code == 200
    until(lambda: vllm.request("GET", "/health").status_code == 503)
    assert vllm.lines("[shutdown] MPClient: engine core exited unexpectedly")
    assert vllm.lines(f"[api_router.py:75] Error in create_messages: {DEAD}")


def test_a_renamed_model_is_recognised_by_its_new_name(vllm, fault):
    fault("renamed", lambda: vllm.request("POST", "/v1/messages", json=ASK).status_code == 404)
    text = f"The model `{MODEL}` does not exist. Valid aliases: {MODEL.lower()}."
    assert vllm.request("POST", "/v1/messages", json=ASK).json()["error"] == {"type": "NotFoundError", "message": text}
    assert vllm.request("GET", "/v1/models").json()["data"][0]["id"] == MODEL.lower()
    assert vllm.lines(f"[serving.py:274] Error with model error=ErrorInfo(message='{text}'")


def test_the_client_keeps_its_connection_after_an_answer_as_the_real_one_does(vllm):
    """In the recordings 131 of 185 requests within 6 s of an answer came over a connection that was known."""
    settings = ClientSettings({"ANTHROPIC_BASE_URL": vllm.url, "ANTHROPIC_AUTH_TOKEN": "sk-local"})

    async def two():
        wire = Wire()
        return [(await wire.send(settings, "kept", {**ASK, "stream": True})).status for _ in range(2)]

    def sent():
        return vllm.lines("POST /v1/messages?beta=true")

    before = len(sent())
    assert asyncio.run(two()) == [200, 200]
    until(lambda: len(sent()) == before + 2)
    assert len(set(sent()[before:])) == 1
