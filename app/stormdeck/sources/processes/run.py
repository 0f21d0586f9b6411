"""Run a program that the user has agreed to, and deliver its output line by line. No shell is started."""

from __future__ import annotations

import asyncio
import codecs
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from stormdeck.model.text import clean
from stormdeck.sources.processes.start import ProgramProtocol, signal_group, start

PIECE_BYTES = 16 * 1024
LONGEST_LINE = 400
"""Characters of a line that are delivered."""
MOST_LINES = 200
"""Lines that are delivered; what follows is read and dropped."""
LIMIT_S = 180.0
"""systemd gives a unit 90 seconds to stop, and 90 to start."""
END_S = 2.0
"""How long a program may take to end after SIGTERM."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    code: int | None
    """Its exit code; ``None`` if it was not started, or was stopped at the time limit."""
    words: str
    """``ended with code 0``."""

    @property
    def is_success(self) -> bool:
        """Return whether it ended by itself, with code 0."""
        return self.code == 0


async def run_program(argv: Sequence[str], deliver: Callable[[str], None], limit_s: float = LIMIT_S) -> Ended:
    """Run a program to its end and deliver each line that it prints, cleaned. Cancel the task to stop it.

    It gets no input and no terminal, so that it cannot ask for a password. What it leaves running in its process group
    is ended with it.
    """
    try:
        transport, protocol = await start(argv, PIECE_BYTES, stderr=asyncio.subprocess.STDOUT)
    except FileNotFoundError:
        return Ended(None, f"was not run: {argv[0]} is not installed on this machine")
    except OSError as error:
        return Ended(None, f"was not run: {error.strerror}")
    assert protocol.stdout is not None  # noqa: S101 - for mypy
    reading = asyncio.create_task(_read(protocol.stdout, _Lines(deliver)))
    try:
        async with asyncio.timeout(limit_s):
            await protocol.exited.wait()
        code = transport.get_returncode() or 0
        return Ended(code, f"ended with code {code}" if code >= 0 else f"was ended by signal {-code}")
    except TimeoutError:
        return Ended(None, f"did not end within {limit_s:g} s and was stopped: what it has done by then is not known")
    finally:
        await _finish(transport, protocol, reading)


async def _finish(
    transport: asyncio.SubprocessTransport, protocol: ProgramProtocol, reading: asyncio.Task[None]
) -> None:
    """End a program and what it started, and deliver what it has printed by then."""
    pid = transport.get_pid()
    try:
        signal_group(pid, signal.SIGTERM)
        # What it left running may hold its pipe open, and not heed the signal.
        with suppress(TimeoutError):
            async with asyncio.timeout(END_S):
                await protocol.exited.wait()
                await asyncio.wait({reading})
    finally:
        signal_group(pid, signal.SIGKILL)
        reading.cancel()
        transport.close()
    await protocol.exited.wait()
    await asyncio.gather(reading, return_exceptions=True)


async def _read(stream: asyncio.StreamReader, lines: _Lines) -> None:
    while data := await stream.read(PIECE_BYTES):
        lines.feed(data)
    lines.end()


class _Lines:
    """Makes lines of bytes; keeps no more than one of them."""

    def __init__(self, deliver: Callable[[str], None]) -> None:
        self._deliver = deliver
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._count = 0

    def feed(self, data: bytes) -> None:
        """Deliver the lines that these bytes complete."""
        # A progress bar goes back to the start of its line.
        *done, self._rest = (self._rest + self._decoder.decode(data)).replace("\r", "\n").split("\n")
        for line in done:
            self._take(line)
        self._rest = self._rest[: 2 * LONGEST_LINE]

    def end(self) -> None:
        """Deliver the line that was not complete."""
        self._take(self._rest)

    def _take(self, line: str) -> None:
        shown = clean(line[: 2 * LONGEST_LINE]).strip()
        if not shown or self._count > MOST_LINES:
            return
        self._count += 1
        if self._count > MOST_LINES:
            self._deliver("… more output is not shown")
        else:
            self._deliver(shown if len(shown) <= LONGEST_LINE else f"{shown[: LONGEST_LINE - 1]}…")
