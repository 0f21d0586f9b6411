"""Late system messages of the real client, through a real LiteLLM, before a strict chat template: PROXY818."""

from __future__ import annotations

import programs
import pytest
from claude_code import TIERS, Home, client, run, settings_for
from proxied import QUIET
from replies import SERVED
from running import free_port, running
from strict_server import serving
from versions import CLAUDE_CODE, LITELLM

KEY = "sk-stormdeck-late"
VERSION, PROXY = CLAUDE_CODE[0], LITELLM[0]
CONFIG = f"""model_list:
  - model_name: qwen-chat
    litellm_params: {{model: hosted_vllm/{SERVED}, api_base: "URL/v1", api_key: none}}
  - model_name: qwen-native
    litellm_params: {{model: anthropic/{SERVED}, api_base: "URL", api_key: none}}
litellm_settings:
  drop_params: true
general_settings:
  master_key: {KEY}
"""
AVOIDED = {"CLAUDE_CODE_MODEL_CAPABILITIES": "qwen-chat=-mid_conv_system,-mid_conv_tool_change"}
"""What the rule's fix sets."""
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
PATIENCE_S = 240.0
pytestmark = [pytest.mark.program("late system messages", f"{VERSION}, {PROXY}")]


@pytest.fixture(scope="module")
def strict():
    """Return the server behind the proxy."""
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def proxy(strict, tmp_path_factory):
    """Return the URL of a LiteLLM before it."""
    folder, port = tmp_path_factory.mktemp("late"), free_port()
    config = folder / "litellm.yaml"
    config.write_text(CONFIG.replace("URL", strict.url))
    command = [programs.litellm(PROXY), "--config", config, "--host", "127.0.0.1", "--port", str(port)]
    log = folder / "litellm.log"
    with running([*command, "--telemetry", "False"], log, port, "/health/liveliness", QUIET) as litellm:
        yield litellm.url


@pytest.mark.parametrize(
    ("model", "more", "path", "is_late"),
    [
        ("qwen-chat", {}, CHAT, False),
        ("qwen-chat", AVOIDED, CHAT, False),
        ("qwen-native", {}, MESSAGES, True),
    ],
    ids=["chat completions", "chat completions without them", "vLLM's own messages API"],
)
def test_this_litellm_passes_no_late_system_message_to_chat_completions(
    strict, proxy, tmp_path, model, more, path, is_late
):
    url = proxy
    home = Home(tmp_path / "home", settings_for(url, ANTHROPIC_AUTH_TOKEN=KEY, **dict.fromkeys(TIERS, model), **more))
    home.make()
    strict.asked.clear()
    printed = run(client(VERSION), home, url, "Say hello.", timeout_s=PATIENCE_S)
    assert {asked for asked, _ in strict.asked} == {path}
    assert any("system" in roles[1:] for _, roles in strict.asked) == is_late, strict.asked
    assert printed.code == 0, printed
