"""Follow a pipe: what is piped into stormdeck, or a FIFO that the user named."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import StandardInput
from stormdeck.sources.logs.places.delivery import Dated
from stormdeck.sources.logs.places.source import Ended, StreamedLog
from stormdeck.sources.logs.splitter import LineSplitter

PIECE_BYTES = 64 * 1024
HOLD_S = 1.0
"""After this time a line without a line end is delivered: a prompt, a progress bar."""


class PipeSource(StreamedLog):
    """Read a pipe as it is written. What comes is new: a pipe keeps no history."""

    spec: Path | StandardInput

    async def read(self) -> Ended:
        """Read to the end: of standard input for good, of a FIFO until its writer closes it."""
        self.delivery.settle()
        if isinstance(self.spec, Path):
            return await self._read_fifo(self.spec)
        await self._lines(PIPED_INPUT)
        ended = Ended(LogState.WAITING, "standard input has ended; no more lines come from it")
        self.report(*ended)
        await asyncio.Event().wait()
        return ended

    async def _read_fifo(self, path: Path) -> Ended:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            return Ended(LogState.WAITING, f"{path} cannot be read: {error.strerror}")
        try:
            # Without a writer there is nothing to read and no end either.
            await self._lines(descriptor)
        finally:
            os.close(descriptor)
        return Ended(LogState.WAITING, f"{path}: the program that wrote to this pipe has ended")

    async def _lines(self, descriptor: int) -> None:
        loop, splitter = asyncio.get_running_loop(), LineSplitter()
        ready = asyncio.Event()
        self.report(LogState.FOLLOWING)
        try:
            loop.add_reader(descriptor, ready.set)
            is_file = False
        except OSError:  # a regular file, which is always ready
            is_file = True
        try:
            while True:
                try:
                    async with asyncio.timeout(HOLD_S if splitter.holds else None):
                        while not is_file and not ready.is_set():
                            await ready.wait()
                except TimeoutError:
                    self._give(splitter.flush())
                    continue
                ready.clear()
                try:
                    data = os.read(descriptor, PIECE_BYTES)
                except BlockingIOError:
                    continue
                except OSError:
                    break
                if not data:
                    break
                self._give(splitter.split(data))
                await asyncio.sleep(0)
        finally:
            if not is_file:
                loop.remove_reader(descriptor)
        self._give(splitter.split(b"\n") if splitter.holds else [])

    def _give(self, lines: list[str]) -> None:
        if lines:
            self.delivery.take([Dated(line, None) for line in lines])


PIPED_INPUT = 0
"""The descriptor of what is piped in; ``keep_piped_input`` moves it."""


def keep_piped_input() -> str:
    """Move what is piped in, and make the terminal standard input, for the keys; return why that is not possible."""
    global PIPED_INPUT  # noqa: PLW0603 - the process has one standard input
    if os.isatty(0):
        return "standard input is the terminal; pipe a log into stormdeck, or name one"
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return "there is no terminal for the keys"
    PIPED_INPUT = os.dup(0)
    os.dup2(terminal, 0)
    os.close(terminal)
    return ""
