"""Servers on any port where nothing is named: bounded, without a key, each program asked once."""

import asyncio
import os
from dataclasses import replace

import pytest

from served import WITH_MESSAGES, served
from servers import HOSTILE, Imitation, Reply, claude_code_router, hangs, litellm, vllm
from stormdeck.model.settings.merge import merged
from stormdeck.model.snapshots.discovery import ServerProcess
from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.discovery.configured import ConfiguredTargets
from stormdeck.sources.discovery.listeners import MOST_ASKED, OtherListeners
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.address import address
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.processes.scan import Listener, Scan

NOTHING = merged((), {})
WITH_A_TOKEN = merged((), {"ANTHROPIC_AUTH_TOKEN": "sk-mine", "ANTHROPIC_API_KEY": "sk-mine-too"})


def listening(url, name="python3", pid=37, port=None):
    return Listener("127.0.0.1", port or address(url).port, ServerProcess(pid, name, (name,), 1, None, ""))


def search(listeners, settings=NOTHING, times=1, named=None):
    """Return the last of some searches of one panel."""

    async def scene():
        others = OtherListeners()
        async with HttpClient("9") as http:
            for _ in range(times):
                found = await discover(
                    settings,
                    http,
                    named or ConfiguredTargets(),
                    ports=(),
                    scan=lambda _: Scan(tuple(listeners)),
                    listeners=others,
                )
        return found

    return asyncio.run(scene())


def kinds(found):
    return [one.kind for one in found.found]


def test_servers_of_every_known_kind_are_found_on_any_port():
    with served(vllm(**WITH_MESSAGES), litellm(), claude_code_router()) as urls:
        found = search([listening(url, pid=number) for number, url in enumerate(urls, 40)])
    assert sorted(one.url for one in found.found) == sorted(urls)
    assert set(kinds(found)) == {ServerKind.VLLM, ServerKind.LITELLM, ServerKind.CLAUDE_CODE_ROUTER}
    assert "python3 answers on port" in found.found[0].how


def test_a_program_of_another_user_is_asked_too():
    with served(vllm(**WITH_MESSAGES)) as (url,):
        found = search([Listener("127.0.0.1", address(url).port, None)])
    assert kinds(found) == [ServerKind.VLLM]
    assert "another user's program" in found.found[0].how


def test_the_forwards_of_another_stormdeck_are_no_servers_of_this_machine():
    server = vllm(**WITH_MESSAGES)
    with served(server) as (url,):
        ours = listening(url, "ssh")
        command = ("ssh", "-T", "-oControlPath=/run/user/1000/stormdeck-0123456789abcdef", "--", "gpu-box", "cat")
        found = search([replace(ours, process=replace(ours.process, command=command))])
        assert (found.found, server.asked) == ((), [])
        assert kinds(search([ours])) == [ServerKind.VLLM]


def test_no_token_is_sent_on_a_guess():
    server = vllm(**WITH_MESSAGES)
    with served(server) as (url,):
        search([listening(url)], WITH_A_TOKEN)
    assert server.asked
    assert all("sk-mine" not in value for one in server.asked for value in one.headers.values())


def test_nothing_is_asked_beside_a_server_that_the_user_named():
    server = vllm(**WITH_MESSAGES)
    with served(server, vllm(**WITH_MESSAGES)) as (url, named):
        found = search([listening(url)], named=ConfiguredTargets(vllm=named))
        assert [one.url for one in found.found] == [named]
        found = search([listening(url)], merged((), {"ANTHROPIC_BASE_URL": named}))
        assert [one.url for one in found.found] == [named]
    assert server.asked == []


@pytest.mark.parametrize(
    "other",
    [
        Imitation({"/": Reply("<html>notebook</html>")}),
        Imitation({}, missing=Reply("moved", 302, {"location": "http://127.0.0.1:1/"})),
        Imitation({}, missing=Reply({"detail": "Not Found"}, 404)),
        Imitation({}, missing=Reply("no", 403)),
        *HOSTILE.values(),
    ],
    ids=["a web page", "a redirect", "another api", "refuses all", *HOSTILE],
)
def test_what_is_no_model_server_is_asked_once_and_named(other):
    with served(other) as (url,):
        found = search([listening(url, "thing")], times=3)
        asked = len(other.asked) if isinstance(other, Imitation) else 0
        once = search([listening(url, "thing")])
        again = len(other.asked) - asked if isinstance(other, Imitation) else 0
    assert found.found == once.found == ()
    assert asked == again
    assert any(missed.what.startswith(url) and missed.why for missed in found.missed)


OTHERS = {
    "sshd": listening("", "sshd", port=2222),
    "postgres": listening("", "postgres", port=15432),
    "its port": listening("", "thing", port=5432),
    "a system port": listening("", "thing", port=631),
    "ray": listening("", "ray::IDLE", port=40123),
    "training": listening("", "python3", port=29500),
}


@pytest.mark.parametrize("listener", OTHERS.values(), ids=OTHERS)
def test_services_of_other_kinds_are_not_disturbed(listener):
    found = search([listener])
    (note,) = [one for one in found.missed if "other listening port" in one.what]
    assert note.what == "1 other listening port"
    assert note.why.startswith(f"not asked ({listener.process.name} :{listener.port})")


def test_the_panel_itself_and_engines_of_vllm_are_no_candidates():
    engine = Listener("127.0.0.1", 40001, ServerProcess(9, "python3", ("VLLM::EngineCore",), 1, None, ""))
    found = search([listening("", port=40000, pid=os.getpid()), engine])
    assert not any(":4000" in one.what or "other listening" in one.what for one in found.missed)


def test_the_number_of_programs_that_are_asked_is_bounded():
    servers = [hangs] * (MOST_ASKED + 3)
    with served(*servers) as urls:
        found = search([listening(url, pid=number) for number, url in enumerate(urls, 40)])
    assert sum("no complete answer" in one.why for one in found.missed) == MOST_ASKED
    (note,) = [one for one in found.missed if one.what == "3 other listening ports"]
    assert f"more than {MOST_ASKED} programs listen" in note.why


def test_looking_again_asks_again():
    server = Imitation({}, missing=Reply("<html>notebook</html>", 404))

    async def scene(url):
        others = OtherListeners()
        async with HttpClient("9") as http:
            for _ in range(2):
                await others.candidates(Scan((listening(url),)), (), http)
            before = len(server.asked)
            others.forget()
            await others.candidates(Scan((listening(url),)), (), http)
        return before, len(server.asked)

    with served(server) as (url,):
        assert asyncio.run(scene(url)) == (1, 2)
