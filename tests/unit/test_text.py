"""Text from outside is shown without harm, and without its secrets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.text import MASK, clean, mask, mask_command, mask_text, mask_url


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain text", "plain text", id="plain"),
        pytest.param("\x1b[32mINFO\x1b[0m:", "INFO:", id="colour"),
        pytest.param("\x1b]0;evil title\x07after", "after", id="window-title"),
        pytest.param("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link", id="hyperlink"),
        pytest.param("\x1b]52;c;cm0gLXJm", "52;c;cm0gLXJm", id="osc-without-end-stays-readable"),
        pytest.param("\x1bP1$r0m\x1b\\after", "after", id="dcs"),
        pytest.param("\x9b31mred", "red", id="8-bit-csi"),
        pytest.param("\x1bcreset", "reset", id="terminal-reset"),
        pytest.param("line\r", "line", id="carriage-return"),
        pytest.param("\0\0line", "line", id="nul"),
        pytest.param("bell\x07", "bell␇", id="bell-is-visible"),
        pytest.param("a\nb", "a␊b", id="line-feed-is-visible"),
        pytest.param("a\tb", "a    b", id="tab"),
        pytest.param("abc\u202egnp.exe", "abcgnp.exe", id="bidi-override"),
        pytest.param("pay\u200bload\ufeff", "payload", id="zero-width"),
        pytest.param("\ud800", "\ufffd", id="lone-surrogate"),
        pytest.param("漢字 é 🚀 👩‍💻", "漢字 é 🚀 👩‍💻", id="wide-and-emoji-stay"),
        pytest.param("a\u200db", "ab", id="joiner-between-letters"),
        pytest.param("a\u00a0b", "a\u00a0b", id="no-break-space-stays"),
        pytest.param("[bold]not markup[/]", "[bold]not markup[/]", id="brackets-are-text"),
    ],
)
def test_what_is_shown_can_do_no_harm(text: str, shown: str) -> None:
    assert clean(text) == shown


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b[]\x9b\x9d\x07\\;m\u202e\r\0")))
def test_no_control_character_survives(text: str) -> None:
    shown = clean(text)
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or 0xD800 <= ord(char) < 0xE000 for char in shown)
    assert "\u202e" not in shown
    assert clean(shown) == shown


def test_a_mask_tells_neither_the_secret_nor_its_length() -> None:
    assert mask("sk-1234567890") == mask("x") == MASK
    assert mask("") == ""


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
    assert mask_url(url) == shown


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
