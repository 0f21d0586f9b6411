"""A slow server is asked several questions at once, a quick one in turn over one connection."""

import asyncio
import contextlib

import pytest

from servers import Clock, Imitation, litellm, serving, vllm
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.discovery import identify as identifying
from stormdeck.sources.discovery.identify import identify
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.servers import proxy as proxies
from stormdeck.sources.servers import vllm as engines
from stormdeck.sources.servers.proxy import ProxySource
from stormdeck.sources.servers.vllm import VllmSource


@pytest.fixture
def all_is_far(monkeypatch):
    """Let every answer count as one from far away."""
    for module in (identifying, engines, proxies):
        monkeypatch.setattr(module, "FAR_MS", 0.0)


class Gate:
    """Answers nothing until it was asked a number of questions that are not answered yet."""

    def __init__(self, server, alone, at_once):
        self.server = server
        self._alone = alone
        self._wanted = at_once
        self._open = asyncio.Event()
        self._waiting = 0

    async def handle(self, reader, writer):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode()
            if path not in self._alone:
                self._waiting += 1
                if self._waiting >= self._wanted:
                    self._open.set()
                await self._open.wait()
            one = Imitation(self.server.routes, self.server.missing)
            fed = asyncio.StreamReader()
            fed.feed_data(head)
            fed.feed_eof()
            with contextlib.suppress(asyncio.IncompleteReadError):
                await one.handle(fed, writer)


def asked_of(server, alone, at_once, ask):
    """Ask a server that answers what is not in ``alone`` only once so many questions are there at once."""

    async def scene():
        gate = Gate(server, alone, at_once)
        async with serving(gate.handle) as url, HttpClient("9.9") as http:
            return await ask(url, http)

    return asyncio.run(scene())


@pytest.mark.usefixtures("all_is_far")
def test_what_a_slow_vllm_is_asked_after_the_first_answer_is_asked_at_once():
    snapshot = asked_of(
        vllm(), {"/health"}, 3, lambda url, http: VllmSource(url, http, Clock(), deadline_s=10.0).poll()
    )
    assert (snapshot.state, snapshot.version) == (ServerState.UP, "0.32.0")
    assert snapshot.models
    assert snapshot.engine is not None


@pytest.mark.usefixtures("all_is_far")
def test_a_slow_litellm_is_asked_nothing_that_needs_its_key_before_the_key_is_known_to_be_right():
    def ask(url, http):
        return ProxySource(url, ServerKind.LITELLM, http, Clock(), "sk-master-1", deadline_s=10.0).poll()

    snapshot = asked_of(litellm(), {"/health/liveliness", "/v1/models"}, 2, ask)
    assert (snapshot.state, snapshot.version, snapshot.in_flight) == (ServerState.UP, "1.109.1", 0)


@pytest.mark.usefixtures("all_is_far")
@pytest.mark.parametrize(
    ("server", "first", "key", "at_once", "kind"),
    [
        (vllm(), "/version", None, 2, ServerKind.VLLM),
        (litellm(), "/version", None, 2, ServerKind.LITELLM),
        (litellm(), "/v1/models", "sk-master-1", 3, ServerKind.LITELLM),
    ],
    ids=["vLLM", "LiteLLM", "LiteLLM, with a key"],
)
def test_a_slow_server_is_identified_in_two_rounds(server, first, key, at_once, kind):
    found = asked_of(server, {first}, at_once, lambda url, http: identify(url, http, key, deadline_s=10.0))
    assert found.kind is kind


def test_a_poll_that_is_cancelled_leaves_no_question_behind():
    async def scene():
        server = vllm(_health=None, _metrics=None)
        async with serving(server) as url, HttpClient("9.9") as http:
            source = VllmSource(url, http, Clock(), deadline_s=10.0, asks_ahead=True)
            poll = asyncio.create_task(source.poll())
            while len(server.asked) < 3:  # noqa: ASYNC110 - until the questions have come
                await asyncio.sleep(0)
            before = asyncio.all_tasks()
            poll.cancel()
            await asyncio.gather(poll, return_exceptions=True)
            await asyncio.sleep(0)
            return [task for task in before if "_ask" in repr(task) and not task.done()]

    assert asyncio.run(scene()) == []
