"""Loopback servers for tests: some imitate the real programs, some are hostile."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from places import TESTS

DATA = TESTS / "data"


@dataclass
class Reply:
    """One answer of an imitating server."""

    body: bytes | str | dict = b""
    status: int = 200
    headers: dict = field(default_factory=dict)

    def encode(self):
        body = json.dumps(self.body) if isinstance(self.body, dict) else self.body
        raw = body.encode() if isinstance(body, str) else body
        head = {
            "content-length": len(raw),
            **({"content-type": "application/json"} if isinstance(self.body, dict) else {}),
        }
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {value}" for name, value in {**head, **self.headers}.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


@dataclass
class Asked:
    """One request that a server got."""

    path: str
    headers: dict
    port: int


class Imitation:
    """A server with canned answers by path; a callable answer gets the request, ``None`` hangs."""

    def __init__(self, routes, missing=None):
        self.routes = dict(routes)
        self.missing = missing or Reply({"detail": "Not Found"}, 404)
        self.asked = []
        self.url = ""

    @property
    def paths(self):
        return [asked.path for asked in self.asked]

    async def handle(self, reader, writer):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
            asked = Asked(first.split()[1], headers, writer.get_extra_info("peername")[1])
            self.asked.append(asked)
            reply = self.routes.get(asked.path, self.missing)
            reply = reply(asked) if callable(reply) else reply
            if reply is None:
                await asyncio.sleep(3600)
            writer.write(reply.encode())
            await writer.drain()


@asynccontextmanager
async def serving(server):
    """Serve an ``Imitation`` or a hostile handler on a port of its own; yields its URL. A ``context`` means TLS."""
    handle = server.handle if isinstance(server, Imitation) else server
    tasks = set()

    async def guarded(reader, writer):
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await handle(reader, writer)
        except (asyncio.CancelledError, OSError, EOFError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    listening = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=getattr(server, "context", None))
    port = listening.sockets[0].getsockname()[1]
    url = f"{'http' if getattr(server, 'context', None) is None else 'https'}://127.0.0.1:{port}"
    if isinstance(server, Imitation):
        server.url = url
    try:
        yield url
    finally:
        listening.close()
        waiting = list(tasks)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def free_url():
    """Return a URL on which nothing listens."""
    return f"http://127.0.0.1:{free_port()}"


def free_port():
    """Return a port of the loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def recorded(name):
    """Return the answer of a recording of the real program."""
    text = (DATA / "http" / name).read_text()
    head, _, body = text.split("<<< RESPONSE ")[1].partition("\n\n")
    return Reply(body.strip(), int(head.split()[0]), {"server": "uvicorn"})


def page(name="full"):
    return Reply((DATA / "metrics" / f"{name}.txt").read_bytes())


def vllm(**changes):
    """Return a vLLM 0.32 from recordings; ``changes`` replace answers by path, ``/`` written as ``_``."""
    routes = {
        "/health": recorded("get_01_get_health.txt"),
        "/version": recorded("get_03_get_version.txt"),
        "/v1/models": recorded("get_05_get_v1_models.txt"),
        "/metrics": page(),
    }
    return Imitation({**routes, **{name.replace("_", "/"): reply for name, reply in changes.items()}})


NO_KEY = {"error": {"message": "Authentication Error, No api key passed in.", "type": "auth_error", "code": "401"}}
WRONG_KEY = {"error": {"message": "No connected db.", "type": "no_db_connection", "param": None, "code": "400"}}


def litellm(master_key="sk-master-1", in_flight=1):
    """Return a LiteLLM 1.109 as measured (facts/proxies.md 3)."""

    def guarded(reply):
        def answer(asked):
            sent = asked.headers.get("authorization")
            if sent is None:
                return Reply(NO_KEY, 401)
            return reply if sent == f"Bearer {master_key}".lower() else Reply(WRONG_KEY, 400)

        return answer

    models = {"object": "list", "data": [{"id": "claude-sonnet", "object": "model", "owned_by": "openai"}]}
    return Imitation(
        {
            "/health/liveliness": Reply('"I\'m alive!"'),
            "/health/readiness": Reply({"status": "healthy", "db": "Not connected"}),
            "/health/readiness/details": guarded(Reply({"status": "healthy", "litellm_version": "1.109.1"})),
            "/health/backlog": guarded(Reply({"in_flight_requests": in_flight})),
            "/v1/models": guarded(Reply(models)),
            "/": Reply("LiteLLM: RUNNING"),
        }
    )


def claude_code_proxy(upstream="http://127.0.0.1:1/v1"):
    start = {
        "message": "Claude-to-OpenAI API Proxy v1.0.0",
        "status": "running",
        "config": {"openai_base_url": upstream},
    }
    health = {"status": "healthy", "timestamp": "2026-11-20", "openai_api_configured": True, "api_key_valid": False}
    return Imitation({"/": Reply(start), "/health": Reply(health)})


def claude_code_router():
    start = {"message": "LLMs API", "version": "1.0.51"}
    return Imitation({"/": Reply(start), "/health": Reply({"status": "ok", "timestamp": "2026-11-20T18:40:50.736Z"})})


async def hangs(reader, writer):
    await asyncio.sleep(3600)


async def hangs_up(reader, writer):
    await reader.readuntil(b"\r\n\r\n")


async def closes_at_once(reader, writer):
    return


async def talks_garbage(reader, writer):
    writer.write(bytes(range(256)) * 4 + b"\r\n\r\n")
    await writer.drain()
    await reader.read(1000)


async def drips(reader, writer):
    """Send a whole answer, one byte at a time, slower than any deadline."""
    for byte in Reply({"version": "0.32.0"}).encode():
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.05)


async def drips_headers(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-a: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def never_ends(reader, writer):
    """Send a body without end, as fast as it is taken: half a gigabyte of metrics is the same."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 500000000\r\n\r\n")
    line = b'vllm:num_requests_running{engine="0"} 1.0\n' * 2000
    while True:
        writer.write(line)
        await writer.drain()


async def promises_more(reader, writer):
    """Announce more bytes than come, then close."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n{"version":"0.32.0"}')
    await writer.drain()


async def is_a_web_page(reader, writer):
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(
            Reply("<!doctype html><html><body>hello</body></html>", headers={"content-type": "text/html"}).encode()
        )
        await writer.drain()


HOSTILE = {
    "never answers": hangs,
    "hangs up after the question": hangs_up,
    "closes at once": closes_at_once,
    "talks garbage": talks_garbage,
    "drips bytes": drips,
    "drips headers": drips_headers,
    "never ends": never_ends,
    "promises more than comes": promises_more,
    "is a web page": is_a_web_page,
}
SOON = 0.4
"""Deadline in seconds where no answer comes."""
PATIENT = 60.0
"""Deadline where an answer comes: a busy machine may take its time."""


def deadline_for(name):
    """Return the deadline for a server of ``HOSTILE``: some of them never finish an answer."""
    return SOON if name in {"never answers", "drips bytes", "drips headers"} else PATIENT


class Clock:
    """A clock that a test moves."""

    def __init__(self, at=1_000_000.0):
        self.at = at

    def __call__(self):
        return self.at

    def move(self, seconds):
        self.at += seconds
