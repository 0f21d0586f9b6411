"""Generate the simulated model's replies, count requests, and imitate the prefix cache."""

from __future__ import annotations

import random
import re
import zlib
from collections import OrderedDict
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stormdeck.demo.vllm.metrics import Metrics

SENTENCES = (
    "The test fails because the fixture closes the socket before the server has read the request. ",
    "I moved the parser into its own module and kept the public name where it was. ",
    "Both call sites pass the timeout in seconds now, so the conversion can go. ",
    "There is one caller left in the command line tool, and it only reads the first field. ",
    "The cache key leaves out the locale, which explains why the second run shows the old text. ",
    "I would rather not touch the migration: it has run on the staging database already. ",
    "All forty-two tests pass, and the type checker is quiet. ",
    "Shall I also rename the flag in the documentation? ",
)
COMMANDS = (
    "python -m pytest -q tests/test_parser.py",
    "git diff --stat",
    "rg -n 'read_config' src",
    "sed -n '1,80p' src/server.py",
    "ls -la src tests",
)
_WORD = re.compile(r"\s*\S+\s*")


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as pieces of text, each counted as one token."""

    pieces: tuple[str, ...]
    tool: str = ""
    """The tool that is called, with the pieces as its JSON arguments; empty for plain text."""
    cut: bool = False
    """Whether it was cut at ``max_tokens``."""


def compose(rng: random.Random, max_tokens: int, *, tools: bool, asked_tool: str = "") -> Reply:
    """Return a reply: a call of the requested tool, with ``tools`` a call in 40 % of cases, else text."""
    if asked_tool or (tools and rng.random() < 0.4):
        pieces = tuple(_WORD.findall(f'{{"command": "{rng.choice(COMMANDS)}"}}'))
        return Reply(pieces, tool=asked_tool or "Bash")
    text = "".join(rng.choice(SENTENCES) for _ in range(rng.randint(5, 14)))
    pieces = tuple(_WORD.findall(text))
    return Reply(pieces[:max_tokens], cut=len(pieces) > max_tokens)


UNCOUNTED = {"/health", "/ping", "/version", "/load", "/metrics"}
KNOWN = {"/v1/models", "/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions"}


class CountRequests:
    """ASGI middleware that counts requests by handler, method and class of status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Forward the request and count its status when the answer starts."""

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["path"] not in UNCOUNTED:
                handler = scope["path"] if scope["path"] in KNOWN else "none"
                status = f"{message['status'] // 100}xx"
                self._metrics.count("http_requests_total", handler=handler, method=scope["method"], status=status)
            await send(message)

        await self._app(scope, receive, watch if scope["type"] == "http" else send)


BLOCK = 16
"""Tokens per block."""
CHARS_PER_TOKEN = 4


def tokens_in(text: str) -> int:
    """Return the approximate number of tokens in a text."""
    return max(1, len(text) // CHARS_PER_TOKEN)


class PrefixCache:
    """Cache blocks of prompts by their whole prefix, like vLLM. The oldest blocks are evicted first."""

    def __init__(self, blocks: int) -> None:
        self._capacity = blocks
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def admit(self, prompt: str) -> int:
        """Return how many tokens of the prompt were cached, and cache the prompt."""
        hits, is_prefix, chain, width = 0, True, 0, BLOCK * CHARS_PER_TOKEN
        for start in range(0, len(prompt) - width + 1, width):
            chain = zlib.crc32(prompt[start : start + width].encode(), chain)
            is_prefix = is_prefix and chain in self._blocks
            hits += is_prefix
            self._blocks[chain] = None
            self._blocks.move_to_end(chain)
        while len(self._blocks) > self._capacity:
            self._blocks.popitem(last=False)
        return hits * BLOCK

    def clear(self) -> None:
        """Empty the cache, as when a new engine starts."""
        self._blocks.clear()
