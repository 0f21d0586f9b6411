"""A server that is known, and whose front refuses a poll with 429, is not called another one."""

import asyncio

import pytest

from servers import PATIENT, Clock, Imitation, Reply, serving
from stormdeck.model.snapshots.failure import LIMITED_WORDS
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.servers.engine import engine_source
from stormdeck.sources.servers.proxy import ProxySource

LIMITED = Reply("Too Many Requests", 429)


def proxy(url, http):
    return ProxySource(url, ServerKind.LITELLM, http, Clock(), "sk-master-1", deadline_s=PATIENT)


def engine(kind):
    return lambda url, http: engine_source(url, kind, http, Clock(), None, None)


@pytest.mark.parametrize(
    "source",
    [proxy, engine(ServerKind.VLLM), engine(ServerKind.SGLANG)],
    ids=["LiteLLM", "vLLM", "SGLang"],
)
def test_its_state_is_unknown(source):
    async def scene():
        async with serving(Imitation({}, missing=LIMITED)) as url, HttpClient("9.9") as http:
            return await source(url, http).poll()

    snapshot = asyncio.run(scene())
    assert snapshot.state is ServerState.STALE
    assert LIMITED_WORDS in snapshot.detail


def test_a_model_list_that_is_limited_shows_nothing():
    async def scene():
        server = Imitation({"/health": Reply("")}, missing=LIMITED)
        async with serving(server) as url, HttpClient("9.9") as http:
            return await engine(ServerKind.VLLM)(url, http).poll()

    snapshot = asyncio.run(scene())
    assert (snapshot.state, LIMITED_WORDS in snapshot.detail) == (ServerState.STALE, True)
