"""The body of an error decides: who speaks, its status and the field that it names come before the client's words."""

import json

import pytest

from samples import CALM, FOUND, PROXY, VLLM, WELL
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.symptoms.decode import decode, matched_messages
from stormdeck.model.symptoms.evidence import Standing
from stormdeck.model.symptoms.speakers import speaker_in

EMPTY = Deck()
BUDGET = "the proxy's budget for this key, user or team is used up"
LIMIT = "the proxy's own request limit for this key or model is reached"
LARGE = "a web server on the path refuses large requests"
LOADING = "the server is still loading its model"
TOOL = "the server does not accept one of the client's tools"
IMAGE = "the served model takes no images"


def body(message, kind="invalid_request_error", **more):
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}, **more})


def openai(message, kind="BadRequestError", code=400):
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


HOSTED = {"request_id": "req_011CT2e7G3"}
CASES = {
    "llama-server's window": (
        "400 request (4390 tokens) exceeds the available context size (4096 tokens), try increasing it",
        "CTX601",
    ),
    "llama-server's window, new words": (
        (
            '400 {"error":{"code":400,"message":"the request exceeds the available context size. try increasing the '
            'context size","type":"exceed_context_size_error","n_prompt_tokens":4390,"n_ctx":4096}}'
        ),
        "CTX601",
    ),
    "SGLang's window": (
        "400 " + openai("The input (9000 tokens) is longer than the model's context length (8192 tokens)."),
        "CTX601",
    ),
    "SGLang's window, counted": (
        "400 " + openai("Requested token count exceeds the model's maximum context length of 32768 tokens."),
        "CTX601",
    ),
    "LiteLLM's window": (
        "400 " + openai("litellm.ContextWindowExceededError: OpenAIException - prompt is too large"),
        "CTX601",
    ),
    "the answer does not fit": (
        (
            "400 This model's maximum context length is 8192 tokens. However, you requested 40000 tokens (8000 in the "
            "messages, 32000 in the completion)."
        ),
        "CTX602",
    ),
    "Responses API": (
        (
            '400 {"error":{"message":"litellm.BadRequestError: OpenAIException - {\\"error\\":{\\"message\\":\\"178 '
            "validation errors: {'type': 'string_type', 'loc': ('body', 'input', 'str'), "
            "'msg': 'Input should be a valid string'}\"}}"
        ),
        "PROXY807",
    ),
    "Responses API, field missing": (
        "400 " + openai("Error code: 400 - [{'type': 'missing', 'loc': ('body', 'input'), 'msg': 'Field required'}]"),
        "PROXY807",
    ),
    "Responses API, dotted": ("422 body.input: Input should be a valid list", "PROXY807"),
    "hosted, bearer": (
        "401 " + body("Invalid bearer token", "authentication_error", **HOSTED) + " · Please run /login",
        "URL102",
    ),
    "hosted, key": ("401 " + body("invalid x-api-key", "authentication_error"), "URL102"),
    "hosted, model": ("404 " + body("model: Qwen3.5-27B", "not_found_error", **HOSTED), "URL102"),
    "hosted, overloaded": ("529 " + body("Overloaded", "overloaded_error", **HOSTED), "URL102"),
    "hosted, credit": (
        "400 " + body("Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."),
        "URL102",
    ),
    "hosted, limit": (
        "429 " + body("This request would exceed your organization's rate limit of 30,000 tokens", "rate_limit_error"),
        "URL102",
    ),
    "hosted through LiteLLM": (
        "500 " + openai("litellm.AuthenticationError: AnthropicException - " + body("invalid x-api-key")),
        "PROXY804",
    ),
    "budget": (
        (
            '429 {"error":{"message":"ExceededBudget: User=default_user_id over budget. Spend=1.2, Budget=1.0",'
            '"type":"budget_exceeded"}}'
        ),
        BUDGET,
    ),
    "budget of a key": ("400 " + openai("Budget has been exceeded! Current cost: 1.2, Max budget: 1.0"), BUDGET),
    "LiteLLM's limit": ("429 " + openai("Rate limit exceeded for api_key: 88dc. Limit type: tokens.", "None"), LIMIT),
    "LiteLLM's auth": (
        "401 "
        + openai("Authentication Error, Invalid proxy server token passed. Received API Key = sk-..1", "auth_error"),
        "AUTH204",
    ),
    "LiteLLM without a database": ("400 " + body("No connected db."), "AUTH204"),
    "vLLM's auth": ('401 {"error":"Unauthorized"}', "AUTH205"),
    "another server's auth": ("401 " + openai("Invalid API Key", "authentication_error", 401), "AUTH205"),
    "nginx, large": ("413 <html>\\r\\n<head><title>413 Request Entity Too Large</title></head><hr>nginx", LARGE),
    "nginx, slow": ("504 <html><head><title>504 Gateway Time-out</title></head><center>nginx</center>", "SERVER905"),
    "nginx, nobody behind": ("502 <html><title>502 Bad Gateway</title><center>nginx/1.24.0</center>", "URL105"),
    "llama-server starts": (
        '503 {"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}',
        LOADING,
    ),
    "Ollama's model": ('404 {"error":"model \\"qwen3.5\\" not found, try pulling it first"}', "MODEL303"),
    "Ollama's tools": ('400 {"error":"registry.ollama.ai/library/gemma:2b does not support tools"}', "SERVER901"),
    "AWS": ('403 {"message":"The security token included in the request is invalid."}', "URL109"),
    "Google": ("404 Publisher Model `projects/x/publishers/anthropic/models/q` not found", "URL109"),
    "Azure": ("401 Access denied due to invalid subscription key or wrong API endpoint.", "URL109"),
    "late system message": ("400 messages.3.role: Input should be 'user' or 'assistant'", "SERVER903"),
    "late system message, vLLM's other family": (
        "400 " + openai("1 validation error: {'loc': ('body', 'messages', 3, 'role'), 'msg': 'bad'}", "Bad Request"),
        "SERVER903",
    ),
    "strict template": ("400 " + body("System message must be at the beginning."), "SERVER903"),
    "hosted tool": (
        "400 " + openai("2 validation errors: {'type': 'missing', 'loc': ('body', 'tools', 11, 'input_schema')}"),
        TOOL,
    ),
    "extra field": ("400 tools.0.custom.defer_loading: Extra inputs are not permitted", "TRAFFIC403"),
    "beta header": ("400 Unexpected value(s) `x-2025` for the `anthropic-beta` header", "TRAFFIC403"),
    "dead engine, 0.33": ("500 " + body("The server had an error while processing your request."), "SERVER905"),
    "GPU memory": ("500 CUDA out of memory. Tried to allocate 2.00 GiB", "SERVER905"),
    "image": ("400 " + body("Qwen3.5-27B is not a multimodal model"), IMAGE),
    "wrong method": ('405 {"detail":"Method Not Allowed"}', "URL106"),
    "overloaded, 0.33": ("503 " + body("Overloaded", "overloaded_error"), "SERVER907"),
    "certificate": ("Unable to connect to API: Self-signed certificate detected (X)", None),
}


