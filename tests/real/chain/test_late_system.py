"""Late system messages of the real client before a real vLLM whose chat template takes them at the beginning only."""

from __future__ import annotations

import json
import subprocess

import engine
import programs
import pytest
from claude_code import TIERS, Home, client, run, settings_for
from proxied import QUIET
from running import free_port, running
from stack import ASKED, KEY, LENGTH, STORMDECK
from versions import CLAUDE_CODE, LITELLM

VERSION = CLAUDE_CODE[0]
REFUSAL = "System message must be at the beginning."
STRICT = (
    "{% for m in messages %}{% if m.role == 'system' and not loop.first %}"
    f"{{{{ raise_exception('{REFUSAL}') }}}}{{% endif %}}{{% endfor %}}"
)
"""Goes before the model's own template, which takes them anywhere; Qwen's refuses them so."""
CONFIG = """model_list:
  - model_name: qwen-chat
    litellm_params: {{model: hosted_vllm/{served}, api_base: "{vllm}/v1", api_key: none, stop: ["e", "a"]}}
  - model_name: qwen-native
    litellm_params: {{model: anthropic/{served}, api_base: "{vllm}", api_key: none, stop: ["e", "a"]}}
litellm_settings:
  drop_params: true
general_settings:
  master_key: {key}
"""
AVOIDED = {"CLAUDE_CODE_MODEL_CAPABILITIES": "qwen-chat=-mid_conv_system,-mid_conv_tool_change"}
"""What the rule's fix sets."""
PATIENCE_S = 600.0
pytestmark = pytest.mark.vllm


@pytest.fixture(scope="module")
def proxy(request, tmp_path_factory):
    """Return the URL of a LiteLLM before a strict vLLM, and its YAML."""
    vllm, folder, port = programs.newest_vllm(), tmp_path_factory.mktemp("strict"), free_port()
    versions = f"{VERSION}, {LITELLM[0]}, {vllm}"
    request.node.add_marker(pytest.mark.program("late system messages", versions))
    template, config = folder / "strict.jinja", folder / "litellm.yaml"
    own = json.loads((programs.vllm_model(vllm) / "tokenizer_config.json").read_text())["chat_template"]
    template.write_text(STRICT + own)
    with engine.launched(vllm, folder / "vllm.log", port, LENGTH, "--chat-template", str(template)) as server:
        server.wait_for("/health")
        config.write_text(CONFIG.format(served=engine.SERVED, vllm=server.url, key=KEY))
        at = free_port()
        command = [programs.litellm(LITELLM[0]), "--config", config, "--host", "127.0.0.1", "--port", str(at)]
        log = folder / "litellm.log"
        with running([*command, "--telemetry", "False"], log, at, "/health/liveliness", QUIET) as litellm:
            yield litellm.url, config


def codes(home, config):
    """Return the rules that ``stormdeck check`` finds in the settings and the YAML."""
    place = ["--home", home.folder, "--project", home.project, "--client-version", VERSION]
    command = [*STORMDECK, "check", "--json", "--offline", *place, "--litellm-config", config]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert said.stdout, said.stderr
    return {one["code"] for one in json.loads(said.stdout)["findings"]}


@pytest.mark.parametrize(
    ("model", "more", "is_refused"),
    [("qwen-chat", {}, True), ("qwen-chat", AVOIDED, False), ("qwen-native", {}, False)],
    ids=["chat completions", "chat completions without them", "vLLM's own messages API"],
)
def test_the_rule_finds_what_is_refused(proxy, tmp_path, model, more, is_refused):
    url, config = proxy
    settings = settings_for(url, ANTHROPIC_AUTH_TOKEN=KEY, **dict.fromkeys(TIERS, model), **{**ASKED, **more})
    home = Home(tmp_path / "home", settings)
    home.make()
    printed = run(client(VERSION), home, url, "Say hello.", timeout_s=PATIENCE_S)
    assert printed.code is not None
    assert (printed.code != 0, REFUSAL in printed.out + printed.err) == (is_refused, is_refused), printed
    assert ("PROXY818" in codes(home, config)) == is_refused
