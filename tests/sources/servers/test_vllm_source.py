"""The panel's view of a vLLM, state by state."""

import asyncio
from dataclasses import replace

import pytest

from servers import (
    HOSTILE,
    PATIENT,
    SOON,
    Clock,
    Imitation,
    Reply,
    deadline_for,
    free_url,
    hangs,
    page,
    recorded,
    serving,
    vllm,
)
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServedModel, ServerState
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.servers import polled
from stormdeck.sources.servers.vllm import VllmSource

PROCESS = ServerProcess(4711, "vllm", ("vllm", "serve", "q"), 1_000, None, "to a terminal")


def look(server, polls=1, between=None, **options):
    """Poll a server some times; ``between`` gets the number of the coming poll and the clock."""

    async def scene():
        async with serving(server) as url, HttpClient("9.9") as http:
            clock = Clock()
            source = VllmSource(url, http, clock, **{"deadline_s": PATIENT, **options})
            for number in range(polls):
                if number:
                    clock.move(2)
                    if between is not None:
                        between(number, clock, source)
                snapshot = await source.poll()
            return snapshot

    return asyncio.run(scene())


def test_a_healthy_server_gives_everything():
    snapshot = look(vllm(), polls=2)
    assert (snapshot.state, snapshot.detail) == (ServerState.UP, "")
    assert snapshot.version == "0.32.0"
    assert snapshot.models == (ServedModel("Qwen3.5-27B", 8192, "/srv/vllm/model"),)
    assert snapshot.engine.running == 0
    assert snapshot.latency_ms is not None
    assert snapshot.started == 1_795_200_177, "the page tells it where no process is known"
    assert snapshot.seen == Clock().at + 2


def test_version_and_models_are_asked_every_thirty_seconds():
    server = vllm()
    look(server, polls=20)  # 38 s
    assert server.paths.count("/health") == server.paths.count("/metrics") == 20
    assert server.paths.count("/v1/models") == server.paths.count("/version") == 2


def test_they_are_asked_at_once_after_a_restart():
    server = vllm()

    def restart(number, clock, source):
        if number == 3:
            server.routes["/metrics"] = Reply(page().body.replace(b"1.79520017721e+09", b"1.79520099999e+09"))
            server.routes["/version"] = Reply({"version": "0.33.0"})

    assert look(server, polls=4, between=restart).version == "0.33.0"


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("never answers", ServerState.SILENT),
        ("hangs up after the question", ServerState.SILENT),
        ("closes at once", ServerState.SILENT),
        ("talks garbage", ServerState.STRANGE),
        ("drips bytes", ServerState.SILENT),
        ("drips headers", ServerState.SILENT),
        ("never ends", ServerState.STRANGE),
        ("promises more than comes", ServerState.SILENT),
        ("is a web page", ServerState.STRANGE),
    ],
)
def test_every_hostile_server_has_a_state_and_a_sentence(name, state):
    snapshot = look(HOSTILE[name], deadline_s=deadline_for(name))
    assert snapshot.state is state
    assert snapshot.detail
    assert snapshot.models == ()


@pytest.mark.parametrize(
    ("health", "state", "words"),
    [
        (Reply("", 503), ServerState.DEGRADED, "engine died"),
        (Reply("", 500), ServerState.DEGRADED, "engine failed"),
        (Reply("", 502), ServerState.DEGRADED, "the front answers 502, the server behind it does not"),
        (Reply("", 401), ServerState.REFUSING, "wants a key"),
        (Reply("", 404), ServerState.STRANGE, "status 404"),
        (Reply("", 302, {"location": "http://x/login"}), ServerState.STRANGE, "redirect to http://x/login"),
        (Reply("<html></html>"), ServerState.STRANGE, "HTML page"),
    ],
    ids=lambda value: f"{value.status} {value.body[:4]!r}" if isinstance(value, Reply) else None,
)
def test_what_health_says(health, state, words):
    snapshot = look(vllm(_health=health))
    assert snapshot.state is state
    assert words in snapshot.detail


def test_503_without_an_engine_behind_is_a_gateway():
    snapshot = look(vllm(_health=Reply("", 503), _metrics=Reply("", 503)))
    assert snapshot.state is ServerState.DEGRADED
    assert snapshot.detail.startswith("the front answers 503")


@pytest.mark.parametrize(("key", "words"), [("wrong", "refuses our key"), (None, "none is sent")])
def test_a_refused_key_leaves_the_figures(key, words):
    snapshot = look(vllm(_v1_models=recorded("auth_11_get_none_v1_models.txt")), key=key)
    assert snapshot.state is ServerState.REFUSING
    assert words in snapshot.detail
    assert snapshot.engine is not None
    assert snapshot.version == "0.32.0"
    assert snapshot.models == ()


def test_the_key_goes_to_the_model_list_only():
    server = vllm()
    look(server, key="secret")
    assert {asked.path for asked in server.asked if "authorization" in asked.headers} == {"/v1/models"}


def busy(tokens, running=1, kv_cache=0.5):
    lines = ["vllm:num_requests_running", "vllm:generation_tokens_total", "vllm:kv_cache_usage_perc"]
    return Reply("".join(f"{name} {value}\n" for name, value in zip(lines, (running, tokens, kv_cache), strict=True)))


