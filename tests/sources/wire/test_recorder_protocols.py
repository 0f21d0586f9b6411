"""What HTTP/1.1 allows and few use, through the recorder: nothing is added, lost or joined."""

import asyncio
import ssl
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest

from stormdeck.model.wire.exchange import Outcome
from stormdeck.sources.wire import server as server_module
from stormdeck.sources.wire.server import RecorderServer, listen
from stormdeck.sources.wire.target import target_of
from waiting import eventually

DEADLINE_S = 120
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Answers every request with the same bytes; keeps the heads and bodies that it got."""

    def __init__(self, answer=OK, *, closes=False, reads_body=True):
        self.answer, self.closes, self.reads_body = answer, closes, reads_body
        self.got, self.connections = [], 0

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
                size = int(fields.get(b"content-length", b"0")) if self.reads_body else 0
                self.got.append((head, await reader.readexactly(size)))
                writer.write(self.answer)
                await writer.drain()
                if self.closes:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def recorder(server, host="127.0.0.1", context=None, proxy=None, name=None):
    """Yield a function that sends bytes to a recorder before a server and returns what comes; and its notes."""
    notes = []
    async with asyncio.timeout(DEADLINE_S), await asyncio.start_server(server, host, 0, ssl=context) as listening:
        port = listening.sockets[0].getsockname()[1]
        shown = name or (f"[{host}]" if ":" in host else host)
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if context is not None:
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        target = target_of(f"{'https' if context else 'http'}://{shown}:{port}", trust, proxy)
        own = listen(host)
        running = RecorderServer(own, lambda: target, notes.append)
        running.start()
        writers = []

        async def connect():
            reader, writer = await asyncio.open_connection(*own.getsockname()[:2])
            writers.append(writer)
            return reader, writer

        try:
            yield connect, notes
        finally:
            for writer in writers:
                writer.close()
            await asyncio.to_thread(running.stop)


def play(scene, server, **more):
    async def run():
        async with recorder(server, **more) as (connect, notes):
            return await scene(connect, notes)

    return asyncio.run(run())


async def ask(connect, head=b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}", until=b"ok"):
    """Send bytes over a new connection and return what comes, up to the last bytes of the answer."""
    reader, writer = await connect()
    writer.write(head)
    await writer.drain()
    return await reader.readuntil(until)


async def outcome(notes):
    await eventually(lambda: any(not one.is_running for one in notes))
    return next(one for one in notes if not one.is_running)


def test_headers_of_one_name_stay_apart_and_in_order_and_no_byte_of_a_value_changes():
    server = Server(
        b"HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\nx-name: Jos\xe9\r\ncontent-length: 2\r\n\r\nok"
    )
    head = b"GET /v1/models?a=%2F&b= HTTP/1.1\r\nhost: x\r\nx-own: 1\r\nx-own: Jos\xe9\r\nx-own: \xc3\xa9\r\n\r\n"

    async def scene(connect, _):
        answer = await ask(connect, head, b"\r\n\r\nok")
        assert answer.count(b"set-cookie: ") == 2
        assert b"x-name: Jos\xe9\r\n" in answer

    play(scene, server)
    sent = server.got[0][0]
    assert sent.startswith(b"GET /v1/models?a=%2F&b= HTTP/1.1\r\n")
    assert [line for line in sent.split(b"\r\n") if line.startswith(b"x-own")] == [
        b"x-own: 1",
        b"x-own: Jos\xe9",
        b"x-own: \xc3\xa9",
    ]


def test_interim_answers_of_the_server_are_not_the_answer():
    async def scene(connect, notes):
        assert (await ask(connect)).startswith(b"HTTP/1.1 200")
        assert (await outcome(notes)).status == 200

    play(scene, Server(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK))


def test_a_client_that_expects_100_gets_it_and_the_server_is_not_asked():
    server = Server()

    async def scene(connect, _):
        reader, writer = await connect()
        writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(b"{}")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")

    play(scene, server)
    assert server.got[0][1] == b"{}"
    assert b"expect" not in server.got[0][0].lower()


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_answer_that_ends_with_the_connection_is_complete(version):
    async def scene(connect, notes):
        await ask(connect, b"POST /v1/messages HTTP/%b\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}" % version)
        assert (await outcome(notes)).outcome is Outcome.ANSWERED

    play(scene, Server(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}ok", closes=True))


def test_a_client_of_http_1_0_gets_no_chunks():
    async def scene(connect, _):
        reader, writer = await connect()
        writer.write(b"GET /v1/models HTTP/1.0\r\nhost: x\r\n\r\n")
        assert (await reader.read()).endswith(b"\r\n\r\nok")

    play(scene, Server(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"))


def test_trailers_are_dropped_and_the_connection_goes_on():
    server = Server(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx-after: 1\r\n\r\n")

    async def scene(connect, _):
        reader, writer = await connect()
        for _again in range(2):
            writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            assert b"x-after" not in await reader.readuntil(b"0\r\n\r\n")

    play(scene, server)
    assert server.connections == 1


def test_bytes_after_an_answer_are_not_taken_for_the_next():
    server = Server(OK + b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno")

    async def scene(connect, _):
        reader, writer = await connect()
        for _again in range(3):
            writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")

    play(scene, server)
    assert server.connections == 3


def test_a_server_that_closes_a_kept_connection_gets_a_new_one():
    server = Server(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", closes=True)

    async def scene(connect, _):
        for _again in range(3):
            assert (await ask(connect)).startswith(b"HTTP/1.1 200")

    play(scene, server)
    assert server.connections == 3


def test_what_is_no_http_cuts_the_client():
    async def scene(connect, notes):
        reader, writer = await connect()
        writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
        assert await reader.read() == b""
        assert (await outcome(notes)).outcome is Outcome.CUT

    play(scene, Server(b"SSH-2.0-x\r\n"))


def test_long_headers_pass_both_ways():
    long = b"x" * 200_000
    server = Server(b"HTTP/1.1 200 OK\r\nx-long: %b\r\ncontent-length: 2\r\n\r\nok" % long)
    server_limit = b"GET /v1/models HTTP/1.1\r\nhost: x\r\nx-long: %b\r\n\r\n" % (b"y" * 40_000)

    async def scene(connect, _):
        reader, writer = await connect()
        writer.write(server_limit)
        got = b""
        while not got.endswith(b"\r\n\r\nok"):
            got += await reader.read(65536)
        assert long in got

    play(scene, server)
    assert b"y" * 40_000 in server.got[0][0]


def test_an_answer_before_the_upload_was_read_passes_at_once_and_the_request_is_known():
    """A server that refuses a large body answers after its head."""
    server = Server(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok", reads_body=False)
    body = b'{"model":"m","messages":[{"role":"user","content":"%b"}]}' % (b"x" * 5_000_000)

    async def scene(connect, notes):
        reader, writer = await connect()
        writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body))
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 413")
        writer.write(body)
        ended = await outcome(notes)
        assert (ended.outcome, ended.status) == (Outcome.STATUS, 413)

    play(scene, server)


def test_an_upgrade_is_passed_on_as_a_plain_request():
    server = Server(b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nok")
    head = (
        b"GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )

    async def scene(connect, _):
        assert (await ask(connect, head)).startswith(b"HTTP/1.1 404")

    play(scene, server)
    assert b"upgrade: " not in server.got[0][0].lower()


@pytest.mark.parametrize(("host", "name"), [("::1", None), ("127.0.0.1", "localhost")])
def test_addresses_of_both_families_and_names_are_reached(host, name):
    async def scene(connect, notes):
        assert (await ask(connect)).startswith(b"HTTP/1.1 200")

    play(scene, Server(), host=host, name=name)


def test_it_runs_on_the_standard_event_loop_where_uvloop_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert server_module._loop_factory() is None

    async def scene(connect, notes):
        assert (await ask(connect)).startswith(b"HTTP/1.1 200")
        assert (await outcome(notes)).outcome is Outcome.ANSWERED

    play(scene, Server())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A server's TLS context with a certificate of its own."""
    folder = tmp_path_factory.mktemp("tls")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*command, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_a_server_with_tls_is_reached(certificate):
    async def scene(connect, notes):
        assert (await ask(connect)).startswith(b"HTTP/1.1 200")

    play(scene, Server(), context=certificate)


