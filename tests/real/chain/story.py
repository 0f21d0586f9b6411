"""One turn that goes well, one during which vLLM is stopped and started again, and all that was seen of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import engine
from claude_code import Client, Printed, begin, finish, run
from picture import picture
from running import START_S, Program, free_port, until
from stack import LENGTH, SIZE, make_home, panel, proxy, watch

CALM, STORMY = "Say hello.", "Say hello to the storm."
STORM = re.compile(r"RETRY STORM +attempt (\d+) of (\d+)")
COUNTS = re.compile(r"Claude Code shows (\d+) turns?, the proxy answered (\d+) requests, vLLM saw (\d+)")
OVER = re.compile(r"Recovered after (\d+) attempts")
PICTURED = 5
"""The attempt at which the panel's picture is taken."""
PATIENCE_S = 900.0
"""More than the client has."""


@dataclass(frozen=True)
class Story:
    """What the programs left, and what the panel showed."""

    vllm: str
    """Where it listened, ``127.0.0.1:8000``."""
    calm: Printed
    stormy: Printed
    statuses: tuple[int, ...]
    """Of the client's requests, as LiteLLM's log has them."""
    reached: int
    """Requests for tokens, as vLLM's log has them."""
    attempts: tuple[int, ...]
    """Of each turn, as the client's transcripts have them."""
    named: str
    """The panel when it first showed a storm."""
    recovered: str
    """The panel after it."""
    remembered: str
    """Another panel that was started then."""
    picture: str
    """The panel in the middle of the storm, as an SVG."""
    events: dict[str, tuple[dict, ...]]
    """Of ``stormdeck watch``, by name."""
    watch_ended: int
    recording: Path


def play(client: Client, vllm_version: str, folder: Path) -> Story:
    """Run it all; everything has ended when this returns."""
    log, port = folder / "vllm.log", free_port()
    with ExitStack() as stack:
        vllm = stack.enter_context(engine.launched(vllm_version, log, port, LENGTH))
        litellm = stack.enter_context(proxy(folder, vllm.url))
        home = make_home(folder, client, litellm.url)
        vllm.wait_for("/health")
        watching = stack.enter_context(watch(folder, home, litellm.log, log))
        with panel(folder, home, client) as pane:
            pane.until_shows("LiteLLM 1.", "vLLM 0.", "LOG  ", "litellm.log", "vllm.log")
            calm = run(client, home, litellm.url, CALM, timeout_s=PATIENCE_S)
            engine.end(vllm)
            process = begin(client, home, litellm.url, STORMY)
            stack.callback(finish, process, 0.0)
            _until_attempt(pane, 3)
            named = pane.screen()
            _until_attempt(pane, PICTURED)
            drawn = picture(pane, *SIZE)
            again = stack.enter_context(engine.launched(vllm_version, log, port, LENGTH))
            again.wait_for("/health")
            stormy = finish(process, PATIENCE_S)
            # While the proxy's count of requests is older than the client's answer, the counts give their place to it.
            over = pane.until(lambda screen: OVER.search(screen) and counts(screen) and screen, "no recovery is shown")
            pane.press("q")
        until(lambda: watching.events("storm_recovered") or watching.events("storm_gave_up"), START_S)
        with panel(folder, home, client) as pane:
            pane.until_shows("STORMS", "LiteLLM 1.", "recovered")
            remembered = pane.screen()
        names = ("storm_started", "storm_attempt", "storm_recovered", "storm_gave_up", "storm_withdrawn")
        events = {name: tuple(one["storm"] for one in watching.events(name)) for name in names}
        ended = watching.finish()
    return Story(
        vllm=f"127.0.0.1:{port}",
        calm=calm,
        stormy=stormy,
        statuses=_statuses(litellm, "/v1/messages"),
        reached=len(_statuses(again, "/v1/chat/completions")),
        attempts=_attempts(home.transcripts),
        named=named,
        recovered=over,
        remembered=remembered,
        picture=drawn,
        events=events,
        watch_ended=ended,
        recording=watching.recording,
    )


def counts(screen: str) -> tuple[int, ...]:
    """Return the numbers of turns and requests hop by hop, in one or two rows; none where they are not shown."""
    rows = screen.splitlines()
    middle = next((row.index("vLLM") for row in rows if "REQUESTS" in row and "vLLM" in row), 0)
    found = COUNTS.search(" ".join(" ".join(row[:middle].split()) for row in rows))
    return tuple(map(int, found.groups())) if found else ()


def _until_attempt(pane, number: int) -> None:
    """Wait until the panel shows an attempt, or of a later one."""
    until(
        lambda: (found := STORM.search(pane.screen())) and int(found[1]) >= number,
        PATIENCE_S,
        why=lambda: f"for attempt {number}; the screen:\n{pane.screen()}",
    )


def _statuses(server: Program, path: str) -> tuple[int, ...]:
    """Return how a server answered POSTs to a path, by its own access lines; nothing of stormdeck is used here."""
    line = re.compile(rf'"POST {re.escape(path)}(?:\?\S*)? HTTP/1\.1" (\d+)')
    return tuple(int(found[1]) for found in map(line.search, server.lines()) if found)


def _attempts(transcripts: Path) -> tuple[int, ...]:
    """Return how often the client wrote down that it sent each of its requests (facts/claude-code.md 3)."""
    files: Sequence[Path] = sorted(transcripts.glob("*/*.jsonl"), key=lambda path: path.stat().st_mtime)
    lines = [json.loads(line) for path in files for line in path.read_text().splitlines()]
    return tuple(Counter(one["requestDigest"] for one in lines if one.get("type") == "api-request").values())
