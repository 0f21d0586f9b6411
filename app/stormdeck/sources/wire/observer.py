"""Note exchanges from inside a user's server: in a thread, in bounded memory, and without ever raising.

Nothing here imports more than the standard library: it runs in the process of vLLM or LiteLLM.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from queue import SimpleQueue

from stormdeck.model.wire.attempts import AttemptCounter
from stormdeck.model.wire.exchange import Outcome
from stormdeck.model.wire.request import read_request
from stormdeck.model.wire.sighting import Sighting
from stormdeck.sources.wire.journal import Journal, remove_left_behind

_MOST_QUEUED = 20_000
"""Notes that wait for the disk; with more, nothing is noted any more."""
_MOST_HELD = 64 * 1024 * 1024
"""Bytes of requests that wait to be read; the key of one that comes on top is not known."""
_END_S = 2.0
"""Seconds that the end of the program waits for the last notes."""
Work = Callable[["_Notes"], None]


class Observer:
    """Takes the notes of one process; a child that is forked gets a thread and a file of its own."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._ids = count(1)
        self._held = 0
        self._pid = 0
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_off = False

    def next_id(self) -> str:
        """Return the id of the next exchange."""
        return str(next(self._ids))

    def begin(self, sighting: Sighting, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        """Note a request that was read."""
        with self._lock:
            held = len(body) if self._held + len(body) <= _MOST_HELD else 0
            self._held += held
        known = body if held else b""

        def work(notes: _Notes) -> None:
            try:
                notes.begin(sighting, method, path, headers, known)
            finally:
                with self._lock:
                    self._held -= held

        self._put(work)

    def go_on(self, sighting: Sighting) -> None:
        """Note that an answer goes on."""
        self._put(lambda notes: notes.go_on(sighting))

    def end(self, sighting: Sighting, outcome: Outcome, ended: float) -> None:
        """Note the end of an exchange."""
        self._put(lambda notes: notes.end(sighting, outcome, ended))

    def close(self) -> None:
        """Write what is left and remove the file."""
        thread = self._thread
        if thread is not None and self._pid == os.getpid():
            self._queue.put(None)
            thread.join(_END_S)

    def _put(self, work: Work) -> None:
        if self._pid != os.getpid():
            self._start()
        if self._is_off:
            return
        if self._queue.qsize() >= _MOST_QUEUED:
            self._turn_off("the disk is too slow")
            return
        self._queue.put(work)

    def _start(self) -> None:
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid, self._is_off, self._held, self._queue = os.getpid(), False, 0, SimpleQueue()
            self._thread = threading.Thread(target=self._run, args=(self._queue,), name="stormdeck-wire", daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def _run(self, queue: SimpleQueue[Work | None]) -> None:
        try:
            folder = self._folder()
            remove_left_behind(folder)
            notes = _Notes(Journal(folder, f"{os.getpid()}-{secrets.token_hex(4)}"))
        except Exception as error:  # noqa: BLE001, RUF100 - the user's server goes on, whatever happens here
            self._turn_off(str(error))
            return
        while not self._is_off and (work := queue.get()) is not None:
            with contextlib.suppress(Exception):
                work(notes)
        with contextlib.suppress(Exception):
            notes.close()

    def _turn_off(self, why: str) -> None:
        self._is_off = True
        logging.getLogger("stormdeck").warning("stormdeck notes no requests: %s", why)


class _Notes:
    """The file, and what was seen before. Used by one thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._attempts = AttemptCounter()

    def begin(self, sighting: Sighting, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        sighting.read(read_request(method, path, headers, body))
        begun = self._attempts.begin(sighting.seen)
        sighting.exchange = replace(sighting.exchange, turn=begun.turn, attempt=begun.attempt)
        self._journal.note(begun)

    def go_on(self, sighting: Sighting) -> None:
        self._journal.note(sighting.seen)

    def end(self, sighting: Sighting, outcome: Outcome, ended: float) -> None:
        seen = replace(sighting.seen, outcome=outcome, ended=ended)
        self._attempts.end(seen)
        self._journal.note(seen)

    def close(self) -> None:
        self._journal.close()
