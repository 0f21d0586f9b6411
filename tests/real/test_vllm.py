"""A real vLLM on the CPU, without weights: what the panel makes of its life and its deaths.

In the order of its life: each test takes the server as the one before has left it.
"""

import asyncio
import json
import signal
import subprocess
import sys
import time

import engine
import httpx
import psutil
import pytest
from engine import SERVED
from running import START_S, free_port, until
from versions import VLLM

from stormdeck.model.logs.endings import Ending, ending
from stormdeck.model.logs.reasons import reason
from stormdeck.model.logs.records import RecordReader
from stormdeck.model.logs.requests.access import RequestKind
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.discovery.identify import identify
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.processes.scan import scan_processes
from stormdeck.sources.servers.vllm import VllmSource

pytestmark = pytest.mark.vllm
LENGTH = 32_768
ENGINE = "VLLM::EngineCore"
PATIENCE_S = 10.0


VERSIONS = [pytest.param(version, marks=pytest.mark.program("vLLM", version)) for version in VLLM]


@pytest.fixture(scope="module", params=VERSIONS)
def version(request):
    """Return the version that runs."""
    return request.param


@pytest.fixture(scope="module")
def launched(version, tmp_path_factory):
    """Return a vLLM that was just started."""
    log = tmp_path_factory.mktemp("vllm") / "vllm.log"
    with engine.launched(version, log, free_port(), LENGTH) as program:
        yield program


@pytest.fixture
def server(launched):
    """Return the vLLM once it serves."""
    launched.wait_for("/health")
    return launched


def process_of(server):
    """Return what a search of the processes finds of the server."""
    scan = scan_processes()
    printed = (one.process for one in (*scan.listeners, *scan.loading) if one.process is not None)
    return next(one for one in printed if one.pid == server.pid)


def engine_of(server):
    """Return the process that computes."""
    return next(one for one in psutil.Process(server.pid).children(recursive=True) if ENGINE in " ".join(one.cmdline()))


def watch(server, until_state, between=lambda: None, limit_s=60.0):
    """Poll as the panel does until a state; return the snapshots."""

    async def scene():
        async with HttpClient("9.9") as http:
            source = VllmSource(server.url, http, time.time, process=process_of(server), deadline_s=PATIENCE_S)
            seen = [await source.poll()]
            between()
            deadline = time.monotonic() + limit_s
            while seen[-1].state is not until_state:
                assert time.monotonic() < deadline, seen[-1]
                await asyncio.sleep(0.2)
                seen.append(await source.poll())
            return seen

    return asyncio.run(scene())


def ask(server, model=SERVED, timeout_s=60.0, path="/v1/messages?beta=true", **more):
    body = {"model": model, "max_tokens": 8, "messages": [{"role": "user", "content": "Hello."}], **more}
    return httpx.post(f"{server.url}{path}", json=body, timeout=timeout_s, trust_env=False)


def stormdeck(tmp_path, server, command, *options):
    """Run a command in a home whose client is configured for the server."""
    settings = tmp_path / ".claude" / "settings.json"
    settings.parent.mkdir(exist_ok=True)
    env = {"ANTHROPIC_BASE_URL": server.url, "ANTHROPIC_AUTH_TOKEN": "none", "ANTHROPIC_MODEL": SERVED}
    settings.write_text(json.dumps({"env": env}))
    printed = subprocess.run(
        [sys.executable, "-m", "stormdeck", command, "--json", "--home", tmp_path, "--project", tmp_path, *options],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=180,
    )
    assert printed.stdout, printed.stderr
    return json.loads(printed.stdout)


def canary(printed):
    return {one["name"]: one["verdict"] for one in printed["canary"]["checks"]}


def test_it_starts_for_a_while_and_is_up_then(launched, version):
    seen = watch(launched, ServerState.UP, limit_s=START_S)
    assert {one.state for one in seen[:-1]} == {ServerState.STARTING}
    up = seen[-1]
    assert up.version.startswith(version)
    assert [(one.id, one.max_model_len) for one in up.models] == [(SERVED, LENGTH)]
    assert up.pid == launched.pid


def test_it_is_known_by_what_it_says_and_its_process_leads_to_its_log(server):
    async def scene():
        async with HttpClient("9.9") as http:
            return await identify(server.url, http, None, PATIENCE_S)

    assert asyncio.run(scene())[0] is ServerKind.VLLM
    assert process_of(server).log == server.log


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_good_request_is_one_line(server, stream):
    mark = server.mark()
    answer = ask(server, stream=stream)
    assert answer.status_code == 200
    seen = until(lambda: [one for one in map(parse_access, server.lines(mark)) if one and one.kind is RequestKind.MAIN])
    assert [(one.path, one.status) for one in seen] == [("/v1/messages?beta=true", 200)]


def test_a_wrong_id_is_reported_with_its_cause(server):
    mark = server.mark()
    assert ask(server, model=SERVED.lower()).status_code == 404
    until(lambda: any("404" in one for one in server.lines(mark)))
    lines = server.lines(mark)
    read = [one for one in map(RecordReader().read, lines) if one is not None and one.level.is_failure]
    assert [reason(one.message) for one in read] == [f"model `{SERVED.lower()}` does not exist"]


def test_the_canary_passes(server, tmp_path):
    printed = stormdeck(tmp_path, server, "check", "--canary")
    assert not [one for one in printed["findings"] if one["severity"] == "error"], printed["findings"]
    verdicts = canary(printed)
    assert (verdicts["plain"], verdicts["stream"]) == ("pass", "pass"), printed["canary"]
    assert (verdicts["count_tokens"], verdicts["unknown_model"]) == ("pass", "pass"), printed["canary"]


def test_a_hung_engine_is_green_everywhere_and_the_canary_tells(server, tmp_path):
    core = engine_of(server)
    core.send_signal(signal.SIGSTOP)
    try:
        (seen,) = watch(server, ServerState.UP)
        assert seen.engine.running == 0
        printed = stormdeck(tmp_path, server, "check", "--canary")
        assert canary(printed)["plain"] == "fail", printed["canary"]
    finally:
        core.send_signal(signal.SIGCONT)
    assert ask(server).status_code == 200


def test_a_killed_engine_takes_the_server_with_it(server):
    mark = server.mark()
    seen = watch(server, ServerState.DOWN, between=engine_of(server).kill)
    assert seen[0].state is ServerState.UP
    until(lambda: server.process.poll() is not None)
    assert ending(server.lines(mark)) is Ending.CRASHED
