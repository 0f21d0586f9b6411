"""A vLLM whose options hide its access lines: nothing is counted, so nothing is said to be."""

import functools
import json
import time

import pytest

import stormdeck.commands.check.servers as look
from served import WITH_MESSAGES, client_settings, served
from servers import litellm, vllm
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.processes.scan import Listener, Scan

COMMAND = ("vllm", "serve", "Qwen3.5-27B", "--enable-auto-tool-choice", "--tool-call-parser", "qwen3_coder")
HIDING = {
    "vLLM with --uvicorn-log-level warning": ("--uvicorn-log-level", "warning"),
    "vLLM with --disable-uvicorn-access-log": ("--disable-uvicorn-access-log",),
}


@pytest.mark.parametrize("name", HIDING)
def test_retries_are_unknown_where_an_option_hides_them(home, deployment, monkeypatch, tmp_path, name):
    log = tmp_path / "vllm.log"
    log.write_text("INFO 11-30 12:00:00 [loggers.py:1] Engine 000: Avg prompt throughput: 1.0 tokens/s\n")
    with served(vllm(**WITH_MESSAGES)) as (url,):
        process = ServerProcess(37, "vllm", (*COMMAND, *HIDING[name]), 1, log, f"both to {log}", ServerKind.VLLM)
        scan = Scan((Listener("127.0.0.1", address(url).port, process),))
        monkeypatch.setattr(look, "discover", functools.partial(discover, ports=(), scan=lambda _: scan))
        home.write(client_settings(url))
        seen = deployment(name)
        text = home.run("status", "--no-gpu")[1]
    option = " ".join(HIDING[name])
    assert (seen.code, seen.codes, seen.state) == (0, [], "ok")
    assert seen.panel.endswith(f"– retries: this log has no access lines: {option}")
    assert "All well" not in text
    assert "0 retries" not in text
    assert f"– retries: this log has no access lines: {option}" in text
    requests = seen.status["requests"]
    assert (requests["retries_per_minute"], requests["reason"]) == (None, f"this log has no access lines: {option}")


YAML = """model_list:
- model_name: claude-sonnet
  litellm_params: {{model: anthropic/Qwen3.5-27B, api_base: "{}", api_key: x}}
general_settings: {{master_key: sk-lab}}
"""
LITELLM = ("litellm", "--config", "config.yaml")
QUIET = {
    "a variable": (LITELLM, "LITELLM_LOG=ERROR", "LITELLM_LOG=ERROR"),
    "another web server": ((*LITELLM, "--run_granian"), "", "--run_granian"),
    "nothing": (LITELLM, "", None),
}


@pytest.mark.parametrize(("command", "variable", "why"), QUIET.values(), ids=QUIET)
@pytest.mark.parametrize("shows", [True, False], ids=["vLLM logs", "vLLM logs nothing"])
def test_retries_are_unknown_where_the_proxy_hides_them(home, monkeypatch, tmp_path, command, variable, why, shows):
    """What LiteLLM itself answers never reaches vLLM, whose log has the lines of LiteLLM's own attempts."""
    logs = [tmp_path / name for name in ("litellm.log", "vllm.log")]
    logs[0].write_text("LiteLLM: Proxy initialized with Config, Set models:\n    big\n")
    stamp = time.strftime("%m-%d %H:%M:%S")
    line = f'INFO {stamp} [launcher.py:1] x\nINFO:     127.0.0.1:4000 - "POST /v1/messages HTTP/1.1" 200 OK\n'
    logs[1].write_text(line * 4 * shows)
    proxy = litellm("sk-lab")
    proxy.routes["/v1/messages"] = WITH_MESSAGES["_v1_messages"]
    yaml = tmp_path / "config.yaml"
    with served(proxy, vllm(**WITH_MESSAGES)) as (url, behind):
        yaml.write_text(YAML.format(behind))
        front = ServerProcess(37, "litellm", command, 1, logs[0], "both", ServerKind.LITELLM, hides_access=variable)
        back = ServerProcess(38, "vllm", COMMAND, 1, logs[1], "both", ServerKind.VLLM)
        scan = Scan(
            (
                Listener("127.0.0.1", address(url).port, front, config=yaml),
                Listener("127.0.0.1", address(behind).port, back),
            )
        )
        monkeypatch.setattr(look, "discover", functools.partial(discover, ports=(), scan=lambda _: scan))
        home.write(client_settings(url, model="claude-sonnet", ANTHROPIC_AUTH_TOKEN="sk-lab"))
        said = json.loads(home.run("status", "--no-gpu", "--json")[1])
        text = home.run("status", "--no-gpu")[1]
    expected = f"the log of LiteLLM has no access lines: {why}"
    assert (expected in (said["requests"]["reason"] or "")) is (why is not None)
    assert ("0 retries" in text) is False or why is None
    if why is not None:
        assert said["requests"]["retries_per_minute"] is None
        assert said["headline"]["text"].endswith(f"– retries: {expected}")
