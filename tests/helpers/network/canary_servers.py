"""Servers that answer the canary: as vLLM 0.32 was recorded, or broken in one way."""

import asyncio
import json
from dataclasses import dataclass, field, replace

from canary_samples import recorded
from stormdeck.model.canary.check import Question
from stormdeck.model.canary.questions import NO_SUCH_MODEL, SUBAGENTS

Q = Question
TURNS = {
    "Read notes.txt and say": Q.TOOL_RESULT,
    "Load WebFetch": Q.TOOL_CHANGE,
    "Plan one step": Q.PLAN_MODE,
    "You are sub-agent": Q.SUBAGENTS,
    "Your task is to create a summary": Q.COMPACTION,
    "Read picture.png": Q.IMAGE,
    "Web page content": Q.WEB_PAGE,
    "Perform a web search": Q.WEB_SEARCH,
}
"""Whole turns by what is asked in them."""


@dataclass
class Asked:
    """One request that a server got."""

    method: str
    path: str
    headers: dict
    body: dict
    port: int

    def lowered(self):
        """Return it as the imitations of ``servers.py`` compare it."""
        return replace(self, headers={name: value.lower() for name, value in self.headers.items()})

    @property
    def question(self):
        """Return which question it is, by its body alone."""
        if "count_tokens" in self.path:
            return Q.COUNT_TOKENS
        if self.body.get("model") == NO_SUCH_MODEL:
            return Q.UNKNOWN_MODEL
        text = json.dumps(self.body.get("messages"))
        if "The code word is" in text:
            return Q.LONG
        if "metadata" in self.body:
            return next((question for words, question in TURNS.items() if words in text), Q.TURN)
        if "tool_choice" in self.body:
            return Q.TOOL_FORCED
        if "tools" in self.body:
            return Q.TOOL_FREE
        if "thinking" in self.body or "output_config" in self.body:
            return Q.THINKING
        if any(message["role"] == "system" for message in self.body.get("messages", [])):
            return Q.LATE_SYSTEM
        return Q.STREAM if self.body.get("stream") else Q.PLAIN


