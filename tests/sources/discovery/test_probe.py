"""The answers of the base URL to requests that cost no GPU time."""

import asyncio

import pytest

from servers import (
    PATIENT,
    SOON,
    Imitation,
    Reply,
    closes_at_once,
    free_url,
    hangs,
    litellm,
    recorded,
    serving,
    talks_garbage,
    vllm,
)
from stormdeck.model.settings.merge import merged
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found
from stormdeck.model.snapshots.probe import Reach
from stormdeck.model.snapshots.server import ServerKind, ServerState
from stormdeck.sources.discovery.probe import probe_base_url
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import HttpClient

NOT_ALLOWED = Reply({"detail": "Method Not Allowed"}, 405)


def settings(url, **env):
    return merged((), {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": "dummy", **env})


def probed(server, path="", env=None, scheme="http", deadline_s=PATIENT, kind=None, **more):
    """``kind``: what the search met there."""

    async def scene():
        async with serving(server) as url, HttpClient("9.9") as http:
            shown = url.replace("http", scheme, 1)
            found = DiscoverySnapshot((Found(url, kind, ""),) if kind else ())
            return await probe_base_url(settings(shown + path, **(env or {})), found, http, deadline_s, **more)

    return asyncio.run(scene())


def probed_url(url, *found):
    async def scene():
        async with HttpClient("9.9") as http:
            return await probe_base_url(settings(url), DiscoverySnapshot(found=found), http, PATIENT)

    return asyncio.run(scene())


def test_a_vllm_with_messages_is_recognised_by_405():
    probe = probed(vllm(_v1_messages=NOT_ALLOWED), path="/v1")
    assert (probe.reach, probe.kind, probe.has_messages, probe.credential) == (
        Reach.ANSWERS,
        ServerKind.VLLM,
        True,
        200,
    )


def test_a_vllm_without_messages_is_recognised_by_404():
    assert probed(vllm()).has_messages is False


def test_a_server_that_says_404_to_all_it_does_not_like_is_not_judged():
    probe = probed(Imitation({"/": Reply("Ollama is running")}, missing=Reply("404 page not found", 404)))
    assert (probe.kind, probe.has_messages, probe.credential) == (ServerKind.OLLAMA, None, None)


@pytest.mark.parametrize(
    ("chat", "expected"), [(Reply("", 405), False), (Reply("", 404), None), (Reply("", 403), None)], ids=str
)
def test_a_404_counts_only_beside_a_405_of_a_path_that_the_server_has(chat, expected):
    server = Imitation({"/v1/chat/completions": chat}, missing=Reply("", 404))
    assert probed(server).has_messages is expected


def test_a_litellm_refuses_a_wrong_key_with_400():
    probe = probed(litellm(), env={"ANTHROPIC_AUTH_TOKEN": "sk-wrong"})
    assert (probe.kind, probe.credential) == (ServerKind.LITELLM, 400)
    assert probed(litellm("sk-right"), env={"ANTHROPIC_AUTH_TOKEN": "sk-right"}).credential == 200


def test_a_key_alone_is_nothing_to_vllm():
    def models(asked):
        right = asked.headers.get("authorization") == "bearer sk-vllm-1"
        return recorded("get_05_get_v1_models.txt") if right else recorded("auth_11_get_none_v1_models.txt")

    token = {"ANTHROPIC_AUTH_TOKEN": "sk-vllm-1"}
    key = {"ANTHROPIC_AUTH_TOKEN": "", "ANTHROPIC_API_KEY": "sk-vllm-1"}
    assert probed(vllm(_v1_models=models), env=token).credential == 200
    assert probed(vllm(_v1_models=models), env=key).credential == 401


def test_nothing_that_costs_is_asked():
    server = vllm(_v1_messages=NOT_ALLOWED)
    probed(server)
    assert set(server.paths) == {"/v1/models", "/v1/messages"}


@pytest.mark.parametrize(
    ("server", "reach"), [(hangs, Reach.SILENT), (closes_at_once, Reach.CUT), (talks_garbage, Reach.NO_HTTP)]
)
def test_a_server_that_takes_the_connection_and_does_not_answer(server, reach):
    assert probed(server, deadline_s=SOON if server is hangs else PATIENT).reach is reach


def test_no_answer_to_a_quick_look_means_nothing():
    assert probed(hangs, deadline_s=SOON, is_quick=True).reach is Reach.UNKNOWN


def test_a_server_that_answered_the_search_is_not_silent():
    server = vllm(_v1_models=None)
    assert probed(server, deadline_s=SOON, kind=ServerKind.VLLM).reach is Reach.UNKNOWN


@pytest.mark.parametrize(
    ("problem", "accepted", "reach"),
    [
        (FailureKind.TIMEOUT, True, Reach.SILENT),
        (FailureKind.TIMEOUT, False, Reach.UNCONNECTED),
        (FailureKind.UNREACHABLE, False, Reach.UNREACHABLE),
        (FailureKind.LOOKUP, False, Reach.UNRESOLVED),
        (FailureKind.UNRESOLVED, False, Reach.UNRESOLVED),
        (FailureKind.REFUSED, False, Reach.REFUSED),
    ],
)
def test_why_there_is_no_answer(monkeypatch, problem, accepted, reach):
    async def fails(*_args, **_more):
        return Failure(problem, "why", accepted)

    monkeypatch.setattr(HttpClient, "get", fails)
    assert probed_url("http://10.0.0.9:8000").reach is reach


def test_another_server_is_a_hint_only_where_it_answered():
    late = Found("http://127.0.0.1:8001", ServerKind.VLLM, "", met=ServerState.SILENT)
    assert probed_url(free_url(), late).elsewhere is None


def test_a_refused_port_names_the_server_that_was_found():
    elsewhere = "http://127.0.0.1:8001"
    probe = probed_url(free_url(), Found(elsewhere, ServerKind.VLLM, ""))
    assert (probe.reach, probe.elsewhere) == (Reach.REFUSED, elsewhere)


async def plain_http(reader, writer):
    """Answer as uvicorn does: 400 to a TLS greeting."""
    if await reader.readexactly(1) == b"\x16":
        writer.write(Reply("Invalid HTTP request received.", 400).encode())
    else:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(Reply({"data": []}).encode())
    await writer.drain()


def test_https_to_a_plain_port_is_distinguished():
    assert probed(plain_http, scheme="https").reach is Reach.PLAIN_HTTP


@pytest.mark.parametrize("url", ["https://api.anthropic.com", "", "nonsense://x"])
def test_what_is_no_server_of_one_s_own_is_not_asked(url):
    assert probed_url(url) is None
