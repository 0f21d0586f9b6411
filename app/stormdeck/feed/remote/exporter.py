"""Serve the panel's figures as metrics while it runs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

from stormdeck import __version__
from stormdeck.model.deck import Deck
from stormdeck.model.exporter.address import ListenAddress
from stormdeck.model.exporter.ledger import Ledger
from stormdeck.model.exporter.shared import SharedLedger
from stormdeck.model.text import clean
from stormdeck.sources.io.background import run_in_thread
from stormdeck.sources.net.exposition import Exposition

RETRY_S = 15.0
"""Between two tries to listen: another panel with the same option may end."""


class DeckExporter:
    """What ``stormdeck export`` serves, of the panel's own decks."""

    def __init__(self, at: ListenAddress, clock: Callable[[], float] = time.time) -> None:
        self._at = at
        self._ledger = SharedLedger(Ledger(__version__, clock()), clock)
        self._lock = threading.Lock()
        self._served: Exposition | None = None
        self._stopped = False
        self.problem = ""
        """Why nothing is served; empty if it is."""

    @property
    def port(self) -> int | None:
        """Return the port that is listened on; ``None`` while there is none."""
        return self._served.port if self._served is not None else None

    def take(self, deck: Deck) -> None:
        """Take the next deck."""
        self._ledger.take(deck)

    async def run(self) -> None:
        """Listen, and try again while the port is taken."""
        while (problem := await run_in_thread(self._listen)) is not None:
            self.problem = problem
            await asyncio.sleep(RETRY_S)
        self.problem = ""

    async def stop(self) -> None:
        """Stop serving."""
        await run_in_thread(self._close)

    def _listen(self) -> str | None:
        """Listen; return why that is not possible. It is too late once the panel ends: the lock tells."""
        with self._lock:
            if self._stopped:
                return None
            try:
                self._served = Exposition(self._at.host, self._at.port, self._ledger.samples)
            except OSError as error:
                why = clean(error.strerror or str(error))
                return (
                    f"Metrics are not exported: {clean(str(self._at))} cannot be listened on: {why}. "
                    "End the program that listens there, or name another port with --export."
                )
            return None

    def _close(self) -> None:
        with self._lock:
            self._stopped = True
            if self._served is not None:
                self._served.close()
                self._served = None
