"""Servers are identified by their answers, with few and harmless requests."""

import asyncio

import pytest

from servers import (
    HOSTILE,
    PATIENT,
    Imitation,
    Reply,
    claude_code_proxy,
    claude_code_router,
    deadline_for,
    free_url,
    litellm,
    recorded,
    serving,
    vllm,
)
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.identify import identify
from stormdeck.sources.net.failure import FailureKind
from stormdeck.sources.net.http import HttpClient


def identified(server, key=None, deadline_s=PATIENT, expected=None):
    async def scene():
        async with serving(server) as url, HttpClient("9.9") as http:
            return await identify(url, http, key, deadline_s, expected)

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("server", "kind", "questions"),
    [
        pytest.param(vllm(), ServerKind.VLLM, ["/version", "/v1/models"], id="vLLM"),
        pytest.param(
            vllm(_v1_models=recorded("auth_11_get_none_v1_models.txt")),
            ServerKind.VLLM,
            ["/version", "/v1/models", "/metrics"],
            id="vLLM that wants a key",
        ),
        pytest.param(litellm(), ServerKind.LITELLM, ["/version", "/health/liveliness"], id="LiteLLM"),
        pytest.param(
            claude_code_proxy(),
            ServerKind.CLAUDE_CODE_PROXY,
            ["/version", "/health/liveliness", "/"],
            id="claude-code-proxy",
        ),
        pytest.param(
            claude_code_router(),
            ServerKind.CLAUDE_CODE_ROUTER,
            ["/version", "/health/liveliness", "/"],
            id="claude-code-router",
        ),
        pytest.param(
            Imitation({"/": Reply("Ollama is running")}),
            ServerKind.OLLAMA,
            ["/version", "/health/liveliness", "/", "/v1/models"],
            id="Ollama",
        ),
        pytest.param(
            Imitation({"/version": Reply({"version": "1.0"}), "/metrics": Reply("other:x 1\n")}),
            ServerKind.OTHER,
            ["/version", "/v1/models", "/metrics", "/health/liveliness", "/"],
            id="something with a version",
        ),
    ],
)
def test_a_server_is_recognised_by_its_answers(server, kind, questions):
    assert identified(server)[0] is kind
    assert server.paths == questions
    assert "/health" not in server.paths


def test_one_question_with_the_key_is_enough_for_vllm():
    server = vllm()
    assert identified(server, key="sk-1")[0] is ServerKind.VLLM
    assert server.paths == ["/v1/models"]


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        (litellm(), ServerKind.LITELLM),
        (vllm(_v1_models=recorded("auth_11_get_none_v1_models.txt")), ServerKind.VLLM),
        (claude_code_proxy(), ServerKind.CLAUDE_CODE_PROXY),
    ],
    ids=["LiteLLM", "vLLM that refuses the key", "claude-code-proxy"],
)
def test_the_key_goes_with_the_model_list_alone(server, kind):
    assert identified(server, key="sk-master-1")[0] is kind
    assert {asked.path for asked in server.asked if "authorization" in asked.headers} == {"/v1/models"}


def test_one_question_is_enough_for_a_litellm_that_was_there_before():
    server = litellm()
    assert identified(server, key="sk-wrong", expected=ServerKind.LITELLM)[0] is ServerKind.LITELLM
    assert server.paths == ["/health/liveliness"]


def test_another_server_may_answer_where_a_litellm_did():
    assert identified(vllm(), expected=ServerKind.LITELLM)[0] is ServerKind.VLLM


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_front_without_its_server_is_distinguished(status):
    kind, words, failure = identified(Imitation({}, missing=Reply("Bad Gateway", status)))
    assert (kind, failure.kind) == (None, FailureKind.GATEWAY)
    assert f"the front answers {status}, the server behind it does not" in words


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_server_is_no_known_one(name):
    kind, words, failure = identified(HOSTILE[name], deadline_s=deadline_for(name))
    assert kind in {None, ServerKind.OTHER}
    assert words
    assert (failure is None) == (kind is ServerKind.OTHER)


@pytest.mark.parametrize("url", [None, "no url", "http://"], ids=["refused", "no url", "no host"])
def test_nothing_there(url):
    async def scene():
        async with HttpClient("9.9") as http:
            return await identify(free_url() if url is None else url, http, deadline_s=PATIENT)

    kind, words, failure = asyncio.run(scene())
    assert kind is None
    assert words == failure.text
