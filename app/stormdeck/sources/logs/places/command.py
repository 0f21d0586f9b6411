"""Follow what a program prints: journalctl, kubectl, or either of them and others by ssh. No shell is started here."""

from __future__ import annotations

import asyncio
import signal
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Protocol

from stormdeck.model.logs.batch import LogState
from stormdeck.sources.logs.places.delivery import Dated
from stormdeck.sources.logs.places.source import COMPLETE, Ended, StreamedLog
from stormdeck.sources.processes.start import signal_group, start

PIECE_BYTES = 64 * 1024
MESSAGE_BYTES = 4096
"""How much of a program's messages is kept, the newest."""
END_S = 2.0
"""How long a program may take to end after SIGTERM."""


class LineReader(Protocol):
    """Makes dated lines of bytes."""

    def feed(self, data: bytes) -> Iterator[Dated]:
        """Yield the lines that these bytes complete."""

    def end(self) -> Iterator[Dated]:
        """Yield the line that was not complete when the stream ended."""


class CommandLog(StreamedLog):
    """Base of the sources that run a program. A subclass says which, how its output is read and why it ended."""

    opened_s = 1.0
    """A program that runs for so long without a word of failure has opened the log, which may be silent."""
    reads_errors = False
    """Whether standard error is a part of the log, as for ``docker logs``."""

    @abstractmethod
    def argv(self, since: float) -> Sequence[str]:
        """Return the command line; the log is wanted from ``since`` on, in unix seconds."""

    @abstractmethod
    def reader(self) -> LineReader:
        """Return a reader for one stream of output."""

    @abstractmethod
    def explain(self, code: int, message: str) -> Ended:
        """Return why the program ended, by its exit code and its last messages."""

    def quiet_words(self) -> str:
        """Return what to say of a log that was opened and has no line yet."""
        return ""

    def remark(self, message: str) -> str:
        """Return what a message means for a log that is followed; empty if nothing."""
        return ""

    async def read(self) -> Ended:
        """Run the program to its end."""
        return await self.run(self.argv(self.delivery.since))

    async def run(self, argv: Sequence[str]) -> Ended:
        """Run a program, deliver its lines and return why it ended."""
        process = await self.spawn(argv)
        if isinstance(process, Ended):
            return process
        timer = asyncio.get_running_loop().call_later(self.opened_s, self._note_open)
        try:
            assert process.stdout is not None  # noqa: S101 - for mypy, as the next
            assert process.stderr is not None  # noqa: S101
            _, message = await asyncio.gather(self._lines(process.stdout), self._messages(process.stderr))
            code = await process.wait()
        finally:
            timer.cancel()
            await self.finish(process)
        if code == 0 and not self.span.follow:
            return COMPLETE
        return self.explain(code, message)

    def _note_open(self) -> None:
        if not self.is_following:
            self.report(LogState.FOLLOWING, self.quiet_words())

    async def spawn(
        self, argv: Sequence[str], stdin: int = asyncio.subprocess.DEVNULL
    ) -> asyncio.subprocess.Process | Ended:
        """Start a program in a process group of its own."""
        try:
            transport, protocol = await start(argv, PIECE_BYTES, stdin=stdin)
        except FileNotFoundError:
            return Ended(LogState.FAILED, f"{self.name}: {argv[0]} is not installed on this machine")
        except OSError as error:
            return Ended(LogState.FAILED, f"{self.name}: {argv[0]} cannot be run: {error.strerror}")
        process = asyncio.subprocess.Process(transport, protocol, asyncio.get_running_loop())
        self.children.add(process.pid)
        self._transports[process.pid] = transport
        self._processes[process.pid] = process
        return process

    async def finish(self, process: asyncio.subprocess.Process) -> None:
        """End a program and what it started, and wait for it."""
        if process.returncode is None:
            signal_group(process.pid, signal.SIGTERM)
            try:
                async with asyncio.timeout(END_S):
                    await process.wait()
            except TimeoutError:
                signal_group(process.pid, signal.SIGKILL)
                await process.wait()
        self.children.discard(process.pid)
        self._processes.pop(process.pid, None)
        # What the program left running may hold its pipes open.
        self._transports.pop(process.pid).close()

    async def close(self) -> None:
        """End the programs that still run."""
        for process in tuple(self._processes.values()):
            await self.finish(process)

    def stop(self) -> None:
        """Stop, and end the program at once: the panel may exit before the thread runs again."""
        super().stop()
        for pid in tuple(self.children):
            signal_group(pid, signal.SIGTERM)

    async def _lines(self, stream: asyncio.StreamReader) -> None:
        reader = self.reader()
        while data := await stream.read(PIECE_BYTES):
            self.report(LogState.FOLLOWING)
            self.take_data(reader.feed(data))
        self.take_data(reader.end())

    def take_data(self, lines: Iterator[Dated]) -> None:
        """Deliver lines."""
        if read := list(lines):
            self.take(read)
        else:
            self.touch()

    async def _messages(self, stream: asyncio.StreamReader) -> str:
        """Return the last messages of the program."""
        if self.reads_errors:
            return await self._log_on_stderr(stream)
        kept = b""
        while data := await stream.read(PIECE_BYTES):
            kept = (kept + data)[-MESSAGE_BYTES:]
            if remark := self.remark(kept.decode("utf-8", "replace")):
                self.report(LogState.FOLLOWING, f"{self.name}: {remark}")
        return kept.decode("utf-8", "replace").strip()

    async def _log_on_stderr(self, stream: asyncio.StreamReader) -> str:
        """Deliver the lines with a time stamp; return the others, which are messages."""
        reader, kept = self.reader(), ""
        ended = False
        while not ended:
            data = await stream.read(PIECE_BYTES)
            ended = not data
            lines = list(reader.feed(data) if data else reader.end())
            kept = "\n".join([kept, *(line.text for line in lines if line.time is None)])[-MESSAGE_BYTES:]
            if dated := [line for line in lines if line.time is not None]:
                self.take(dated)
        return kept.strip()


def last_line(message: str) -> str:
    """Return the last line of a program's messages that says something."""
    return next((line.strip() for line in reversed(message.splitlines()) if line.strip()), "no reason given")