def first(text, deck=EMPTY):
    cause = decode(text, deck)[0]
    return cause.code or cause.title


DRESSES = {
    "plain": "API Error: {}",
    "boxed": "  ⎿  API Error: {}",
    "coloured": "\x1b[31mAPI Error: {}\x1b[0m",
    "login": "Please run /login · API Error: {}",
    "quoted": 'it says "API Error: {}" all the time',
    "agent": "Agent terminated early due to an API error: API Error: {}",
    "retry": "✻ {} · retrying in 2s · attempt 3/10",
    "bare": "{}",
}


@pytest.mark.parametrize("dress", DRESSES.values(), ids=list(DRESSES))
@pytest.mark.parametrize("case", [name for name, (_, code) in CASES.items() if code])
def test_a_body_that_names_its_cause_comes_first_however_it_was_copied(case, dress):
    text, code = CASES[case]
    assert first(dress.format(text)) == code


@pytest.mark.parametrize("case", [name for name, (text, code) in CASES.items() if code and "{" in text])
def test_json_inside_json_is_read_too(case):
    text, code = CASES[case]
    assert first(f"API Error: {json.dumps(text)}") == code
    assert first(f"API Error: {json.dumps(json.dumps(text))}") == code


def test_a_stream_that_ended_before_its_first_block():
    text = (
        "Streaming response ended before any complete data was received. Retrying without streaming. If this keeps "
        "happening, check any proxy or gateway between Claude Code and your model provider."
    )
    for copied in (text, text[:80], f"⎿ {text}", text.upper()):
        assert matched_messages(copied) == ("the stream ended before the answer was complete",)
        assert [cause.code for cause in decode(copied, EMPTY)][:2] == ["PROXY803", "SERVER905"]


@pytest.mark.parametrize("status", [400, 401, 403, 429])
@pytest.mark.parametrize("words", ["", " foo bar baz", " {}", ' {"error":{"message":"nope","type":"x"}}'])
def test_the_proxy_s_key_is_blamed_only_with_litellm_s_own_words(status, words):
    assert "AUTH204" not in [cause.code for cause in decode(f"API Error: {status}{words}", EMPTY)]


def test_the_budget_is_no_overload():
    (cause,) = decode("API Error: " + CASES["budget"][0], EMPTY)
    assert (cause.code, cause.standing) == ("", Standing.FOUND)
    assert "max_budget" in cause.change


def test_the_hosted_api_s_words_are_not_called_a_missing_base_url_where_there_is_one():
    here = Deck(client_version="2.1.329", version_given=True)
    for snapshot in (WELL, FOUND, VLLM, PROXY, CALM):
        here = take(here, snapshot)
    (cause,) = [one for one in decode(CASES["hosted, bearer"][0], here) if one.code == "URL102"]
    assert cause.standing is Standing.POSSIBLE
    assert "the hosted API's own words" in cause.evidence[0]


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        (CASES["Responses API"][0], "LiteLLM"),
        (CASES["hosted, bearer"][0], "the hosted API"),
        (CASES["llama-server's window"][0], "llama-server"),
        (CASES["Ollama's model"][0], "Ollama"),
        (CASES["SGLang's window"][0], "SGLang"),
        (CASES["vLLM's auth"][0], "vLLM"),
        (CASES["late system message, vLLM's other family"][0], "vLLM"),
        (CASES["nginx, nobody behind"][0], "nginx"),
        (CASES["AWS"][0], "Amazon Bedrock"),
        (CASES["Azure"][0], "Azure"),
        ("API Error: 500", ""),
        ("the weather is nice", ""),
    ],
)
def test_who_wrote_a_body_is_known_by_its_words(text, speaker):
    assert speaker_in(f"API Error: {text}") == speaker


def test_what_the_message_names_is_not_said_to_be_unchecked():
    cause = decode("API Error: " + CASES["Responses API"][0], EMPTY)[0]
    assert cause.standing is Standing.FOUND
    assert cause.evidence == ("the server's error in the message says so",)
