"""Late system messages of the real client, through a real LiteLLM, before a strict chat template: PROXY818."""

from __future__ import annotations

import json
import subprocess
import sys

import programs
import pytest
from claude_code import TIERS, Home, client, run, settings_for
from proxied import QUIET
from replies import SERVED
from running import free_port, running
from strict_server import REFUSAL, serving
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
    """Return the URL of a LiteLLM before it, and its YAML."""
    folder, port = tmp_path_factory.mktemp("late"), free_port()
    config = folder / "litellm.yaml"
    config.write_text(CONFIG.replace("URL", strict.url))
    command = [programs.litellm(PROXY), "--config", config, "--host", "127.0.0.1", "--port", str(port)]
    log = folder / "litellm.log"
    with running([*command, "--telemetry", "False"], log, port, "/health/liveliness", QUIET) as litellm:
        yield litellm.url, config


def codes(home, config):
    """Return the rules that ``stormdeck check`` finds in the settings and the YAML."""
    place = ["--home", home.folder, "--project", home.project, "--client-version", VERSION]
    command = [sys.executable, "-m", "stormdeck", "check", "--json", "--offline", *place, "--litellm-config", config]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert said.stdout, said.stderr
    return {one["code"] for one in json.loads(said.stdout)["findings"]}


@pytest.mark.parametrize(
    ("model", "more", "path", "is_late", "is_refused"),
    [
        ("qwen-chat", {}, CHAT, True, True),
        ("qwen-chat", AVOIDED, CHAT, False, False),
        ("qwen-native", {}, MESSAGES, True, False),
    ],
    ids=["chat completions", "chat completions without them", "vLLM's own messages API"],
)
def test_the_rule_finds_what_is_refused(strict, proxy, tmp_path, model, more, path, is_late, is_refused):
    url, config = proxy
    home = Home(tmp_path / "home", settings_for(url, ANTHROPIC_AUTH_TOKEN=KEY, **dict.fromkeys(TIERS, model), **more))
    home.make()
    strict.asked.clear()
    printed = run(client(VERSION), home, url, "Say hello.", timeout_s=PATIENCE_S)
    assert printed.code is not None, printed
    assert {asked for asked, _ in strict.asked} == {path}
    assert any(systems not in ([], [0]) for _, systems in strict.asked) == is_late, strict.asked
    assert (printed.code != 0, REFUSAL in printed.out + printed.err) == (is_refused, is_refused), printed
    assert ("PROXY818" in codes(home, config)) == is_refused
