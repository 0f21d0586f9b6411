"""What the panel's sources see of a real LiteLLM."""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from threading import Thread

import programs
import pytest
from proxied import KEY, MODEL, requests_for_tokens
from running import until

from stormdeck.model.logs.records import RecordReader
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.settings.scope import Effective, Scope, SettingsSnapshot
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.model.versions import at_least
from stormdeck.sources.discovery.configured import ConfiguredTargets
from stormdeck.sources.discovery.identify import identify
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.litellm_yaml import read_proxy_config
from stormdeck.sources.net.http import Answer, HttpClient
from stormdeck.sources.processes.scan import Scan, config_of, scan_processes
from stormdeck.sources.servers.proxy import ProxySource

POLLS = 10
PATIENCE_S = 30.0
"""The machine may be busy; the panel itself waits for three seconds."""


class RecordingClient(HttpClient):
    """Keeps the own ports of the answers, by which LiteLLM's log shows the requests."""

    def __init__(self, version):
        super().__init__(version)
        self.ports: set[int] = set()

    async def get(self, *args, **kwargs):
        answer = await super().get(*args, **kwargs)
        if isinstance(answer, Answer):
            self.ports.add(answer.port)
        return answer


def has_backlog(stack):
    """Return whether this LiteLLM counts its requests in flight."""
    return at_least(stack.version, "1.109.1")


def poll(stack, key=KEY, times=1):
    async def scene():
        http = RecordingClient("9.9")
        async with http:
            source = ProxySource(stack.proxy.url, ServerKind.LITELLM, http, time.time, key, deadline_s=PATIENCE_S)
            for _ in range(times):
                snapshot = await source.poll()
            return snapshot, frozenset(http.ports)

    return asyncio.run(scene())


def test_it_is_installed_as_it_was_released(stack, record_property):
    """What is missing in the registry is left out: the table of versions says what."""
    folder = programs.litellm(stack.version).parents[1]
    record_property("note", programs.replaced(folder))
    assert stack.proxy.answers("/health/liveliness")


def test_it_is_identified_by_its_answers(stack):
    async def scene():
        async with HttpClient("9.9") as http:
            return [await identify(one.url, http, None, PATIENCE_S) for one in (stack.proxy, stack.vllm)]

    assert [one.kind for one in asyncio.run(scene())] == [ServerKind.LITELLM, ServerKind.VLLM]


def test_with_the_master_key_it_tells_version_and_models(stack):
    snapshot, _ = poll(stack)
    assert (snapshot.state, snapshot.detail, snapshot.version) == (ServerState.UP, "", stack.version)
    assert {"native", "fine", "gone"} <= set(snapshot.models)


def test_without_a_key_it_is_up_and_the_rest_is_unknown(stack):
    snapshot, _ = poll(stack, key=None)
    assert snapshot.state is ServerState.UP
    assert "no key is sent" in snapshot.detail
    assert (snapshot.models, snapshot.in_flight) == ((), None)


def test_a_wrong_key_is_reported(stack):
    snapshot, _ = poll(stack, key="sk-wrong")
    assert snapshot.state is ServerState.REFUSING
    assert "No connected db" in snapshot.detail


def test_requests_in_flight(stack):
    client = Thread(target=stack.ask, args=("held",), daemon=True)
    client.start()
    try:
        until(lambda: stack.upstream.asked["held"])
        assert poll(stack)[0].in_flight == (1 if has_backlog(stack) else None)
    finally:
        stack.upstream.let_go.set()
        client.join(30.0)
    assert poll(stack)[0].in_flight == (0 if has_backlog(stack) else None)


def test_polling_asks_nothing_of_vllm_and_leaves_no_error(stack):
    mark, behind = stack.proxy.mark(), stack.vllm.mark()
    _, ports = poll(stack, times=POLLS)
    lines = stack.proxy.lines(mark)
    assert not [one for one in map(RecordReader().read, lines) if one is not None and one.level.is_failure]
    assert not requests_for_tokens(stack.vllm.lines(behind))
    paths = Counter(one.path for one in map(parse_access, lines) if one is not None and one.port in ports)
    backlog = POLLS if has_backlog(stack) else 1
    once = ("/v1/models", "/health/readiness/details", *(() if has_backlog(stack) else ("/health/readiness",)))
    assert paths == {"/health/liveliness": POLLS, "/health/backlog": backlog, **dict.fromkeys(once, 1)}


def test_the_running_process_leads_to_its_log_its_yaml_and_the_vllm_behind(stack):
    def ours(sockets_too):
        scan = scan_processes(sockets_too)
        known = {stack.proxy.pid, stack.vllm.pid}
        return Scan(tuple(one for one in scan.listeners if one.process is not None and one.process.pid in known))

    async def scene():
        settings = {"env.ANTHROPIC_BASE_URL": stack.proxy.url, "env.ANTHROPIC_AUTH_TOKEN": KEY}
        effective = {name: Effective(value, Scope.USER) for name, value in settings.items()}
        async with HttpClient("9.9") as http:
            return await discover(
                SettingsSnapshot(effective=effective), http, ConfiguredTargets(), (), ours, PATIENCE_S
            )

    seen = asyncio.run(scene())
    assert [(one.kind, one.url) for one in seen.on_path()] == [
        (ServerKind.LITELLM, stack.proxy.url),
        (ServerKind.VLLM, stack.vllm.url),
    ]
    assert [one.process.pid for one in seen.on_path()] == [stack.proxy.pid, stack.vllm.pid]
    assert read_proxy_config(config_of(seen.server(proxy=True).process)).file == str(stack.config)
    assert (seen.logs, seen.log_notes) == ((stack.proxy.log, stack.vllm.log), ())


@pytest.fixture
def stormdeck(stack, tmp_path):
    """Return a function that runs a command in a home whose client is configured for the proxy."""
    settings = tmp_path / ".claude" / "settings.json"
    settings.parent.mkdir()
    env = {"ANTHROPIC_BASE_URL": stack.proxy.url, "ANTHROPIC_AUTH_TOKEN": KEY, "ANTHROPIC_MODEL": MODEL}
    settings.write_text(json.dumps({"env": env}))

    def run(command, *options):
        printed = subprocess.run(
            [sys.executable, "-m", "stormdeck", command, "--json", "--home", tmp_path, "--project", tmp_path, *options],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=120,
        )
        assert printed.stdout, printed.stderr
        return json.loads(printed.stdout)

    return run


def test_the_status_of_a_working_path(stack, stormdeck):
    def look():
        """The look is bounded to two seconds, and a busy machine may need more."""
        printed = stormdeck("status", "--no-gpu")
        hops = {hop["kind"]: (hop["url"], hop["state"]) for hop in reversed(printed["hops"])}
        return (printed["state"], hops) if hops["vllm"][1] != "unknown" else None

    state, hops = until(look)
    assert (state, hops["vllm"]) == ("ok", (stack.vllm.url, "ok"))
    assert hops["proxy"][0] == stack.proxy.url


def test_check_finds_no_error_in_what_works_and_the_canary_passes(stack, stormdeck):
    printed = stormdeck("check", "--canary")
    assert [one for one in printed["findings"] if one["severity"] == "error"] == []
    assert "fail" not in {one["verdict"] for one in printed["canary"]["checks"]}, printed["canary"]
