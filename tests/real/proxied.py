"""A real LiteLLM before two servers: the demo's vLLM, and one that fails on purpose."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import programs
import pytest
from _pytest.mark import ParameterSet
from running import Program, free_port, running, until
from upstream import Upstream, serving
from versions import LITELLM

from stormdeck.demo.scenario import Fault
from stormdeck.model.logs.requests.access import Access
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.traffic.upstream import asks_for_tokens

KEY = "sk-stormdeck-test"
SERVED = "Qwen3.5-27B"
MODEL = "claude-sonnet-4-5-20250929"
AGENT = "claude-cli/2.1.42 (external, cli)"
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1"}
"""Nothing is asked of the world outside."""


def versions() -> Iterator[ParameterSet]:
    """Return the versions of LiteLLM as parameters; the newest is the quick one."""
    for version in LITELLM:
        marks = [pytest.mark.program("LiteLLM", version), *([pytest.mark.quick] if version == LITELLM[0] else [])]
        yield pytest.param(version, marks=marks, id=version)


@dataclass(frozen=True)
class Reply:
    """What a client got."""

    status: int
    body: str
    port: int
    """The client's own: the access line shows it."""


@dataclass
class Stack:
    """The proxy, and the servers behind it."""

    version: str
    proxy: Program
    vllm: Program
    upstream: Upstream
    config: Path
    control: Path

    def ask(self, model: str = MODEL, *, stream: bool = False, path: str = "/v1/messages") -> Reply:
        """Ask for a message as Claude Code does, over a connection of its own."""
        with self.client() as client:
            return self.ask_over(client, model, stream=stream, path=path)

    def client(self) -> httpx.Client:
        """Return a client that keeps its connection, with the headers of Claude Code."""
        headers = {"authorization": f"Bearer {KEY}", "user-agent": AGENT, "anthropic-version": "2023-06-01"}
        return httpx.Client(base_url=self.proxy.url, headers=headers, trust_env=False, timeout=60.0)

    def ask_over(self, client: httpx.Client, model: str, *, stream: bool = False, path: str = "/v1/messages") -> Reply:
        """Ask over a client's connection."""
        messages = [{"role": "user", "content": "Say hello to the storm."}]
        body = {"model": model, "max_tokens": 24, "stream": stream, "messages": messages}
        with client.stream("POST", f"{path}?beta=true", json=body) as answer:
            port = answer.extensions["network_stream"].get_extra_info("client_addr")[1]
            return Reply(answer.status_code, answer.read().decode(), port)

    def lines_since(self, mark: int, requests: int, words: Sequence[str] = ()) -> list[str]:
        """Return the proxy's lines from a mark on, once they show so many main requests, and some words."""

        def whole() -> list[str]:
            lines = self.proxy.lines(mark)
            there = all(any(word in line for line in lines) for word in words)
            return lines if there and len(requests_for_tokens(lines)) >= requests else []

        return until(whole, why=lambda: "\n".join(self.proxy.lines(mark)[-30:]))

    @contextmanager
    def dead_engine(self) -> Iterator[None]:
        """Let the demo's vLLM answer every request with 500 for a while."""
        self._set_fault(Fault.ENGINE_DEAD, "engine core exited unexpectedly")
        try:
            yield
        finally:
            self._set_fault(Fault.NONE, "init engine")

    def _set_fault(self, fault: Fault, noted: str) -> None:
        mark = self.vllm.mark()
        self.control.write_text(fault.value)
        until(lambda: any(noted in line for line in self.vllm.lines(mark)))


def _entry(name: str, model: str, base: str, **more: object) -> str:
    """Return an entry of ``model_list``."""
    params = {"model": model, "api_base": base, "api_key": "none", **more}
    lines = [f"      {key}: {value}" for key, value in params.items()]
    return "\n".join([f'  - model_name: "{name}"', "    litellm_params:", *lines])


def good_config(vllm: str, upstream: str) -> str:
    """Return a configuration without a pitfall: what fails fails behind it, one deployment for each way."""
    gone = f"http://127.0.0.1:{free_port()}/v1"
    ways = ("fail-400", "fail-401", "fail-429", "fail-500", "flaky-2", "cut", "fine")
    entries = [
        _entry("claude-*", f"hosted_vllm/{SERVED}", f"{vllm}/v1"),
        _entry("native", f"anthropic/{SERVED}", vllm),
        *(_entry(way, f"hosted_vllm/{way}", f"{upstream}/v1") for way in ways),
        _entry("fail-500-once", "hosted_vllm/fail-500", f"{upstream}/v1", num_retries=0),
        _entry("hang", "hosted_vllm/hang", f"{upstream}/v1", timeout=1),
        _entry("held", "hosted_vllm/held", f"{upstream}/v1"),
        _entry("gone", "hosted_vllm/gone", gone),
    ]
    return _yaml(entries)


def bad_config(vllm: str, upstream: str) -> str:
    """Return a configuration with the pitfalls that a LiteLLM starts with."""
    entries = [
        _entry("claude-*", f"hosted_vllm/{SERVED}", f"{vllm}/v1"),
        _entry("ghost", "hosted_vllm/Qwen3.5-27b", f"{vllm}/v1"),
        _entry("wrong-name", "hosted_vllm/Qwen3.5-27b", f"{vllm}/v1"),
        _entry("no-v1", f"hosted_vllm/{SERVED}", vllm),
        _entry("native-in-v1", f"anthropic/{SERVED}", f"{vllm}/v1"),
        _entry("endpoint", f"openai/{SERVED}", f"{vllm}/v1/chat/completions"),
        _entry("no-provider", "Qwen3.5", f"{vllm}/v1"),
        _entry("responses", f"openai/{SERVED}", f"{vllm}/v1"),
        *(_entry(way, f"hosted_vllm/{way}", f"{upstream}/v1") for way in ("fail-500", "fail-429", "flaky-2", "fine")),
    ]
    return _yaml(entries).replace("drop_params: true", "dropparams: true")


def _yaml(entries: Sequence[str]) -> str:
    settings = ["litellm_settings:", "  drop_params: true", "general_settings:", f"  master_key: {KEY}"]
    return "\n".join(["model_list:", *entries, *settings]) + "\n"


@contextmanager
def stack(
    version: str, folder: Path, config: Callable[[str, str], str], *flags: str, **environ: str
) -> Iterator[Stack]:
    """Run a LiteLLM of a version with the servers behind it; ``environ`` is the proxy's."""
    command, control = programs.litellm(version), folder / "fault"
    control.write_text(Fault.NONE.value)
    yaml, ports = folder / "litellm.yaml", (free_port(), free_port())
    engine = [sys.executable, "-m", "stormdeck.demo.vllm", "serve", "--port", str(ports[0]), "--control", control]
    with (
        serving() as upstream,
        running([*engine, "--speed", "20"], folder / "vllm.log", ports[0], "/health", {}) as vllm,
    ):
        yaml.write_text(config(vllm.url, upstream.url))
        proxy = [command, "--config", yaml.name, "--host", "127.0.0.1", "--port", str(ports[1]), "--telemetry", "False"]
        with running(
            [*proxy, *flags], folder / "litellm.log", ports[1], "/health/liveliness", {**QUIET, **environ}
        ) as litellm:
            yield Stack(version, litellm, vllm, upstream, yaml, control)


def requests_for_tokens(lines: Sequence[str]) -> list[Access]:
    """Return what made an engine work; other panels and tests on this machine may poll the servers meanwhile."""
    return [one for one in map(parse_access, lines) if one is not None and asks_for_tokens(one)]
