"""Servers fail: each failure has a sentence, nothing blocks, and a server that recovers is shown again."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
from functools import partial

import pytest
from faultwords import descriptors, headline, no_descriptors

from servers import (
    Clock,
    Reply,
    closes_at_once,
    drips,
    drips_headers,
    hangs,
    is_a_web_page,
    never_ends,
    promises_more,
    serving,
    talks_garbage,
    vllm,
)
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.server import ServerState
from stormdeck.sources.discovery.configured import ConfiguredTargets
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.servers.vllm import VllmSource
from waiting import eventually as until

SOON, LONG = 0.2, 10.0
"""Deadlines of a poll: for servers that are to miss it, and for those that are not."""
SILENT = {hangs, drips, drips_headers}


async def promises_less(reader, writer):
    """Announce fewer bytes than come: the rest would be taken for the next answer."""
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhello HTTP/1.1 500 X\r\n\r\n")
        await writer.drain()


async def refuses_garbage(reader, writer):
    """Answer what is no HTTP as uvicorn does."""
    await reader.read(10)
    writer.write(Reply("Invalid HTTP request received.", 400).encode())
    await writer.drain()


async def leads_in_a_circle(reader, writer):
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(Reply("", 302, {"location": "/health"}).encode())
        await writer.drain()


async def calls_everything_binary(reader, writer):
    """Answer rightly, and call it something else."""
    server = vllm()
    server.routes = {
        path: Reply(reply.body, 200, {"content-type": "image/png"}) for path, reply in server.routes.items()
    }
    await server.handle(reader, writer)


class Changing:
    """A vLLM that can be made to behave in other ways, and well again."""

    def __init__(self):
        self.well = vllm()
        self.handle = self.well.handle
        self.connections = 0
        self._open = set()

    async def __call__(self, reader, writer):
        self.connections += 1
        self._open.add(writer)
        await self.handle(reader, writer)

    def become(self, handle):
        self.handle = handle
        for writer in self._open:
            writer.close()
        self._open.clear()


def through(fault):
    """Return what a source says of a server in turn: well, with a fault, well again."""

    async def scene():
        server = Changing()
        async with serving(server) as url, HttpClient("9.9") as http:
            source = VllmSource(url, http, Clock(), deadline_s=LONG)
            well = await source.poll()
            server.become(fault)
            source._deadline_s = SOON if fault in SILENT else LONG
            broken = await source.poll()
            server.become(server.well.handle)
            source._deadline_s = LONG
            return well, broken, await source.poll()

    return asyncio.run(scene())


FAULTS = {
    "server hangs": hangs,
    "server sends its answer byte by byte": drips,
    "server sends headers without end": drips_headers,
    "server accepts and closes": closes_at_once,
    "server announces more than it sends": promises_more,
    "server announces less than it sends": promises_less,
    "server sends a body without end": never_ends,
    "server sends a web page": is_a_web_page,
    "server talks no HTTP": talks_garbage,
    "server leads in a circle of redirects": leads_in_a_circle,
    "server sends the right text as image/png": calls_everything_binary,
}
HARMLESS = {"server announces less than it sends", "server sends the right text as image/png"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_with_a_fault_is_said_and_seen_again_once_it_is_well(fault, said):
    before, broken, after = through(FAULTS[fault])
    assert before.state is after.state is ServerState.UP
    assert (broken.state is ServerState.UP) == (fault in HARMLESS)
    words = broken.detail if broken.state is ServerState.UP and broken.detail else headline(broken)
    said(fault, words, lost="nothing" if broken.engine is not None else "its figures, until it is back")


def test_a_server_that_is_killed_is_down_and_is_found_again_on_its_port(said):
    async def scene():
        server = Changing()
        async with HttpClient("9.9") as http:
            listening = await asyncio.start_server(server, "127.0.0.1", 0)
            port = listening.sockets[0].getsockname()[1]
            source = VllmSource(f"http://127.0.0.1:{port}", http, Clock(), deadline_s=LONG)
            await source.poll()
            listening.close()
            server.become(server.well.handle)
            down = await source.poll()
            again = await asyncio.start_server(server, "127.0.0.1", port)
            back = await source.poll()
            again.close()
            server.become(hangs)
        return down, back

    down, back = asyncio.run(scene())
    assert (down.state, back.state) == (ServerState.DOWN, ServerState.UP)
    said("server killed", headline(down), lost="its figures, until it is back")


def test_a_name_whose_lookup_hangs_holds_up_neither_the_poll_nor_the_end(said, monkeypatch):
    released = threading.Event()

    def hang(*_, **__):
        released.wait(20)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    async def scene():
        async with HttpClient("9.9") as http:
            return await VllmSource("http://gpu-box:8000", http, Clock(), deadline_s=0.05).poll()

    broken = asyncio.run(scene())
    assert not released.is_set()
    released.set()
    assert broken.state is ServerState.SILENT
    said("DNS hangs", headline(broken), lost="nothing", after="asked again with each poll, one lookup at a time")


@pytest.fixture
def certificate(tmp_path):
    """Return a certificate that nobody trusts, with its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make = ["openssl", "req", "-x509", *curve, "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=x"]
    subprocess.run(make, check=True, capture_output=True)
    return cert, key


