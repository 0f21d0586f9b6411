"""Two model groups over three servers behind a real LiteLLM, as servers end and start again."""

import json
import sys
from contextlib import ExitStack, contextmanager

import httpx
import programs
import pytest
from proxied import KEY, QUIET
from running import free_port, running
from versions import LITELLM

from served import client_settings
from stormdeck.demo.scenario import Fault

NEWEST = LITELLM[0]
TURNS = 6
TIERS = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": "big" for tier in ("OPUS", "SONNET")}


@contextmanager
def engine(folder, port):
    """Run the demo's vLLM on a port."""
    control = folder / "fault"
    control.write_text(Fault.NONE.value)
    command = [sys.executable, "-m", "stormdeck.demo.vllm", "serve", "--port", str(port), "--control", control]
    with running([*command, "--speed", "20"], folder / f"vllm-{port}.log", port, "/health", {}) as program:
        yield program


def entry(name, base):
    return {
        "model_name": name,
        "litellm_params": {"model": "hosted_vllm/Qwen3.5-27B", "api_base": base, "api_key": "x"},
    }


@contextmanager
def proxy(folder, ports, fallbacks):
    """Run LiteLLM; the address of the first server is in a variable of its own."""
    yaml, port = folder / "litellm.yaml", free_port()
    names = zip(("big", "big", "small"), ports, strict=True)
    models = [entry(name, f"http://127.0.0.1:{at}/v1") for name, at in names]
    models[0]["litellm_params"]["api_base"] = "os.environ/FIRST"
    general = {"general_settings": {"master_key": KEY}, "litellm_settings": {"fallbacks": fallbacks}}
    yaml.write_text(json.dumps({"model_list": models, **general}))
    command = [programs.litellm(NEWEST), "--config", yaml.name, "--host", "127.0.0.1", "--port", str(port)]
    environ = {**QUIET, "FIRST": f"http://127.0.0.1:{ports[0]}/v1"}
    with running(
        [*command, "--telemetry", "False"], folder / "litellm.log", port, "/health/liveliness", environ
    ) as one:
        yield one


def turns(url, model):
    """Return the statuses of some turns of a model."""
    body = {"model": model, "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60.0) as client:
        return [client.post("/v1/messages", json=body).status_code for _ in range(TURNS)]


@pytest.mark.program("LiteLLM", NEWEST)
@pytest.mark.parametrize("fallbacks", [[], [{"big": ["small"]}]], ids=["without a fallback", "with a fallback"])
def test_the_verdict_is_what_turns_end_in(home, tmp_path, fallbacks):
    ports = [free_port() for _ in range(3)]
    with ExitStack() as stay:
        ends = [stay.enter_context(ExitStack()) for _ in ports]
        for end, port in zip(ends, ports, strict=True):
            end.enter_context(engine(tmp_path, port))
        litellm = stay.enter_context(proxy(tmp_path, ports, fallbacks))
        home.write(client_settings(litellm.url, model="small", ANTHROPIC_AUTH_TOKEN=KEY, **TIERS))

        def verdict(*flags):
            code, out, _ = home.run("status", "--json", "--no-gpu", *flags)
            document = json.loads(out)
            return code, document["headline"]["text"].partition(".  ")[0], document["hops"][2]["url"][-5:]

        first, second = f":{ports[0]}"[-5:], f":{ports[1]}"[-5:]
        assert verdict() == (0, "All well", first)
        ends[0].close()
        assert verdict() == (1, "1 of 2 servers behind big is down", second)
        assert turns(litellm.url, "big").count(200) >= TURNS // 2
        ends[1].close()
        code, words, _ = verdict()
        passed = turns(litellm.url, "big").count(200)
        if fallbacks:
            assert (code, words) == (1, "Both servers behind big are down; LiteLLM falls back to small")
            assert passed == TURNS
        else:
            assert (code, words, passed) == (2, "Both servers behind big are down", 0)
        ends[0].enter_context(engine(tmp_path, ports[0]))
        assert verdict() == (1, "1 of 2 servers behind big is down", first)
        ends[2].close()
        assert verdict()[0] == 2
        assert turns(litellm.url, "small").count(200) == 0
