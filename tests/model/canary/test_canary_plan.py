"""What would be sent where: in the client's own shape, each key to its own origin, and never to the hosted API."""

import json

import pytest

from canary_samples import MODEL, NEW, OLD, TOKEN, plan
from stormdeck.model.canary.check import Question, Route, Verdict
from stormdeck.model.canary.questions import NO_SUCH_MODEL
from stormdeck.model.finding import HopKind
from stormdeck.model.units import grouped
from stormdeck.sources.litellm_yaml import parse_proxy_config

VLLM, PROXY = "http://127.0.0.1:8000", "http://127.0.0.1:4000"
UNASKED = {Question.FIRST_TOKEN, Question.ROOM, Question.WINDOW, Question.AUTO_MODE, Question.PREFLIGHT}
"""Read from the settings, or from another answer."""
HAIKU = {"ANTHROPIC_DEFAULT_HAIKU_MODEL": None}


def questions(target):
    return [ask.question for ask in target.requests]


def body(target, question):
    return target.request(question).body


def betas(target, question=Question.TURN):
    return target.request(question).headers["anthropic-beta"]


def known(planned):
    return {(check.question, check.verdict, check.code) for check in planned.known}


class TestWays:
    def test_straight_to_vllm_there_is_one_way(self):
        (target,) = plan(VLLM, vllm=VLLM, **HAIKU).targets
        assert (target.endpoint.route, target.endpoint.hop) == (Route.CLIENT, HopKind.SERVER)
        assert set(questions(target)) == set(Question) - UNASKED - {Question.LONG}

    def test_with_a_proxy_vllm_is_asked_directly_too(self):
        client, direct = plan(PROXY, vllm=VLLM, proxy=PROXY).targets
        assert (client.endpoint.hop, direct.endpoint.route, direct.endpoint.hop) == (
            HopKind.PROXY,
            Route.DIRECT,
            HopKind.SERVER,
        )
        assert Question.UNKNOWN_MODEL not in questions(direct)

    def test_a_path_in_the_base_url_is_kept_as_the_client_keeps_it(self):
        (target,) = plan(f"{VLLM}/v1/", vllm=VLLM).targets
        assert (target.url, target.endpoint.has_path) == (f"{VLLM}/v1", True)

    def test_user_and_password_are_neither_sent_nor_shown(self):
        (target,) = plan("http://kim:hunter2@127.0.0.1:8000").targets
        assert "hunter2" not in target.url + target.endpoint.place

    @pytest.mark.parametrize("url", ["https://api.anthropic.com", "https://anthropic.com/v1", "", None], ids=str)
    def test_the_hosted_api_is_never_asked(self, url):
        planned = plan(url)
        assert planned.targets == ()
        assert known(planned) == {(Question.PLAIN, Verdict.SKIP, None)}

    @pytest.mark.parametrize(
        ("url", "code"), [("ftp://h", "URL103"), ("http://", "URL110"), ("http://h:0x", "URL110")], ids=str
    )
    def test_what_is_no_address_fails_without_a_request(self, url, code):
        planned = plan(url)
        assert planned.targets == ()
        assert known(planned) == {(Question.PLAIN, Verdict.FAIL, code)}

    def test_without_a_base_url_vllm_alone_is_asked_for_what_it_serves(self):
        (target,) = plan(None, vllm=VLLM, served=("its-own",)).targets
        assert target.endpoint.route is Route.DIRECT
        assert body(target, Question.PLAIN)["model"] == "its-own"

    def test_an_unknown_id_is_not_sent_through_a_proxy_that_passes_all_on(self):
        planned = plan(PROXY, vllm=VLLM, proxy=PROXY, names=("*",))
        assert Question.UNKNOWN_MODEL not in questions(planned.targets[0])
        assert (Question.UNKNOWN_MODEL, Verdict.SKIP, None) in known(planned)

    def test_vllm_is_asked_for_the_id_that_the_proxy_asks_it_for(self):
        yaml = (
            f"model_list:\n- model_name: {MODEL}\n  litellm_params:\n    model: hosted_vllm/behind\n"
            f"    api_base: {VLLM}/v1\n"
        )
        config = parse_proxy_config(yaml, "config.yaml")
        direct = plan(PROXY, vllm=VLLM, proxy=PROXY, served=("first", "behind"), config=config).targets[1]
        assert body(direct, Question.PLAIN)["model"] == "behind"


class TestKeys:
    def test_the_token_goes_to_the_base_url_alone(self):
        client, direct = plan(PROXY, vllm=VLLM, proxy=PROXY, key="vllm-key").targets
        assert client.headers["authorization"] == f"Bearer {TOKEN}"
        assert direct.headers["authorization"] == "Bearer vllm-key"
        assert TOKEN not in str(direct.headers)

    def test_without_a_key_of_its_own_vllm_gets_none(self):
        direct = plan(
            PROXY, vllm=VLLM, proxy=PROXY, ANTHROPIC_API_KEY="k" * 8, ANTHROPIC_CUSTOM_HEADERS="x-app: k2-secret"
        ).targets[1]
        assert not {"authorization", "x-api-key"} & set(direct.headers)
        assert "k2-secret" not in str(direct.headers)

    def test_token_and_key_are_sent_as_the_client_sends_them(self):
        (target,) = plan(VLLM, ANTHROPIC_API_KEY="the-key").targets
        assert (target.headers["authorization"], target.headers["x-api-key"]) == (f"Bearer {TOKEN}", "the-key")

    def test_the_users_own_headers_go_along_but_cannot_change_the_framing(self):
        lines = "X-Team: blue\nContent-Length: 1\nno colon\nbad name: x\nUser-Agent: me"
        (target,) = plan(VLLM, ANTHROPIC_CUSTOM_HEADERS=lines).targets
        assert target.headers["x-team"] == "blue"
        assert "content-length" not in target.headers
        assert "stormdeck-canary/0.9" in target.headers["user-agent"]

    def test_no_secret_is_in_what_a_plan_prints(self):
        assert TOKEN not in repr(plan(PROXY, vllm=VLLM, proxy=PROXY, key=TOKEN))

    @pytest.mark.parametrize("token", ["sk-ключ", "a\nb"], ids=["not ascii", "a line end"])
    def test_a_token_that_no_header_carries_fails_without_a_request(self, token):
        planned = plan(VLLM, ANTHROPIC_AUTH_TOKEN=token)
        assert planned.targets == ()
        assert token not in planned.known[0].message

    def test_no_token_is_said(self):
        assert plan(VLLM, ANTHROPIC_AUTH_TOKEN=None).notes == ("No token is configured, so the requests have none.",)


