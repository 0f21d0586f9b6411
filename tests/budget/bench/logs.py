"""Logs as a busy LiteLLM before vLLM leaves them, and a writer that appends to one at a steady rate.

``python -m bench.logs FILE RATE SECONDS [requests]`` appends, then writes ``LAST`` and prints the
monotonic time at which it did.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

LAST = "ZQXJQZ"
"""A word of the last line. No other line has a letter of it, so that no program can leave part of it on the screen."""
LAST_LINE = f"ERROR 11-20 18:22:01 [core.py:12] {LAST}\n"
SHOWN = "/v1/messages"
"""What a screen of these logs holds, in the file's own form or in columns."""
BATCHES = 100
"""Writes a second."""


def lines() -> Iterator[str]:
    """Yield lines without end: polls, answers, errors with their tracebacks, storms."""
    access = 'INFO:     127.0.0.1:{port} - "{what} HTTP/1.1" {status}\n'.format
    number = 0
    while True:
        number += 1
        port = 40000 + number % 20000
        yield from [access(port=port, what="GET /health/liveliness", status="200 OK")] * 4
        yield from [access(port=port, what="POST /v1/messages?beta=true", status="200 OK")] * 3
        yield access(port=port, what="POST /v1/messages/count_tokens?beta=true", status="404 Not Found")
        yield "(APIServer pid=7) INFO 11-20 18:22:01 [loggers.py:335] Engine 000: Avg prompt throughput: 52.1\n"
        if number % 40 == 0:
            yield "18:22:01 - LiteLLM Proxy:ERROR: common_request_processing.py:1984 - boom\n"
            yield from (f'  File "litellm/proxy/route.py", line {line}, in route\n' for line in range(50))
            yield from [access(port=port, what="POST /v1/messages?beta=true", status="500 Internal Server Error")] * 3


def requests() -> Iterator[str]:
    """Yield main requests without end, each from a connection of its own."""
    number = 0
    while True:
        number += 1
        yield f'INFO:     127.0.0.1:{40000 + number % 20000} - "POST /v1/messages?beta=true HTTP/1.1" 200 OK\n'


def block(count: int, *, only_requests: bool = False) -> bytes:
    """Return that many lines."""
    return "".join(islice(requests() if only_requests else lines(), count)).encode()


def write(path: Path, count: int, last: bool = False) -> None:
    """Write a log of so many lines, and the last line if it is wanted."""
    with path.open("wb") as log:
        log.write(block(count) + (LAST_LINE.encode() if last else b""))


def write_big(path: Path, size: int) -> None:
    """Write a log of at least so many bytes, the same million lines again and again."""
    repeated = block(1_000_000)[: size or None]
    repeated = repeated[: repeated.rfind(b"\n") + 1]
    with path.open("wb") as log:
        while log.tell() < size:
            log.write(repeated)
        log.write(LAST_LINE.encode())


def append(path: Path, rate: int, seconds: float, *, only_requests: bool = False) -> float:
    """Append lines at a rate, then the last line; return the monotonic time at which that was written."""
    at_once = block(rate // BATCHES, only_requests=only_requests)
    with path.open("ab", buffering=0) as log:
        begun = time.monotonic()
        for number in range(round(seconds * BATCHES)):
            log.write(at_once)
            time.sleep(max(0.0, begun + (number + 1) / BATCHES - time.monotonic()))
        log.write(LAST_LINE.encode())
        return time.monotonic()


if __name__ == "__main__":
    only = sys.argv[4:] == ["requests"]
    sys.stdout.write(f"{append(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), only_requests=only)}\n")
