"""Inputs of ``watch``: named logs, standard input, the logs of running servers, transcripts."""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Generic, TypeVar

from stormdeck import __version__
from stormdeck.commands.client_settings import read
from stormdeck.model.logs.batch import LogBatch, LogStatus
from stormdeck.model.logs.spec import LogSpec
from stormdeck.model.retries.transcript import Entry
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.discovery.configured import ConfiguredTargets
from stormdeck.sources.discovery.search import discover
from stormdeck.sources.logs.places.delivery import NEW
from stormdeck.sources.logs.places.opening import source_of
from stormdeck.sources.logs.places.source import LogSource, Receiver
from stormdeck.sources.logs.splitter import LineSplitter
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.remote.machine import Machine
from stormdeck.sources.transcripts.follow import TranscriptFollower

T = TypeVar("T")

MOST = 16
RETRY_S = 0.2


class Inbox(Generic[T]):
    """A bounded queue. A thread that fills it faster than it is read has to wait, until the inbox is closed."""

    def __init__(self, most: int = MOST) -> None:
        self._queue: queue.Queue[T] = queue.Queue(most)
        self._closed = threading.Event()

    def put(self, item: T) -> None:
        """Add an item; once the inbox is closed, it is dropped."""
        while not self._closed.is_set():
            try:
                self._queue.put(item, timeout=RETRY_S)
            except queue.Full:
                continue
            break

    def take(self, timeout_s: float) -> list[T]:
        """Return all items; wait for the first one, but no longer than this."""
        items: list[T] = []
        try:
            items.append(self._queue.get(timeout=timeout_s))
            while len(items) < MOST:
                items.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return items

    def close(self) -> None:
        """Release all threads that wait."""
        self._closed.set()


STDIN_NAME = "standard input"
SEARCH_S = 4.0
"""Seconds between two searches while no log is found."""
SEARCH_LATER_S = 60.0
"""Seconds between two searches after that: a server may be restarted with another log."""
_PIECE_BYTES = 64 * 1024


class EndOfInput:
    """Standard input has ended."""


Item = LogBatch | LogStatus | tuple[Entry, ...] | DiscoverySnapshot | EndOfInput


class InputReader:
    """Starts a thread for each input; all put their items into the inbox."""

    def __init__(self, inbox: Inbox[Item], clock: Callable[[], float] = time.time) -> None:
        self._inbox = inbox
        self._clock = clock
        self._followers: dict[LogSpec, LogSource] = {}
        self._transcripts: TranscriptFollower | None = None
        self._stopped = threading.Event()

    def follow(self, log: LogSpec) -> None:
        """Follow a log from its end, unless it is followed already.

        Older lines are skipped, since most logs have no times: a storm of yesterday would be reported as one of today.
        """
        if log in self._followers:
            return
        taken = {follower.name for follower in self._followers.values()}
        name = log.name if log.name not in taken else str(log)
        follower = source_of(log, Receiver(self._inbox.put, self._inbox.put, clock=self._clock), name, NEW)
        self._followers[log] = follower
        follower.start()

    def follow_transcripts(self, folder: Path) -> None:
        """Follow the transcripts in a folder."""
        self._transcripts = TranscriptFollower(folder, self._inbox.put, clock=self._clock)
        self._transcripts.start()

    def read_standard_input(self) -> None:
        """Read standard input to its end. The time of a line is when it is read."""
        self._start("standard input", self._read_standard_input)

    def search(self, options: Options, environ: Mapping[str, str]) -> None:
        """Search for running servers and their logs, repeatedly."""
        self._start("search", lambda: self._search(options, environ))

    def stop(self) -> None:
        """Stop all threads without waiting; the last of them end with the program."""
        self._stopped.set()
        self._inbox.close()
        for follower in self._followers.values():
            follower.stop()
        if self._transcripts is not None:
            self._transcripts.stop()

    def _start(self, name: str, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name=name, daemon=True).start()

    def _read_standard_input(self) -> None:
        splitter = LineSplitter()
        try:
            # Not through the stream: a thread that holds its lock at exit crashes the interpreter.
            descriptor = sys.stdin.fileno() if sys.stdin is not None else -1
            while not self._stopped.is_set() and (data := os.read(descriptor, _PIECE_BYTES)):
                self._give(splitter.split(data))
        except (OSError, ValueError):  # closed while it is read: the same as its end
            pass
        self._give(splitter.split(b"\n") if splitter.holds else [])
        self._inbox.put(EndOfInput())

    def _give(self, lines: list[str]) -> None:
        if lines:
            self._inbox.put(LogBatch(STDIN_NAME, tuple(lines), self._clock(), history=False))

    def _search(self, options: Options, environ: Mapping[str, str]) -> None:
        while not self._stopped.is_set():
            try:
                found = asyncio.run(_found(options, environ))
            except RuntimeError:
                if self._stopped.is_set():  # the program is exiting
                    return
                raise
            self._inbox.put(found)
            self._stopped.wait(SEARCH_LATER_S if found.logs else SEARCH_S)


async def _found(options: Options, environ: Mapping[str, str]) -> DiscoverySnapshot:
    settings = read(options, user_paths(environ, options.home, options.project), environ)
    named = ConfiguredTargets(options.vllm, options.proxy, (), options.litellm_config)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(HttpClient(__version__))
        machines = [Machine(host, http) for host in options.host]
        for one in machines:
            stack.push_async_callback(one.close)
        return await discover(settings, http, named, machines=machines)
