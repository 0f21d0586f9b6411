"""Plain questions: kept connections, the usual form of an answer, and whatever else is left to httpx."""

import asyncio
import subprocess
import sys
from collections import Counter
from contextlib import asynccontextmanager

import pytest

from servers import PATIENT, free_url
from stormdeck.sources.net.failure import FailureKind
from stormdeck.sources.net.http import Answer, HttpClient

WELL = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\nwell"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nwe\r\n2\r\nll\r\n0\r\n\r\n"


class Server:
    """Sends the same bytes for every request; counts connections and requests, and keeps the last request."""

    def __init__(self, answer, *, closes=False, pieces=1):
        self.answer, self.closes, self.pieces = answer, closes, pieces
        self.seen = Counter()
        self.last = b""

    async def serve(self, reader, writer):
        self.seen["connections"] += 1
        try:
            while self.last != b"" or not reader.at_eof():
                self.last = await reader.readuntil(b"\r\n\r\n")
                self.seen["requests"] += 1
                step = -(-len(self.answer) // self.pieces)
                for begin in range(0, len(self.answer), step):
                    writer.write(self.answer[begin : begin + step])
                    await writer.drain()
                    await asyncio.sleep(0)
                if self.closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def served(server):
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        listener.close()


def ask(server, times=1, **options):
    async def scene():
        async with served(server) as url, HttpClient("9.9") as http:
            return [await http.get(f"{url}/health", deadline_s=PATIENT, **options) for _ in range(times)]

    return asyncio.run(scene())


@pytest.fixture
def no_httpx(monkeypatch):
    """Fail a request for which httpx is asked."""

    async def ask(self, *args):
        raise AssertionError("httpx is asked")

    monkeypatch.setattr(HttpClient, "_ask", ask)


@pytest.mark.parametrize("pieces", [1, 7, 60])
@pytest.mark.parametrize("answer", [WELL, CHUNKED], ids=["length", "chunked"])
@pytest.mark.usefixtures("no_httpx")
def test_questions_share_one_connection(answer, pieces):
    server = Server(answer, pieces=pieces)
    answers = ask(server, 5, key="sk-mine")
    assert [(one.status, one.body) for one in answers] == [(200, b"well")] * 5
    assert server.seen == {"connections": 1, "requests": 5}
    assert len({one.port for one in answers}) == 1


def test_the_same_is_asked_as_by_httpx(monkeypatch):
    asked = []
    for is_plain in (True, False):
        monkeypatch.setattr("stormdeck.sources.net.plain_http.PlainHttp.can_ask", lambda *_, plain=is_plain: plain)
        server = Server(WELL)
        ask(server, key="sk-mine", headers={"x-own": "1"})
        first, *headers = server.last.decode().lower().strip().split("\r\n")
        asked.append((first, sorted(line for line in headers if not line.startswith("host:"))))
        assert any(line.startswith("host: 127.0.0.1:") for line in headers)
    assert asked[0] == asked[1]


@pytest.mark.usefixtures("no_httpx")
def test_a_server_that_closes_is_connected_to_again():
    server = Server(WELL, closes=True)
    assert [one.body for one in ask(server, 3)] == [b"well"] * 3
    assert server.seen == {"connections": 3, "requests": 3}


@pytest.mark.usefixtures("no_httpx")
def test_ends_of_connections_are_told_apart_without_httpx():
    assert ask(Server(b"", closes=True))[0].kind is FailureKind.CUT
    assert ask(Server(WELL[:-1], closes=True))[0].kind is FailureKind.CUT

    async def scene():
        async with HttpClient("9.9") as http:
            return await http.get(free_url())

    assert asyncio.run(scene()).kind is FailureKind.REFUSED


def test_a_panel_of_plain_servers_never_imports_httpx():
    code = f"""
import asyncio, sys
sys.path.insert(0, {sys.path[0]!r})
from stormdeck.sources.net.http import HttpClient

async def answers(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write({WELL!r})

async def scene():
    server = await asyncio.start_server(answers, "127.0.0.1", 0)
    async with HttpClient("9.9") as http:
        answer = await http.get("http://127.0.0.1:%d" % server.sockets[0].getsockname()[1])
    server.close()
    print(answer.body.decode(), "httpx" in sys.modules)

asyncio.run(scene())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["well", "False"]


@pytest.fixture
def plain(monkeypatch):
    """Return how often servers are asked without httpx."""
    counts, whole = Counter(), HttpClient._ask_plainly

    async def counted(self, *args):
        counts["asked"] += 1
        return await whole(self, *args)

    monkeypatch.setattr(HttpClient, "_ask_plainly", counted)
    return counts


def test_more_than_was_announced_is_judged_by_httpx(plain):
    assert len(ask(Server(WELL + b" and more"), 3)) == 3
    assert plain["asked"] == 1


UNUSUAL = {
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nwell",
    "no length": b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nwell",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 4\r\n\r\nwell",
    "a header twice": b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nx-a: 1\r\nx-a: 2\r\n\r\nwell",
    "a folded header": b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nx-a: 1\r\n 2\r\n\r\nwell",
    "a chunk with an extension": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4;a=b\r\nwell\r\n0\r\n\r\n",
    "trailers": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nwell\r\n0\r\nx-a: 1\r\n\r\n",
    "a gate": b"HTTP/1.1 100 Continue\r\n\r\n" + WELL,
}


@pytest.mark.parametrize("answer", UNUSUAL.values(), ids=UNUSUAL)
def test_an_unusual_answer_is_judged_by_httpx_from_then_on(answer, plain):
    answers = ask(Server(answer, closes=b"close" in answer or b"1.0" in answer), 3)
    assert {type(one) for one in answers} == {Answer}
    assert {one.body for one in answers} == {b"well"}
    assert plain["asked"] == 1


@pytest.mark.usefixtures("no_httpx")
def test_a_connection_that_will_be_closed_is_not_used_again():
    server = Server(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 4\r\n\r\nwell")
    assert [one.body for one in ask(server, 2)] == [b"well"] * 2
    assert server.seen["connections"] == 2


def test_what_comes_unasked_is_not_taken_for_an_answer():
    async def scene():
        late = asyncio.Event()
        sent = asyncio.Event()

        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(WELL)
            await late.wait()
            writer.write(WELL.replace(b"well", b"evil"))
            sent.set()

        listener = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        async with HttpClient("9.9") as http:
            first = await http.get(url, deadline_s=PATIENT)
            late.set()
            await sent.wait()
            kept = http._plain._idle[("127.0.0.1", int(url.rpartition(":")[2]))][0]
            while kept.is_usable:  # noqa: ASYNC110 - nothing is set then
                await asyncio.sleep(0)
            second = await http.get(url, deadline_s=PATIENT)
            assert "httpx" in sys.modules
        listener.close()
        return first.body, second.body, second.port != first.port

    assert asyncio.run(scene()) == (b"well", b"well", True)
