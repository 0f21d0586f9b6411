"""Servers that are built to confuse: they cost a bounded number of requests, and stormdeck says what they do."""

import asyncio
import json
import time
from typing import Any, cast

import pytest

from served import WITH_MESSAGES, client_settings, served
from servers import Asked, Imitation, Reply, claude_code_router, litellm, serving, vllm
from stormdeck.model.settings.merge import merged
from stormdeck.model.snapshots.server import ServerState
from stormdeck.sources.discovery.configured import ConfiguredTargets
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.net.http import LIMIT, HttpClient
from stormdeck.sources.processes.scan import Scan
from stormdeck.sources.servers.vllm import VllmSource

MOST = 12
"""Most requests that one command may send to one server."""


def listing(count):
    """Return the answer of a server with that many models, the first of them the usual one."""
    entry = '{"id": "%s", "object": "model", "owned_by": "vllm", "max_model_len": 131072}'
    names = ["Qwen3.5-27B", *(f"model-{number}" for number in range(count - 1))]
    return Reply(f'{{"object": "list", "data": [{", ".join(entry % name for name in names)}]}}')


class Turncoat(Imitation):
    """Answers as another kind with every request."""

    def __init__(self):
        super().__init__({})
        self.kinds = [vllm(**WITH_MESSAGES), litellm("dummy"), claude_code_router()]
        self.routes = cast("dict[str, Any]", self)

    def get(self, path, missing):
        kind = self.kinds[len(self.asked) % 3]
        reply = kind.routes.get(path, missing)
        return reply(Asked(path, {"authorization": "bearer dummy"}, 1)) if callable(reply) else reply


def two_kinds():
    """Return a server that has the paths of LiteLLM and of vLLM."""
    server = litellm("dummy")
    server.routes |= vllm(**WITH_MESSAGES).routes
    return server


def test_ten_thousand_models(home, deployment, only_what_is_named):
    server = vllm(**{**WITH_MESSAGES, "_v1_models": listing(10_000)})
    with served(server) as (url,):
        home.write(client_settings(url))
        seen = deployment("a server with ten thousand models")
    assert (seen.code, seen.codes, seen.state) == (0, [], "ok")
    assert len(seen.deck.vllm.models) == 10_000


@pytest.mark.parametrize(("model", "codes"), [("model-9000", []), ("modle-9000", ["MODEL303"])])
def test_each_of_ten_thousand_models_is_known(home, only_what_is_named, model, codes):
    with served(vllm(**{**WITH_MESSAGES, "_v1_models": listing(10_000)})) as (url,):
        home.write(client_settings(url, model=model))
        said = json.loads(home.run("check", "--json")[1])
    assert sorted({one["code"] for one in said["findings"]}) == codes
    if codes:
        assert {one["fix"]["edits"][0]["value"] for one in said["findings"]} == {"model-9000"}


def test_a_list_of_models_that_is_too_large_to_read(home, deployment, only_what_is_named):
    large = listing(40_000)
    assert len(large.body) > LIMIT
    server = vllm(**{**WITH_MESSAGES, "_v1_models": large})
    with served(server) as (url,):
        home.write(client_settings(url))
        seen = deployment("a server whose list of models is too large to read")
        assert len([path for path in server.paths if path == "/v1/models"]) <= MOST
    assert (seen.code, seen.codes, seen.state) == (0, [], "ok")
    assert "the answer is larger than 2048 KiB" in json.dumps(seen.status["hops"])


def test_a_server_that_answers_as_two_kinds(home, deployment, only_what_is_named):
    server = two_kinds()
    with served(server) as (url,):
        home.write(client_settings(url))
        seen = deployment("a server that answers as vLLM and as LiteLLM")
    assert (seen.code, seen.codes) == (0, [])
    assert [state for _, state in seen.hops if state == "down"] == []


@pytest.mark.parametrize("command", ["status", "check"])
@pytest.mark.parametrize("kind", [Turncoat, two_kinds], ids=["another kind each time", "two kinds"])
def test_a_command_sends_a_bounded_number_of_requests(home, only_what_is_named, command, kind):
    server = kind()
    with served(server) as (url,):
        home.write(client_settings(url))
        code, out, _ = home.run(command, "--json")
    assert json.loads(out)
    assert code in {0, 1, 2}
    assert len(server.asked) <= MOST


def test_a_server_that_is_another_kind_than_before_is_said_to_be():
    server = vllm(**WITH_MESSAGES)

    async def scene():
        async with serving(server) as url, HttpClient("9") as http:
            settings, known = merged((), {"ANTHROPIC_BASE_URL": url}), {}
            searches = []
            for routes in (server.routes, claude_code_router().routes, claude_code_router().routes):
                server.routes = routes
                found = await discover(
                    settings, http, ConfiguredTargets(), ports=(), scan=lambda _: Scan(), known=known
                )
                known |= {address(one.url).server: one.kind for one in found.found}
                searches.append((found.found[0].kind.value, [one.why for one in found.missed]))
            return searches

    first, second, third = asyncio.run(scene())
    changed = "answers as claude-code-router now, as vLLM before"
    assert (first[0], second[0], third[0]) == ("vLLM", "claude-code-router", "claude-code-router")
    assert [changed in why for _, why in (first, second, third)] == [False, True, False]


def test_a_poll_of_a_server_that_changes_its_kind_costs_no_more_and_says_what_came():
    server = Turncoat()

    async def scene():
        polls = []
        async with serving(server) as url, HttpClient("9") as http:
            source = VllmSource(url, http, time.time)
            for _ in range(9):
                before = len(server.asked)
                snapshot = await source.poll()
                polls.append((snapshot, len(server.asked) - before))
        return polls

    polls = asyncio.run(scene())
    assert max(asked for _, asked in polls) <= 4
    strange = [snapshot for snapshot, _ in polls if snapshot.state is not ServerState.UP]
    assert all(snapshot.detail for snapshot in strange)