class Proxy:
    """An HTTP proxy that opens tunnels, and answers other requests itself; keeps the heads."""

    def __init__(self, refuses=False):
        self.heads, self.refuses = [], refuses

    async def __call__(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            method, place, _ = head.split(b" ", 2)
            if self.refuses:
                writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
            elif method != b"CONNECT":
                await reader.readexactly(2)
                writer.write(OK)
                await writer.drain()
                await reader.read()
            else:
                host, _, port = place.decode().rpartition(":")
                there, back = await asyncio.open_connection(host, int(port))
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(self.pump(reader, back), self.pump(there, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def pump(self, reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()


async def through(proxy, *, context):
    server = Server()
    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as listening:
        url = f"http://us%20er:pass@127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        async with recorder(server, context=context, proxy=url) as (connect, notes):
            reader, writer = await connect()
            writer.write(b"POST /v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
            try:
                got = await (reader.read() if proxy.refuses else reader.readuntil(b"ok"))
            except ConnectionResetError:
                got = b""
            return server, got, await outcome(notes)


def test_a_proxy_opens_a_tunnel_to_a_server_with_tls(certificate):
    proxy = Proxy()
    server, got, _ = asyncio.run(through(proxy, context=certificate))
    assert got.startswith(b"HTTP/1.1 200")
    assert proxy.heads[0].startswith(b"CONNECT 127.0.0.1:")
    assert b"Proxy-Authorization: Basic dXMgZXI6cGFzcw==\r\n" in proxy.heads[0]
    assert b"proxy-authorization" not in server.got[0][0].lower()


def test_a_proxy_is_asked_for_the_whole_url_of_a_server_without_tls():
    proxy = Proxy()
    server, got, _ = asyncio.run(through(proxy, context=None))
    assert got.startswith(b"HTTP/1.1 200")
    assert proxy.heads[0].startswith(b"POST http://127.0.0.1:")
    assert b"Proxy-Authorization: Basic dXMgZXI6cGFzcw==\r\n" in proxy.heads[0]
    assert server.got == []


def test_a_proxy_that_refuses_is_told_as_unreachable(certificate):
    _, got, ended = asyncio.run(through(Proxy(refuses=True), context=certificate))
    assert (got, ended.outcome) == (b"", Outcome.UNREACHABLE)