async def over_tls(certificate, handle):
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)

    async def quiet(reader, writer):
        with contextlib.suppress(OSError, EOFError):
            await handle(reader, writer)
        writer.close()

    listening = await asyncio.start_server(quiet, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    async with HttpClient("9.9") as http:
        snapshot = await VllmSource(f"https://127.0.0.1:{port}", http, Clock(), deadline_s=5.0).poll()
    listening.close()
    return snapshot


def test_tls_errors_are_distinguished(said, certificate):
    untrusted = asyncio.run(over_tls(certificate, hangs))
    plain = asyncio.run(over_tls(None, refuses_garbage))
    said("TLS: a certificate that nobody trusts", headline(untrusted), after="asked again with each poll")
    said("TLS: https:// to a plain port", headline(plain), after="asked again with each poll")


def test_without_a_free_descriptor_the_server_is_not_called_down(said):
    async def scene():
        server = Changing()
        async with serving(server) as url, HttpClient("9.9") as http:
            before = descriptors()
            await discover(SettingsSnapshot(), http, ConfiguredTargets(None, None, (), None), ports=())
            source = VllmSource(url, http, Clock(), deadline_s=LONG)
            await source.poll()
            await http.aclose()
            await until(lambda: len(descriptors()) <= len(before))
            with no_descriptors():
                short = await source.poll()
                found = await discover(SettingsSnapshot(), http, ConfiguredTargets(None, None, (), None), ports=(1,))
            return short, found, await source.poll()

    short, found, back = asyncio.run(scene())
    assert (short.state, back.state) == (ServerState.STALE, ServerState.UP)
    assert short.engine is not None
    assert found.done
    said("no file descriptor left (EMFILE): polls and search", headline(short))


def test_one_connection_serves_all_polls_of_a_server():
    async def scene():
        server = Changing()
        async with serving(server) as url, HttpClient("9.9") as http:
            clock = Clock()
            source = VllmSource(url, http, clock)
            for _ in range(20):
                await source.poll()
                clock.move(2)
            return server

    server = asyncio.run(scene())
    assert len(server.well.asked) > 40
    assert server.connections == 1


def test_a_poll_that_hangs_is_not_overtaken_by_the_next():
    async def scene():
        server = Changing()
        server.handle = partial(hangs)
        async with serving(server) as url, HttpClient("9.9") as http:
            source = VllmSource(url, http, Clock(), deadline_s=SOON)
            first = asyncio.ensure_future(source.poll())
            await until(lambda: server.connections)
            await asyncio.gather(*(source.poll() for _ in range(5)))
            await first
            return server.connections

    assert asyncio.run(scene()) == 1
