"""The recorder between a client and a server: every byte passes, and each ends as the other did."""

import asyncio
import gc
import gzip
import hashlib
import os
import socket
import ssl
import struct
from contextlib import asynccontextmanager, suppress

import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol

from stormdeck.model.wire.account import account
from stormdeck.model.wire.exchange import Outcome
from stormdeck.sources.wire.server import RecorderServer, listen
from stormdeck.sources.wire.target import target_of
from waiting import eventually

DEADLINE_S = 120
EVENT = b'event: content_block_delta\ndata: {"type":"content_block_delta"}\n\n'
STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def reset(writer):
    own = writer.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Server:
    """Answers each request by its path; keeps what it got."""

    def __init__(self):
        self.got = []
        self.connections = 0
        self.left = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await self.body(head, reader)
                self.got.append((head, body))
                way = head.split(b" ")[1].partition(b"?")[2].decode()
                if not await self.answer(way, head, body, reader, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def body(self, head, reader):
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        if fields.get(b"transfer-encoding") == b"chunked":
            parts = []
            while size := int(await reader.readline(), 16):
                parts.append(await reader.readexactly(size))
                await reader.readline()
            await reader.readline()
            return b"".join(parts)
        return await reader.readexactly(int(fields.get(b"content-length", b"0")))

    async def answer(self, way, head, body, reader, writer):
        if way == "reset":
            return reset(writer)
        if way == "close":
            return writer.close()
        if way in {"cut", "reset later"} or way == "reset%20later":
            writer.write(STREAM + chunk(EVENT))
            await writer.drain()
            await self.go_on.wait()
            return reset(writer) if way != "cut" else writer.close()
        if way == "hang":
            await reader.read(1)
            return self.left.set()
        if way == "slow":
            writer.write(STREAM + chunk(EVENT))
            await self.go_on.wait()
            writer.write(chunk(STOP) + b"0\r\n\r\n")
        elif way == "unfinished":
            writer.write(STREAM + chunk(EVENT) + b"0\r\n\r\n")
        elif way == "packed":
            packed = gzip.compress(b'{"usage":{"output_tokens":4}}')
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n")
            writer.write(b"content-length: %d\r\n\r\n" % len(packed) + packed)
        elif way == "500":
            writer.write(b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\nretry-after: 3\r\n\r\n{}")
        else:
            seen = hashlib.sha256(body).hexdigest().encode()
            head_only = head.startswith(b"HEAD")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 64\r\n\r\n" + (b"" if head_only else seen))
        await writer.drain()
        return True


class Client:
    """One raw connection to the recorder."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def ask(self, way="", body=b"{}", method="POST", headers=b""):
        head = b"%s /v1/messages?%s HTTP/1.1\r\nhost: x\r\n%s" % (method.encode(), way.encode(), headers)
        size = b"" if b"transfer-encoding" in headers else b"content-length: %d\r\n" % len(body)
        self.writer.write(head + (size if method == "POST" else b"") + b"\r\n" + (body if method == "POST" else b""))
        await self.writer.drain()

    async def head(self):
        return await self.reader.readuntil(b"\r\n\r\n")

    async def to_end(self):
        """Return what comes until the connection ends, and how it ends."""
        got = b""
        try:
            while piece := await self.reader.read(65536):
                got += piece
        except ConnectionResetError:
            return got, "reset"
        return got, "closed"


class World:
    """A server, the recorder before it, and clients."""

    def __init__(self, server, port, notes, listening):
        self.server, self._port, self.notes, self.listening = server, port, notes, listening
        self._clients = []

    async def client(self):
        self._clients.append(Client(*await asyncio.open_connection("127.0.0.1", self._port)))
        return self._clients[-1]

    async def close(self):
        """End the connections of all clients."""
        for client in self._clients:
            client.writer.close()
            with suppress(ConnectionError):
                await client.writer.wait_closed()

    async def outcome(self, count=1):
        """Return how the last of ``count`` exchanges ended."""
        await eventually(lambda: sum(not one.is_running for one in self.notes) >= count)
        return [one for one in self.notes if not one.is_running][-1]


@asynccontextmanager
async def world():
    server, notes = Server(), []
    async with asyncio.timeout(DEADLINE_S), await asyncio.start_server(server, "127.0.0.1", 0) as listening:
        own = listen()
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        target = target_of(url, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        recorder = RecorderServer(own, lambda: target, notes.append)
        recorder.start()
        here = World(server, own.getsockname()[1], notes, listening)
        try:
            yield here
        finally:
            server.go_on.set()
            await here.close()
            await asyncio.to_thread(recorder.stop)


def play(scene):
    async def run():
        async with world() as one:
            return await scene(one)

    return asyncio.run(run())


def test_bytes_pass_both_ways_and_one_connection_is_kept():
    async def scene(here):
        client = await here.client()
        for size in (0, 2, 100_000):
            body = os.urandom(size)
            await client.ask(body=body)
            assert b"200" in await client.head()
            assert await client.reader.readexactly(64) == hashlib.sha256(body).hexdigest().encode()
        assert here.server.connections == 1
        head = here.server.got[-1][0]
        assert head.count(b"\r\n") == 4, head  # the request line, host, content-length and the empty line

    play(scene)


def test_a_chunked_request_and_a_head_request_pass():
    async def scene(here):
        client = await here.client()
        await client.ask(body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", headers=b"transfer-encoding: chunked\r\n")
        await client.head()
        assert await client.reader.readexactly(64) == hashlib.sha256(b"abcde").hexdigest().encode()
        await client.ask(method="HEAD")
        assert b"content-length: 64" in (await client.head()).lower()
        await client.ask()
        assert b"200" in await client.head()

    play(scene)


def test_a_large_upload_passes():
    body = os.urandom(20_000_000)

    async def scene(here):
        client = await here.client()
        await client.ask(body=body)
        await client.head()
        assert await client.reader.readexactly(64) == hashlib.sha256(body).hexdigest().encode()

    play(scene)


def test_a_stream_passes_as_it_comes():
    async def scene(here):
        client = await here.client()
        await client.ask("slow")
        await client.head()
        first = await client.reader.readuntil(EVENT)
        assert first.endswith(EVENT)
        here.server.go_on.set()
        assert (await client.reader.readuntil(b"0\r\n\r\n")).count(STOP) == 1
        ended = await here.outcome()
        assert (ended.outcome, ended.deltas, ended.status) == (Outcome.ANSWERED, 1, 200)
        assert ended.first_byte < ended.last_byte <= ended.ended

    play(scene)


def test_a_packed_answer_passes_packed_and_its_tokens_are_read():
    async def scene(here):
        client = await here.client()
        await client.ask("packed", headers=b"accept-encoding: gzip\r\n")
        head = (await client.head()).lower()
        assert b"content-encoding: gzip" in head
        size = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
        assert gzip.decompress(await client.reader.readexactly(size)).startswith(b'{"usage"')
        assert (await here.outcome()).output_tokens == 4

    play(scene)


@pytest.mark.parametrize(
    ("way", "how", "outcome"), [("reset", "reset", Outcome.RESET), ("close", "closed", Outcome.CUT)]
)
def test_a_server_that_ends_the_connection_ends_that_of_the_client(way, how, outcome):
    async def scene(here):
        client = await here.client()
        await client.ask(way)
        assert await client.to_end() == (b"", how)
        ended = await here.outcome()
        assert (ended.outcome, ended.status, ended.cause) == (outcome, None, outcome.value)

    play(scene)


@pytest.mark.parametrize(
    ("way", "how", "outcome"), [("reset%20later", "reset", Outcome.RESET), ("cut", "closed", Outcome.CUT)]
)
def test_an_answer_that_breaks_off_breaks_off_for_the_client_too(way, how, outcome):
    async def scene(here):
        client = await here.client()
        await client.ask(way)
        await client.reader.readuntil(EVENT)
        here.server.go_on.set()
        rest, seen = await client.to_end()
        assert (seen, b"0\r\n\r\n" in rest) == (how, False)
        ended = await here.outcome()
        assert (ended.outcome, ended.status) == (outcome, 200)

    play(scene)


def test_a_stream_without_its_last_event_is_cut_though_http_calls_it_complete():
    async def scene(here):
        client = await here.client()
        await client.ask("unfinished")
        assert (await client.reader.readuntil(b"0\r\n\r\n")).count(EVENT) == 1
        assert (await here.outcome()).outcome is Outcome.CUT
        await client.ask()
        assert b"200" in await client.head()

    play(scene)


def test_a_client_that_leaves_ends_the_request_at_the_server():
    async def scene(here):
        client = await here.client()
        await client.ask("hang")
        await eventually(lambda: here.server.got)
        client.writer.close()
        await here.server.left.wait()
        assert (await here.outcome()).outcome is Outcome.CLIENT_LEFT

    play(scene)


def test_a_server_that_is_gone_resets_the_client_and_its_retries_are_counted():
    async def scene(here):
        here.listening.close()
        await here.listening.wait_closed()
        for number in (1, 2, 3):
            client = await here.client()
            body = b'{"model":"m","tools":[{"name":"Task"}],"messages":[{"role":"user","content":"hi"}]}'
            await client.ask(body=body)
            assert await client.to_end() == (b"", "reset")
            ended = await here.outcome(number)
            assert (ended.outcome, ended.attempt) == (Outcome.REFUSED, number)
        (storm,) = account(here.notes).storms
        assert (storm.cause, storm.is_recovered) == ("refused", False)

    play(scene)


def test_a_connection_that_the_client_resets_is_forgotten():
    def kept():
        gc.collect()
        return [one for one in gc.get_objects() if isinstance(one, H11Protocol)]

    async def scene(here):
        for _ in range(3):
            client = await here.client()
            await client.ask()
            await client.head()
            await client.reader.readexactly(64)
            reset(client.writer)
        await here.outcome(3)
        await eventually(lambda: not kept())

    play(scene)


def test_an_error_passes_with_its_headers():
    async def scene(here):
        client = await here.client()
        await client.ask("500")
        head = await client.head()
        assert head.startswith(b"HTTP/1.1 500")
        assert b"retry-after: 3" in head
        assert (await here.outcome()).cause == "500"

    play(scene)


def test_many_streams_pass_side_by_side():
    async def scene(here):
        clients = [await here.client() for _ in range(64)]
        for client in clients:
            await client.ask("slow")
        for client in clients:
            await client.reader.readuntil(EVENT)
        here.server.go_on.set()
        for client in clients:
            await client.reader.readuntil(b"0\r\n\r\n")
        assert here.server.connections == 64
        await here.outcome(64)
        assert {one.outcome for one in here.notes if not one.is_running} == {Outcome.ANSWERED}

    play(scene)


def test_nothing_of_a_prompt_or_an_answer_is_kept():
    async def scene(here):
        client = await here.client()
        await client.ask(
            "slow", body=b'{"model":"m","messages":[{"role":"user","content":"PLANTED"}],"system":"PLANTED"}'
        )
        here.server.go_on.set()
        await client.reader.readuntil(b"0\r\n\r\n")
        await here.outcome()
        assert "PLANTED" not in repr(here.notes)

    play(scene)
