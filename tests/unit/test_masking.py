"""Secrets are masked by their name, their place and their form, and nothing else is."""

from __future__ import annotations

import pytest

from stormdeck.model.masking.command import mask_command
from stormdeck.model.masking.lines import MASK, mask_text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("http://u:p@h:1/v1", f"http://{MASK}@h:1/v1", id="user-and-password"),
        pytest.param("http://h/v1?api_key=abc&x=1", f"http://h/v1?api_key={MASK}&x=1", id="query"),
        pytest.param("http://h/v1?key=abc#f", f"http://h/v1?key={MASK}#f", id="key"),
        pytest.param("http://h:8000/v1?monkey=1", "http://h:8000/v1?monkey=1", id="not-a-key"),
        pytest.param("not a url", "not a url", id="no-url"),
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str, shown: str) -> None:
    assert mask_text(url) == shown


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        pytest.param(
            ["vllm", "--api-key", "abc", "def", "--port", "1"],
            ["vllm", "--api-key", MASK, MASK, "--port", "1"],
            id="several-keys",
        ),
        pytest.param(["vllm", "--api-key=abc"], ["vllm", f"--api-key={MASK}"], id="equals"),
        pytest.param(["x", "--hf-token", "abc"], ["x", "--hf-token", MASK], id="token"),
        pytest.param(["x", "--hf_token=abc"], ["x", f"--hf_token={MASK}"], id="underscore"),
        pytest.param(
            ["vllm", "--max-num-batched-tokens", "8192", "--tool-call-parser", "hermes"],
            ["vllm", "--max-num-batched-tokens", "8192", "--tool-call-parser", "hermes"],
            id="token-counts-are-no-secret",
        ),
        pytest.param(
            ["env", "ANTHROPIC_AUTH_TOKEN=abc", "claude"],
            ["env", f"ANTHROPIC_AUTH_TOKEN={MASK}", "claude"],
            id="variable",
        ),
        pytest.param(
            ["curl", "-H", "Authorization: Bearer abcd.ef"],
            ["curl", "-H", f"Authorization: Bearer {MASK}"],
            id="header",
        ),
        pytest.param(["p", "--db", "postgres://u:p@h/d"], ["p", "--db", f"postgres://{MASK}@h/d"], id="url"),
        pytest.param(["vllm", "serve", "Qwen/Qwen3.5-27B"], ["vllm", "serve", "Qwen/Qwen3.5-27B"], id="nothing-secret"),
    ],
)
def test_a_command_line_is_shown_without_its_secrets(argv: list[str], shown: list[str]) -> None:
    assert list(mask_command(argv)) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Request Headers: {'x-api-key': 'abcdef', 'host': 'h'}",
        '{"authorization": "Bearer abcdef"}',
        "Received API Key = sk-abcdef, Key Hash = x",
        "master_key: abcdef",
        "http://u:abcdef@h/",
    ],
)
def test_a_quoted_secret_is_masked_wherever_it_stands(text: str) -> None:
    shown = mask_text(text)
    assert "abcdef" not in shown
    assert MASK in shown


def test_text_about_keys_is_not_mangled() -> None:
    text = "Authentication Error, No api key passed in. prompt_tokens: 12, max_tokens=32000"
    assert mask_text(text) == text