class TestShape:
    def test_the_user_agent_is_the_clients_with_our_mark(self):
        (target,) = plan(VLLM).targets
        assert target.headers["user-agent"] == f"claude-cli/{NEW} (external, cli) stormdeck-canary/0.9"

    @pytest.mark.parametrize(
        ("version", "has", "lacks"),
        [
            (NEW, "effort-2025-11-24", "fine-grained"),
            ("2.1.112", "context-management-2025-06-27", "context-1m"),
            (OLD, "prompt-caching-scope-2026-01-05", "context-management"),
            ("2.0.76", "interleaved-thinking-2025-05-14", "prompt-caching"),
            ("1.0.128", "fine-grained-tool-streaming-2025-05-14", "effort"),
        ],
    )
    def test_each_version_has_its_own_betas(self, version, has, lacks):
        (target,) = plan(VLLM, version=version).targets
        assert has in betas(target)
        assert lacks not in betas(target)
        assert ("x-claude-code-session-id" in target.headers) == (version in {NEW, "2.1.112"})

    def test_switched_off_betas_are_left_out(self):
        (target,) = plan(VLLM, CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS="1").targets
        assert betas(target) == (
            "claude-code-20250219,context-1m-2025-08-07,interleaved-thinking-2025-05-14,effort-2025-11-24"
        )
        assert target.request(Question.TOOL_CHANGE) is None
        assert "context_management" not in body(target, Question.THINKING)

    def test_thinking_is_asked_for_as_the_version_does(self):
        new = body(plan(VLLM).targets[0], Question.THINKING)
        old = body(plan(VLLM, version=OLD).targets[0], Question.THINKING)
        none = body(plan(VLLM, MAX_THINKING_TOKENS="0").targets[0], Question.THINKING)
        assert new["thinking"] == {"type": "adaptive", "display": "omitted"}
        assert new["output_config"] == {"effort": "high"}
        assert old["thinking"]["budget_tokens"] < old["max_tokens"]
        assert "thinking" not in none

    def test_background_requests_carry_the_id_that_the_client_would_send(self):
        (target,) = plan(VLLM, **HAIKU).targets
        assert body(target, Question.BACKGROUND)["model"] == "claude-haiku-4-5-20251001"
        assert (Question.BACKGROUND, Verdict.SKIP, None) in known(plan(VLLM))

    def test_the_unknown_id_comes_last_and_is_nobodys(self):
        asks = plan(VLLM, **HAIKU).targets[0].requests
        assert asks[-1].body["model"] == NO_SUCH_MODEL

    def test_what_the_user_adds_to_each_body_cannot_make_it_longer(self):
        extra = json.dumps({"max_tokens": 90_000, "stream": True, "top_k": 3, "model": "other"})
        (target,) = plan(VLLM, CLAUDE_CODE_EXTRA_BODY=extra).targets
        sent = body(target, Question.PLAIN)
        assert (sent["top_k"], sent["max_tokens"], sent["model"]) == (3, 16, MODEL)
        assert "stream" not in sent

    def test_it_is_small_and_says_so(self):
        planned = plan(PROXY, vllm=VLLM, proxy=PROXY)
        assert all(16 <= ask.body.get("max_tokens", 16) <= 64 for target in planned.targets for ask in target.requests)
        assert planned.requests <= 42
        assert planned.cost == (
            f"at most {planned.requests} requests, about {grouped(planned.prompt_tokens)} prompt tokens, "
            f"at most {grouped(planned.max_tokens)} generated tokens"
        )
        assert planned.prompt_tokens + planned.max_tokens < 20_000

    def test_one_route_alone_has_no_requests_in_doubt(self):
        assert plan(VLLM, vllm=VLLM).cost.startswith("19 requests, about")


@pytest.mark.parametrize(
    ("version", "env", "limit_ms"),
    [
        (NEW, {}, 361_000),
        (OLD, {}, 300_000),
        (NEW, {"API_TIMEOUT_MS": "3000000"}, 361_000),
        (NEW, {"API_TIMEOUT_MS": "3000000", "CLAUDE_STREAM_IDLE_TIMEOUT_MS": "900000"}, 900_000),
        (NEW, {"API_TIMEOUT_MS": "3000000", "API_FORCE_IDLE_TIMEOUT": "0"}, 3_000_000),
        (NEW, {"API_TIMEOUT_MS": "10 minutes"}, 10),
        (OLD, {"API_TIMEOUT_MS": "60000"}, 60_000),
    ],
    ids=["2.1.329", "2.1.42", "a long timeout does not hold", "lifted", "switched off", "a word", "a short one"],
)
def test_how_long_the_client_waits(version, env, limit_ms):
    assert plan(VLLM, version=version, **env).limit_ms == limit_ms
