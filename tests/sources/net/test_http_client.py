"""Requests to any server: always an answer or a failure, in bounded time and memory."""

import asyncio
import gzip
import socket
import threading
import tracemalloc

import pytest

from servers import HOSTILE, PATIENT, Imitation, Reply, deadline_for, free_url, serving
from stormdeck.sources.net.failure import Failure, FailureKind
from stormdeck.sources.net.http import Answer, HttpClient, json_object


def ask(server, path="/", **options):
    async def scene():
        async with serving(server) as url, HttpClient("9.9") as http:
            return await http.get(url + path, **{"deadline_s": PATIENT, **options})

    return asyncio.run(scene())


def fetch(url, **options):
    async def scene():
        async with HttpClient("9.9") as http:
            return await http.get(url, **{"deadline_s": PATIENT, **options})

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("never answers", FailureKind.TIMEOUT),
        ("hangs up after the question", FailureKind.CUT),
        ("closes at once", FailureKind.CUT),
        ("talks garbage", FailureKind.NOT_HTTP),
        ("drips bytes", FailureKind.TIMEOUT),
        ("drips headers", FailureKind.TIMEOUT),
        ("never ends", FailureKind.TOO_BIG),
        ("promises more than comes", FailureKind.CUT),
    ],
)
def test_a_hostile_server_is_distinguished(name, problem):
    failure = ask(HOSTILE[name], deadline_s=deadline_for(name))
    assert isinstance(failure, Failure)
    assert failure.kind is problem
    assert failure.text


def test_an_endless_body_takes_no_memory():
    tracemalloc.start()
    try:
        assert ask(HOSTILE["never ends"], limit=256 * 1024).kind is FailureKind.TOO_BIG
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


def test_a_compressed_bomb_is_not_unpacked():
    bomb = gzip.compress(b"0" * 50_000_000)
    reply = Reply(bomb, headers={"content-encoding": "gzip"})
    assert ask(Imitation({"/": reply})).kind is FailureKind.TOO_BIG


def test_a_packed_answer_is_read_though_none_was_asked_for():
    server = Imitation({"/": Reply(gzip.compress(b'{"a": 1}'), headers={"content-encoding": "gzip"})})
    assert json_object(ask(server)) == {"a": 1}
    assert server.asked[0].headers["accept-encoding"] == "identity"


def test_nothing_listens():
    failure = fetch(free_url())
    assert failure.kind is FailureKind.REFUSED
    assert "nothing listens on port" in failure.text


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8000", "ftp://127.0.0.1", "http://", "http://[::1", "http://h:99999", "http://a b/", "http://h:x"],
)
def test_a_url_that_is_none(url):
    assert fetch(url).kind is FailureKind.BAD_URL


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", "blank "])
def test_a_key_that_no_header_can_carry_is_never_sent(key):
    server = Imitation({"/": Reply("x")})
    assert ask(server, key=key).kind is FailureKind.BAD_URL
    assert server.asked == []


def test_https_to_a_plain_port_says_so():
    async def like_uvicorn(reader, writer):
        await reader.read(1000)
        writer.write(Reply("Invalid HTTP request received.", 400).encode())
        await writer.drain()

    async def scene():
        async with serving(like_uvicorn) as url, HttpClient("9.9") as http:
            return await http.get(url.replace("http:", "https:"), deadline_s=PATIENT)

    failure = asyncio.run(scene())
    assert failure.kind is FailureKind.TLS
    assert failure.text == "it does not speak TLS"


def test_a_redirect_is_not_followed_and_the_key_stays():
    thief = Imitation({"/": Reply("mine")})

    async def scene():
        async with serving(thief) as elsewhere, HttpClient("9.9") as http:
            server = Imitation({"/": Reply("", 307, {"location": elsewhere + "/"})})
            async with serving(server) as url:
                return server, await http.get(url, key="secret", deadline_s=PATIENT)

    server, answer = asyncio.run(scene())
    assert answer.status == 307
    assert server.asked[0].headers["authorization"] == "bearer secret"
    assert thief.asked == []


def test_no_cookie_is_kept():
    server = Imitation({"/": Reply("x", headers={"set-cookie": "a=b; Path=/"})})

    async def scene():
        async with serving(server) as url, HttpClient("9.9") as http:
            await http.get(url)
            await http.get(url)

    asyncio.run(scene())
    assert [asked.headers.get("cookie") for asked in server.asked] == [None, None]


def test_proxy_variables_do_not_lead_a_probe_away(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, free_url())
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert ask(Imitation({"/": Reply("x")})).status == 200


def test_our_own_port_and_name_are_known():
    server = Imitation({"/": Reply("x")})

    async def scene():
        async with serving(server) as url, HttpClient("9.9") as http:
            first, second = await http.get(url), await http.get(url)
            return first, second

    first, second = asyncio.run(scene())
    assert [asked.port for asked in server.asked] == [first.port, second.port]
    assert first.port == second.port, "the connection is kept"
    assert server.asked[0].headers["user-agent"] == "stormdeck/9.9"


def test_a_kept_connection_that_was_closed_is_opened_again():
    calls = []

    async def once(reader, writer):
        calls.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(Reply("x").encode())
        await writer.drain()
        if await reader.readuntil(b"\r\n\r\n"):
            return

    async def scene():
        async with serving(once) as url, HttpClient("9.9") as http:
            return [await http.get(url) for _ in range(3)]

    assert [answer.status for answer in asyncio.run(scene())] == [200, 200, 200]
    assert len(calls) == 3


def test_a_name_that_does_not_resolve(monkeypatch):
    def fails(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    failure = fetch("http://gpu-box:8000")
    assert failure.kind is FailureKind.UNRESOLVED
    assert "gpu-box" in failure.text


def test_a_resolver_that_hangs_is_left_behind(monkeypatch):
    released = threading.Event()
    asked = []

    def hang(*_, **__):
        asked.append(1)
        released.wait(20)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    async def scene():
        async with HttpClient("9.9") as http:
            return await asyncio.gather(*(http.get("http://gpu-box:8000", deadline_s=0.1) for _ in range(3)))

    failures = asyncio.run(scene())  # It would wait here for a thread of the loop's own pool.
    assert not released.is_set()
    released.set()
    assert [failure.kind for failure in failures] == [FailureKind.TIMEOUT] * 3
    assert len(asked) == 1, "one lookup at a time for one name"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param(b'{"a": 1}', {"a": 1}, id="an object"),
        pytest.param(b"[1]", None, id="a list"),
        pytest.param(b"<html>", None, id="HTML"),
        pytest.param(b"[" * 100_000, None, id="too deep"),
        pytest.param(b'{"a":' * 100_000, None, id="too deep an object"),
        pytest.param(b"\xff\xfe\0", None, id="bytes"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_json_object(body, value):
    assert json_object(Answer(200, {}, body, 1.0, 1)) == value


def test_json_object_of_a_failure():
    assert json_object(Failure(FailureKind.CUT, "")) is None
