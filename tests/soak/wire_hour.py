"""An hour's requests through a real ``stormdeck tap`` in two minutes: does its memory stay flat?

``python tests/soak/wire_hour.py`` prints a table. 3,600 requests, one a second for an hour, each with a prompt of 60 kB
and an answer of 100 events; every tenth is given up by its client and sent again. Forty are on their way at any time.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psutil

REQUESTS, QUARTERS, EVENTS, SIDE_BY_SIDE = 3600, 4, 100, 40
STREAMER = Path(__file__).parents[1] / "budget" / "bench" / "apps" / "streamer.py"
MIB = 1024 * 1024


def ask(port: int, number: int) -> int:
    """Send one request over a connection of its own and return the events of its answer."""
    prompt = {"role": "user", "content": f"{number // 10 * 10 if number % 10 == 1 else number} {'x' * 60_000}"}
    body = json.dumps({"model": "qwen", "stream": True, "tools": [{"name": "Task"}], "messages": [prompt]}).encode()
    with socket.create_connection(("127.0.0.1", port)) as client:
        head = f"POST /{EVENTS}/1/v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
        client.sendall(f"{head}x-claude-code-session-id: session-{number % 8}\r\n\r\n".encode() + body)
        if number % 10 == 0:
            # The next request is the same: its first attempt was given up.
            client.recv(100)
            return 0
        got, tail = 0, b""
        while b"message_stop" not in tail:
            piece = client.recv(65536)
            if not piece:
                raise OSError("the answer ended early")
            got += piece.count(b"event: content_block_delta")
            tail = (tail + piece)[-200:]
        return got


def main() -> None:
    """Run it and print the table."""
    with tempfile.TemporaryDirectory() as home:
        # asyncio writes a line for each event that a client did not wait for.
        streamer = [sys.executable, str(STREAMER)]
        server = subprocess.Popen(streamer, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert server.stdout is not None
        command = [sys.executable, "-m", "stormdeck", "tap", "--listen", "127.0.0.1:0", "--json"]
        to = ["--to", f"http://127.0.0.1:{server.stdout.readline().strip()}"]
        tap = subprocess.Popen(
            [*command, *to],
            env={"HOME": home, "PATH": os.environ["PATH"]},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert tap.stderr is not None
        port = int(tap.stderr.readline().split()[0].rpartition(":")[2])
        try:
            measure(port, psutil.Process(tap.pid), Path(home))
        finally:
            for child in (tap, server):
                child.terminate()
                child.communicate()


def measure(port: int, tap: psutil.Process, home: Path) -> None:
    """Send all, and print a row for each quarter of the hour."""
    numbers, lock = count(1), threading.Lock()
    lost: list[OSError] = []

    def work(_: int) -> int:
        with lock:
            number = next(numbers)
        try:
            return ask(port, number)
        except OSError as error:
            lost.append(error)
            return 0

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        sum(pool.map(work, range(SIDE_BY_SIDE)))
        print("| of the hour | requests | events | resident, MiB | threads | open files | journal, MiB |")  # noqa: T201
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")  # noqa: T201
        done = events = 0
        for quarter in range(QUARTERS + 1):
            if quarter:
                events += sum(pool.map(work, range(REQUESTS // QUARTERS)))
                done += REQUESTS // QUARTERS
            kept = sum(path.stat().st_size for path in home.rglob("*.jsonl")) / MIB
            resident = tap.memory_info().rss / MIB
            counts = f"{tap.num_threads()} | {tap.num_fds()} | {kept:.1f}"
            print(f"| {quarter}/{QUARTERS} | {done:,} | {events:,} | {resident:.1f} | {counts} |", flush=True)  # noqa: T201
    print(f"\n{len(lost)} requests were lost.")  # noqa: T201


if __name__ == "__main__":
    main()