def answer(status, kind, body, **headers):
    """Return a whole answer as bytes."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def refusal(status, message):
    body = {"type": "error", "error": {"type": "BadRequestError", "message": message}}
    return answer(status, "application/json", json.dumps(body).encode())


def events(*bodies):
    return "".join(f"event: {body['type']}\ndata: {json.dumps(body)}\n\n" for body in bodies).encode()


START = {"type": "message_start", "message": {"usage": {"input_tokens": 167, "output_tokens": 0}}}
STOP = (
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
)
CALL = (
    {"type": "content_block_start", "content_block": {"type": "tool_use", "name": "Bash", "input": {}}},
    {"type": "content_block_delta", "delta": {"type": "input_json_delta", "partial_json": '{"command": "echo ok"}'}},
)
SSE = "text/event-stream; charset=utf-8"


def text(words):
    return (
        {"type": "content_block_start", "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": words}},
    )


def stream(*bodies):
    return answer(200, SSE, events(START, *bodies, *STOP))


WELL = {
    Q.PLAIN: answer(*recorded("msg_01_plain")),
    Q.STREAM: answer(*recorded("msg_05_stream")),
    Q.LATE_SYSTEM: answer(*recorded("msg_21_midconv_system")),
    Q.THINKING: answer(*recorded("msg_05_stream")),
    Q.TOOL_FORCED: stream(*CALL),
    Q.TOOL_FREE: stream(*CALL),
    Q.COUNT_TOKENS: answer(*recorded("msg_12_count_tokens")),
    Q.TURN: answer(*recorded("msg_05_stream")),
    Q.TOOL_RESULT: answer(*recorded("msg_05_stream")),
    Q.TOOL_CHANGE: answer(*recorded("msg_05_stream")),
    Q.PLAN_MODE: answer(*recorded("msg_05_stream")),
    Q.COMPACTION: stream(*text("<summary>It rains.</summary>")),
    Q.IMAGE: stream(*text("Green and yellow.")),
    Q.WEB_PAGE: answer(*recorded("msg_05_stream")),
    Q.WEB_SEARCH: answer(*recorded("msg_25_server_tool_websearch")),
    Q.LONG: stream(*text("Pelican")),
    Q.UNKNOWN_MODEL: answer(*recorded("msg_32_wrong_model")),
}
"""A model that takes images, on a server without web search."""


class Together:
    """Answers the requests of the subagents once all of them have come, each in the middle of its stream."""

    def __init__(self):
        self._come, self._all = 0, asyncio.Event()

    async def __call__(self, writer):
        self._come += 1
        if self._come >= SUBAGENTS:
            self._all.set()
        await _begin(writer, events(START, *text("one")))
        await self._all.wait()
        more = events(*text("two"), *STOP)
        writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(more), more))
        await writer.drain()


@dataclass
class Model:
    """A server with one answer by question: bytes, or a coroutine that writes them; ``gets`` answers GETs by path."""

    changes: dict = field(default_factory=dict)
    gets: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    together: Together = field(default_factory=Together)
    """Answers the requests of the subagents."""
    left: list = field(default_factory=list)
    """The questions whose client went before it had its answer."""
    come: asyncio.Event = field(default_factory=asyncio.Event)
    """Set whenever a request comes or is left."""

    async def until(self, condition):
        """Wait until something about the requests is so."""
        async with asyncio.timeout(10):
            while not condition():
                self.come.clear()
                await self.come.wait()

    @property
    def questions(self):
        return [asked.question for asked in self.asked if asked.method == "POST"]

    async def __call__(self, reader, writer):
        while True:
            asked = await self._read(reader, writer)
            self.asked.append(asked)
            self.come.set()
            if asked.method != "POST":
                reply = self.gets.get(asked.path)
                reply = reply(asked.lowered()) if callable(reply) else reply
                writer.write(reply.encode() if reply is not None else answer(404, "application/json", b"{}"))
                await writer.drain()
                continue
            reply = self.changes.get(asked.question) or WELL.get(asked.question) or self.together
            if isinstance(reply, bytes):
                writer.write(reply)
                await writer.drain()
            else:
                await self._watched(reply(writer), reader, asked.question)
                return

    async def _watched(self, writing, reader, question):
        """Let an answer be written for as long as the client stays."""
        task = asyncio.ensure_future(writing)
        gone = asyncio.ensure_future(reader.read())
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                self.left.append(question)
                self.come.set()
        finally:
            task.cancel()
            gone.cancel()
            await asyncio.gather(task, gone, return_exceptions=True)

    async def _read(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        raw = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = first.split(" ", 2)
        return Asked(method, path, headers, json.loads(raw) if raw else {}, writer.get_extra_info("peername")[1])


async def hangs(writer):
    await asyncio.sleep(3600)


async def stalls(writer):
    """Begin a stream and send nothing more."""
    await _begin(writer, events(START, *text("He")))
    await asyncio.sleep(3600)


async def cuts(writer):
    """Begin a stream and close the connection inside it."""
    await _begin(writer, events(START, *text("He")))


async def ends_early(writer):
    """End a stream cleanly, without ``message_stop``."""
    writer.write(answer(200, SSE, events(START, *text("He"))))
    await writer.drain()


async def fails_midway(writer):
    error = {"type": "error", "error": {"type": "internal_error", "message": "EngineCore encountered an issue."}}
    writer.write(answer(200, SSE, events(START, *text("He"), error)))
    await writer.drain()


async def never_ends(writer):
    await _begin(writer, events(START))
    piece = events(*text("more ") * 40)
    while True:
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        await writer.drain()


async def one_line(writer):
    """Send a line without end."""
    await _begin(writer, b"data: ")
    while True:
        writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        await writer.drain()


async def promises_more(writer):
    body = WELL[Q.PLAIN].partition(b"\r\n\r\n")[2]
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9000\r\n\r\n" + body)
    await writer.drain()


async def sends_wrong_utf8(writer):
    body = recorded("msg_05_stream")[2].replace(b'"hell"', b'"\xff\xfe"')
    writer.write(answer(200, SSE, body))
    await writer.drain()


async def drips(writer):
    """Send a whole answer, one byte at a time, slower than any deadline."""
    for byte in WELL[Q.PLAIN]:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def talks_garbage(writer):
    writer.write(bytes(range(256)) * 4 + b"\r\n\r\n")
    await writer.drain()


async def stays_open(writer):
    """Send a whole stream and keep the connection open."""
    await _begin(writer, recorded("msg_05_stream")[2])
    await asyncio.sleep(3600)


async def _begin(writer, piece):
    writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {SSE}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
    writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    await writer.drain()
