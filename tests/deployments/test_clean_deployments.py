"""Clean stacks stay clean: no finding, ``status`` 0, and the panel says that all is well."""

import json

import pytest

from forwarders import by_nginx, reserved_port
from served import WITH_MESSAGES, client_settings, served
from servers import Reply, litellm, vllm
from stormdeck.sources.net.address import address

KEY = "sk-lab-0123456789"


def proxy_before(folder, behind):
    """Return a LiteLLM that has the path of the messages, and the YAML that leads it to a server."""
    server = litellm(KEY)
    server.routes["/v1/messages"] = Reply({"detail": "Method Not Allowed"}, 405)
    yaml = folder / "config.yaml"
    yaml.write_text(
        "model_list:\n- model_name: claude-sonnet\n  litellm_params: "
        f"{{model: anthropic/Qwen3.5-27B, api_base: {behind}, api_key: x}}\n"
        "  model_info: {id: one}\nrouter_settings: {disable_cooldowns: true, num_retries: 0}\n"
        f"general_settings: {{master_key: {KEY}, cancel_on_disconnect: true}}\n"
        "litellm_settings: {drop_params: true}\n"
    )
    return server, yaml


def assert_clean(seen):
    assert seen.code == 0, seen.status["statements"]
    assert (seen.check_code, seen.state) == (0, "ok")
    assert [one for one in seen.check["findings"] if one["severity"] != "info"] == []


def through(url):
    return client_settings(url, model="claude-sonnet", ANTHROPIC_AUTH_TOKEN=KEY)


def test_a_vllm_in_the_open(home, deployment, only_what_is_named):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(url))
        assert_clean(deployment("vLLM, direct"))


def test_a_litellm_before_a_vllm(home, deployment, only_what_is_named, tmp_path):
    with served(vllm(**WITH_MESSAGES)) as (behind,):
        server, yaml = proxy_before(tmp_path, behind)
        with served(server) as (url,):
            home.write(through(url))
            seen = deployment("LiteLLM before vLLM", "--litellm-config", str(yaml))
    assert_clean(seen)
    assert [name for name, _ in seen.hops if "claude" not in name][:2] == ["LiteLLM", "vLLM"]


@pytest.mark.parametrize("first", ["LiteLLM", "vLLM"])
def test_nginx_before_both(home, deployment, only_what_is_named, tmp_path, first):
    port, folder = reserved_port(), tmp_path / "nginx"
    folder.mkdir()
    with served(vllm(**WITH_MESSAGES)) as (behind,):
        server, yaml = proxy_before(tmp_path, behind)
        with served(server) as (url,):
            target, flags = (url, ["--litellm-config", str(yaml)]) if first == "LiteLLM" else (behind, [])
            with by_nginx(folder, port, address(target).port):
                front = f"http://127.0.0.1:{port}"
                home.write(through(front) if flags else client_settings(front))
                seen = deployment({"LiteLLM": "nginx before LiteLLM", "vLLM": "nginx before vLLM"}[first], *flags)
    assert_clean(seen)


def test_a_log_without_times_counts_nothing(home, only_what_is_named, tmp_path):
    log = tmp_path / "vllm.log"
    log.write_text("INFO 11-30 12:00:00 [loggers.py:1] Engine 000: Avg prompt throughput: 1.0 tokens/s\n")
    with served(vllm(**WITH_MESSAGES)) as (url,):
        home.write(client_settings(url))
        said = json.loads(home.run("status", "--no-gpu", "--json", "--log", str(log))[1])
    assert said["state"] == "ok"
    assert said["requests"]["retries_per_minute"] is None
    assert said["requests"]["reason"] == "no log has times in its lines"
