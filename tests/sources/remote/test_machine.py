"""A machine behind the real ``ssh`` and ``sshd`` of this one: its servers, the forwards to them, and their loss."""

import asyncio
from dataclasses import replace

import pytest

from servers import free_port, serving, vllm
from ssh_server import ssh_server
from stormdeck.model.deck import Deck
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.verdict.servers.no_server import no_server
from stormdeck.sources.discovery.configured import ConfiguredTargets
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import Answer, HttpClient
from stormdeck.sources.processes.scan import Scan
from stormdeck.sources.remote import machine as machines
from stormdeck.sources.remote.connection import Connection, UnreachableError
from stormdeck.sources.remote.listing import ANY, Listing, RemoteProcess
from stormdeck.sources.remote.machine import Machine


@pytest.fixture
def ssh(tmp_path, programs):
    with ssh_server(tmp_path, programs):
        yield


def listing_of(port, kind, address="127.0.0.1"):
    """Return a listing with one server."""
    one = RemoteProcess(4711, ("/opt/bin/vllm", "serve", "--port", str(port)), kind, 1, ((address, port),))
    return Listing((one,), {port: address}, is_whole=True)


async def seen(port, monkeypatch, step, address="127.0.0.1"):
    """Run a step with a machine on which one vLLM listens."""
    from stormdeck.model.snapshots.server import ServerKind

    monkeypatch.setattr(machines, "read_listing", lambda _: listing_of(port, ServerKind.VLLM, address))
    async with HttpClient("test") as http:
        machine = Machine("gpu-box", http)
        try:
            return await step(machine, http)
        finally:
            await machine.close()


@pytest.mark.usefixtures("ssh")
def test_a_server_is_asked_by_its_own_name_through_ssh(monkeypatch):
    async def play():
        async with serving(vllm()) as url:
            port = int(url.rpartition(":")[2])

            async def step(machine, http):
                found = await discover(
                    SettingsSnapshot(), http, ConfiguredTargets(), (), lambda _: Scan(), machines=[machine]
                )
                return found, port

            return await seen(port, monkeypatch, step)

    found, port = asyncio.run(play())
    (one,) = found.found
    assert (one.url, one.host, one.by_ssh, one.is_local) == (f"http://gpu-box:{port}", "gpu-box", True, False)
    assert (one.process.pid, one.listener) == (4711, None)
    assert found.machines[0].problem == ""
    assert found.answering == ()


@pytest.mark.usefixtures("ssh")
def test_a_port_that_nothing_listens_on_refuses_and_a_lost_connection_is_not_down(monkeypatch):
    async def step(machine, http):
        (server,) = await machine.servers()
        first = await http.get(f"{server.url}/x")
        monkeypatch.setattr(machines, "read_listing", lambda _: Listing(is_whole=True))
        await machine.servers()
        refused = await http.get(f"{server.url}/x")
        await machine.connection.close()
        monkeypatch.setattr(Connection, "open", unreachable)
        await machine.servers()
        return first, refused, await http.get(f"{server.url}/x"), machine.problem

    async def unreachable(_self):
        raise UnreachableError("gpu-box cannot be reached")

    first, refused, lost, problem = asyncio.run(seen(free_port(), monkeypatch, step))
    assert isinstance(first, Failure)
    assert (refused.kind, "of gpu-box" in refused.text) == (FailureKind.REFUSED, True)
    assert (lost.kind, lost.text, problem) == (FailureKind.OURS, problem, "gpu-box cannot be reached")


@pytest.mark.usefixtures("ssh")
def test_a_listing_that_ends_early_refuses_nothing(monkeypatch):
    async def step(machine, http):
        (server,) = await machine.servers()
        before = dict(http.forwards)
        monkeypatch.setattr(machines, "read_listing", lambda _: Listing())
        await machine.servers()
        return before == http.forwards, server

    is_same, server = asyncio.run(seen(free_port(), monkeypatch, step))
    assert is_same
    assert server.host == "gpu-box"


