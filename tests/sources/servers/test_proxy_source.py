"""The panel's view of a proxy, and how few requests it takes."""

import asyncio

import pytest

from servers import (
    HOSTILE,
    PATIENT,
    SOON,
    Clock,
    Imitation,
    Reply,
    claude_code_proxy,
    claude_code_router,
    deadline_for,
    free_url,
    litellm,
    serving,
)
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.servers import polled
from stormdeck.sources.servers.proxy import ProxySource

KEY = "sk-master-1"


def look(server, kind=ServerKind.LITELLM, polls=1, between=None, **options):
    async def scene():
        async with serving(server) as url, HttpClient("9.9") as http:
            clock = Clock()
            source = ProxySource(url, kind, http, clock, **{"deadline_s": PATIENT, **options})
            for number in range(polls):
                if number:
                    clock.move(2)
                    if between is not None:
                        between(number, clock, source)
                snapshot = await source.poll()
            return snapshot

    return asyncio.run(scene())


def test_with_its_master_key_litellm_gives_all():
    server = litellm(in_flight=4)
    snapshot = look(server, key=KEY)
    assert (snapshot.state, snapshot.detail) == (ServerState.UP, "")
    assert (snapshot.version, snapshot.models) == ("1.109.1", ("claude-sonnet",))
    assert snapshot.in_flight == 3, "our own question is not counted"


def test_polling_litellm_costs_two_log_lines():
    server = litellm()
    look(server, key=KEY, polls=10)
    slow = {"/v1/models", "/health/readiness/details"}
    assert (
        sorted(path for path in server.paths if path not in slow)
        == ["/health/backlog"] * 10 + ["/health/liveliness"] * 10
    )
    assert all(server.paths.count(path) == 1 for path in slow)


NEVER = {
    "/health",
    "/openapi.json",
    "/test-connection",
    "/api/config",
    "/providers",
    "/v1/chat/completions",
    "/metrics",
}


@pytest.mark.parametrize("key", [None, KEY, "wrong"])
def test_litellm_is_never_asked_what_costs_gpu_time(key):
    server = litellm()
    look(server, key=key, polls=40)
    assert not NEVER & set(server.paths)


def test_without_a_key_nothing_is_asked_that_needs_one():
    server = litellm()
    snapshot = look(server, polls=40)
    assert snapshot.state is ServerState.UP
    assert snapshot.in_flight is None
    assert "no key is sent" in snapshot.detail
    assert set(server.paths) == {"/health/liveliness", "/health/readiness"}


def test_a_wrong_key_is_reported_and_not_tried_again_for_five_minutes():
    server = litellm()
    snapshot = look(server, key="wrong", polls=150)  # 298 s
    assert snapshot.state is ServerState.REFUSING
    assert "master key" in snapshot.detail
    assert "No connected db." in snapshot.detail
    assert [path for path in server.paths if path != "/health/liveliness"] == ["/v1/models"]


def test_after_five_minutes_a_key_that_is_right_by_then_is_taken():
    server, late = litellm(), litellm(master_key="late")

    def change(number, clock, source):
        server.routes = late.routes
        clock.move(150)

    snapshot = look(server, key="late", polls=4, between=change)
    assert snapshot.state is ServerState.UP
    assert snapshot.in_flight == 0


def test_a_key_that_may_not_see_the_backlog_is_no_wrong_key():
    server = litellm()
    server.routes["/health/backlog"] = Reply({"error": {"message": "Only proxy admin"}}, 403)
    snapshot = look(server, key=KEY, polls=20)
    assert snapshot.state is ServerState.UP
    assert snapshot.in_flight is None
    assert server.paths.count("/health/backlog") == 1


def test_litellm_that_shuts_down():
    snapshot = look(Imitation({"/health/liveliness": Reply("", 503)}))
    assert snapshot.state is ServerState.DOWN
    assert "shutting down" in snapshot.detail


@pytest.mark.parametrize(
    ("server", "kind", "version"),
    [
        (claude_code_proxy(), ServerKind.CLAUDE_CODE_PROXY, "1.0.0"),
        (claude_code_router(), ServerKind.CLAUDE_CODE_ROUTER, "1.0.51"),
    ],
    ids=["claude-code-proxy", "claude-code-router"],
)
def test_the_other_proxies(server, kind, version):
    snapshot = look(server, kind, polls=3, key="secret")
    assert snapshot.state is ServerState.UP
    assert snapshot.version == version
    assert set(server.paths) == {"/health", "/"}
    assert not any("authorization" in asked.headers for asked in server.asked)


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("never answers", ServerState.SILENT),
        ("closes at once", ServerState.SILENT),
        ("talks garbage", ServerState.STRANGE),
        ("drips bytes", ServerState.SILENT),
        ("never ends", ServerState.STRANGE),
        ("promises more than comes", ServerState.SILENT),
        ("is a web page", ServerState.STRANGE),
    ],
)
@pytest.mark.parametrize("kind", [ServerKind.LITELLM, ServerKind.CLAUDE_CODE_PROXY])
def test_every_hostile_server_has_a_state_and_a_sentence(name, state, kind):
    snapshot = look(HOSTILE[name], kind, key=KEY, deadline_s=deadline_for(name))
    assert snapshot.state is state
    assert snapshot.detail


def test_a_redirect_is_reported():
    server = Imitation({"/health/liveliness": Reply("", 307, {"location": "https://login.example"})})
    snapshot = look(server)
    assert snapshot.state is ServerState.STRANGE
    assert "https://login.example" in snapshot.detail


def test_a_proxy_that_stops_answering_keeps_its_last_figures():
    server = litellm()

    def stop(number, clock, source):
        server.routes["/health/liveliness"] = None
        source._deadline_s = SOON

    snapshot = look(server, key=KEY, polls=2, between=stop)
    assert snapshot.state is ServerState.STALE
    assert snapshot.models == ("claude-sonnet",)


def test_litellm_takes_seconds_to_start(monkeypatch):
    monkeypatch.setattr(polled, "is_alive", lambda _: True)
    process = ServerProcess(12, "litellm", ("litellm",), 1, None, "to a terminal")

    async def scene():
        async with HttpClient("9.9") as http:
            source = ProxySource(free_url(), ServerKind.LITELLM, http, Clock(), process=process, deadline_s=PATIENT)
            return await source.poll()

    assert asyncio.run(scene()).state is ServerState.STARTING