def test_requests_that_run_without_a_token_are_a_hang():
    snapshot = look(vllm(_metrics=busy(100, running=2)), polls=17)
    assert snapshot.state is ServerState.DEGRADED
    assert "2 requests run and no token came out for 30 s" in snapshot.detail


def test_under_thirty_seconds_it_is_none():
    assert look(vllm(_metrics=busy(100)), polls=15).state is ServerState.UP


def test_idle_is_no_hang():
    assert look(vllm(_metrics=busy(100, running=0)), polls=40).state is ServerState.UP


def test_a_long_prompt_that_fills_the_cache_is_no_hang():
    server = vllm(_metrics=busy(100))

    def fill(number, clock, source):
        server.routes["/metrics"] = busy(100, kv_cache=0.5 + number / 1000)

    assert look(server, polls=30, between=fill).state is ServerState.UP


def test_a_machine_that_slept_is_no_hang():
    def sleep(number, clock, source):
        if number == 2:
            clock.move(3600)

    assert look(vllm(_metrics=busy(100)), polls=4, between=sleep).state is ServerState.UP


def test_a_server_that_stops_answering_keeps_its_last_figures():
    server = vllm()

    def stop(number, clock, source):
        if number == 1:
            server.routes = dict.fromkeys(server.routes)
            server.missing = None
            clock.move(10)
            source._deadline_s = SOON

    snapshot = look(server, polls=2, between=stop)
    assert snapshot.state is ServerState.STALE
    assert snapshot.models
    assert snapshot.engine is not None
    assert "last answer is 10 s old" in snapshot.detail
    assert snapshot.seen == Clock().at


def gone(state_of_process, process=PROCESS, answered=False, monkeypatch=None):
    monkeypatch.setattr(polled, "is_alive", lambda _: state_of_process)

    async def scene():
        async with HttpClient("9.9") as http:
            if not answered:
                return await VllmSource(free_url(), http, Clock(), process=process, deadline_s=PATIENT).poll()
            async with serving(vllm()) as url:
                source = VllmSource(url, http, Clock(), process=process, deadline_s=PATIENT)
                assert (await source.poll()).state is ServerState.UP
            await http.aclose()
            return await source.poll()

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("process", "alive", "answered", "state", "words"),
    [
        pytest.param(None, False, False, ServerState.DOWN, "nothing listens", id="nobody"),
        pytest.param(PROCESS, True, False, ServerState.STARTING, "loading", id="loading"),
        pytest.param(PROCESS, False, False, ServerState.DOWN, "has ended", id="ended while loading"),
        pytest.param(PROCESS, True, True, ServerState.DOWN, "still runs", id="engine died, process ends"),
        pytest.param(PROCESS, False, True, ServerState.DOWN, "has ended", id="ended"),
    ],
)
def test_a_port_that_refuses(process, alive, answered, state, words, monkeypatch):
    snapshot = gone(alive, process, answered, monkeypatch)
    assert snapshot.state is state
    assert words in snapshot.detail
    assert (snapshot.models, snapshot.engine) == ((), None)


def test_text_of_the_server_is_harmless_and_bounded():
    models = {
        "data": [{"id": "a\x1b[31mb\u202e"}, {"id": "x" * 5000}, {"id": 7}, "no", {"id": "m", "max_model_len": "8"}]
    }
    snapshot = look(vllm(_v1_models=Reply(models), _version=Reply({"version": "0\x1b]0;title\x07.32"})))
    assert [model.id for model in snapshot.models][::2] == ["ab", "m"]
    assert len(snapshot.models[1].id) <= 200
    assert snapshot.models[2].max_model_len is None
    assert snapshot.version == "0.32"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"_metrics": Reply("", 404)}, "no engine figures"),
        ({"_v1_models": Reply("", 404)}, "no model list"),
    ],
)
def test_what_is_missing_is_said(changes, words):
    snapshot = look(vllm(**changes))
    assert snapshot.state is ServerState.UP
    assert words in snapshot.detail


def test_polls_never_overlap():
    server = Imitation({})
    server.missing = None

    async def scene():
        async with serving(hangs) as url, HttpClient("9.9") as http:
            source = VllmSource(url, http, Clock(), deadline_s=SOON)
            first = asyncio.create_task(source.poll())
            await asyncio.sleep(0)
            early = await source.poll()
            return early, await first

    early, first = asyncio.run(scene())
    assert early.state is ServerState.ASKING
    assert first.state is ServerState.SILENT


def test_two_looks_that_show_the_same_are_equal():
    first, second = look(vllm(), polls=3), look(vllm(), polls=3)
    place = {"url": "", "latency_ms": 1}
    assert replace(first, **place) == replace(second, **place)


def test_a_url_with_a_password_is_never_shown():
    async def scene():
        async with HttpClient("9.9") as http:
            return await VllmSource("http://me:secret@127.0.0.1:1", http, Clock(), deadline_s=PATIENT).poll()

    assert "secret" not in repr(asyncio.run(scene()))