@pytest.mark.usefixtures("ssh")
def test_forwards_are_opened_again_on_their_ports_after_a_loss(monkeypatch):
    async def play():
        async with serving(vllm()) as url:
            port = int(url.rpartition(":")[2])

            async def step(machine, http):
                (server,) = await machine.servers()
                before = dict(machine.connection.forwards)
                machine.connection.stop()
                await machine.connection.ended()
                await machine.connection.open()
                await machine.back()
                return before, dict(machine.connection.forwards), await http.get(f"{server.url}/version")

            return await seen(port, monkeypatch, step)

    before, after, answer = asyncio.run(play())
    assert before == after
    assert isinstance(answer, Answer)
    assert answer.status == 200


@pytest.mark.usefixtures("ssh")
def test_what_the_base_url_leads_to_is_asked_directly_if_it_can_be_reached(monkeypatch):
    async def address(_self):
        return "10.9.0.2"

    async def step(machine, _http):
        base = "http://10.9.0.2:7777"
        monkeypatch.setattr(Connection, "address", address)
        outside = (await machine.servers(base))[0]
        monkeypatch.setattr(machines, "read_listing", lambda _: replace(listing, processes=(inside,)))
        return outside, (await machine.servers(base))[0]

    from stormdeck.model.snapshots.server import ServerKind

    listing = listing_of(7777, ServerKind.VLLM)
    inside = replace(listing.processes[0], ports=(("127.0.0.2", 7777),))
    outside, hidden = asyncio.run(seen(7777, monkeypatch, step, ANY))
    assert (outside.url, outside.is_direct) == ("http://10.9.0.2:7777", True)
    assert (hidden.url, hidden.is_direct) == ("http://gpu-box:7777", False)


@pytest.mark.usefixtures("ssh")
@pytest.mark.parametrize("base", ["http://127.0.0.1:7777", "http://localhost:7777", "http://[::1]:7777"])
def test_a_machine_behind_a_port_of_the_loopback_is_not_this_one(monkeypatch, base):
    """ssh's configuration leads to ``127.0.0.1``: a virtual machine, or a container."""
    from stormdeck.model.snapshots.server import ServerKind

    async def step(machine, _http):
        return (await machine.servers(base))[0]

    server = asyncio.run(seen(7777, monkeypatch, step, ANY))
    assert (server.url, server.is_direct) == ("http://gpu-box:7777", False)
    assert ServerKind.VLLM is server.process.kind


@pytest.mark.usefixtures("ssh")
@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("@boot btime 1 100 0 net:[1]\n@tcp\n", "not all processes of gpu-box could be read"),
        ("", "the processes of gpu-box cannot be listed: that needs Linux, with /proc"),
    ],
)
def test_a_machine_whose_processes_are_not_all_listed_can_be_reached(monkeypatch, text, note):
    async def output(_self, _script):
        return text

    async def play():
        async with HttpClient("test") as http:
            machine = Machine("gpu-box", http)
            try:
                monkeypatch.setattr(Connection, "output", output)
                return await discover(
                    SettingsSnapshot(), http, ConfiguredTargets(), (), lambda _: Scan(), machines=[machine]
                )
            finally:
                await machine.close()

    found = asyncio.run(play())
    assert [(one.problem, one.note) for one in found.machines] == [("", note)]
    assert ("gpu-box", note) in [(one.what, one.why) for one in found.missed]
    statement = no_server(Deck(discovery=found), 0.0)
    assert statement.headline == "No vLLM and no proxy found on gpu-box"
    assert note[1:] in statement.detail


@pytest.mark.usefixtures("ssh")
@pytest.mark.parametrize(
    ("host", "words"), [("nobody", "try `ssh nobody`"), ("down", "down cannot be reached"), ("x.invalid", "resolve")]
)
def test_a_machine_that_cannot_be_reached_says_why(host, words):
    async def play():
        async with HttpClient("test") as http:
            machine = Machine(host, http)
            try:
                return await machine.servers(), machine.problem
            finally:
                await machine.close()

    servers, problem = asyncio.run(play())
    assert servers == ()
    assert words in problem


def test_without_ssh_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))

    async def play():
        connection = Connection("gpu-box")
        with pytest.raises(UnreachableError, match="install OpenSSH's client"):
            await connection.open()
        await connection.close()

    asyncio.run(play())
