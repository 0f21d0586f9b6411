"""What one health check says of a server behind a proxy."""

import asyncio

import pytest

from servers import Clock, Imitation, Reply, closes_at_once, free_url, hangs, serving, talks_garbage, vllm
from stormdeck.model.snapshots.server import ServerState
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.servers.backends import MOST, BackendSource, ordered


def polled(server, *, then=None):
    """Return the states of a server at a first poll, and at a second one where ``then`` has taken its place."""

    async def scene():
        async with HttpClient("9") as http, serving(server) as url:
            source = BackendSource(http, Clock(), 0.3)
            source.urls = (url,)
            found = [(await source.poll()).servers[0]]
            if then is not None:
                server.routes["/health"] = then
                found.append((await source.poll()).servers[0])
            return found

    return asyncio.run(scene())


@pytest.mark.parametrize("status", [200, 204, 401, 403, 404, 405, 429])
def test_any_answer_shows_that_a_server_runs(status):
    (found,) = polled(Imitation({"/health": Reply("", status)}))
    assert (found.state, found.detail, found.latency_ms is not None) == (ServerState.UP, "", True)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply("", 503, {"server": "uvicorn"}), "its /health answers 503"),
        (Reply("", 500), "its /health answers 500"),
        (Reply("", 502, {"server": "nginx"}), "what is in front of it answers 502"),
    ],
)
def test_a_failed_health_check_is_not_called_down(reply, words):
    (found,) = polled(Imitation({"/health": reply}))
    assert found.state is ServerState.DEGRADED
    assert words in found.detail


@pytest.mark.parametrize("server", [hangs, closes_at_once, talks_garbage])
def test_no_answer_is_unknown_and_not_down(server):
    (found,) = polled(server)
    assert found.state is ServerState.SILENT
    assert found.detail.startswith("not reachable from here: " if server is talks_garbage else "no answer to us: ")


def test_one_that_answered_before_has_stopped_answering():
    _, found = polled(vllm(), then=lambda asked: None)
    assert found.state is ServerState.STALE


def test_only_a_refused_connection_is_down_and_a_name_that_is_not_known_here_is_not():
    async def scene():
        async with HttpClient("9") as http:
            source = BackendSource(http, Clock())
            source.urls = (free_url(), "http://vllm-of-the-proxy.invalid:8000", "http://[::1")
            return [one.state for one in (await source.poll()).servers]

    assert asyncio.run(scene()) == [ServerState.DOWN, ServerState.SILENT, ServerState.SILENT]


def test_no_more_than_a_bounded_number_is_asked():
    async def scene():
        async with HttpClient("9") as http:
            source = BackendSource(http, Clock())
            source.urls = tuple(f"http://127.0.0.1:{port}" for port in range(1, 61))
            return await source.poll()

    found = asyncio.run(scene())
    assert (len(found.servers), len(found.not_asked)) == (MOST, 60 - MOST)


def test_the_important_servers_come_first():
    assert ordered(("a", "b", "c"), ("c", "x")) == ("c", "a", "b")
