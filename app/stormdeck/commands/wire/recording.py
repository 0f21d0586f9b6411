"""A recorder with its journal, from the listening socket to the summary."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TextIO

from stormdeck.commands.wire.destination import Place
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.units import plural
from stormdeck.model.wire.account import WireAccount, account
from stormdeck.model.wire.exchange import Exchange, to_line
from stormdeck.model.wire.request import Kind
from stormdeck.sources.wire.journal import Journal, remove_left_behind
from stormdeck.sources.wire.server import RecorderServer, listen
from stormdeck.sources.wire.target import Target, target_of
from stormdeck.sources.wire.trust import context_for


class Recording:
    """Listen, pass requests on and keep a journal, from ``start`` to the end of the ``with`` block."""

    def __init__(
        self,
        folder: Path,
        place: Place,
        settings: SettingsSnapshot,
        at: tuple[str, int] = ("127.0.0.1", 0),
        record: str | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
    ) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._record = _line_file(record) if record is not None else None
        self._on_exchange = on_exchange
        self._listening = listen(*at)
        host, port = self._listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        self.origin = f"http://{shown}:{port}"
        self.base = f"{self.origin}{place.path}"
        """The base URL for the client."""
        remove_left_behind(self.folder)
        self._journal = Journal(self.folder, f"{os.getpid()}-{port}")
        self._server = RecorderServer(self._listening, partial(_target, place, settings), self._note)

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._journal.close()
        if self._record is not None:
            self._record.close()

    def start(self) -> None:
        """Start to answer; connections that were made before wait for it."""
        self._server.start()

    @property
    def account(self) -> WireAccount:
        """Return the account of the newest exchanges."""
        with self._lock:
            return account(self._journal.kept)

    def _note(self, exchange: Exchange) -> None:
        with self._lock:
            self._journal.note(exchange)
            if self._record is not None and not exchange.is_running:
                self._record.write(f"{to_line(exchange)}\n")
        if self._on_exchange is not None:
            self._on_exchange(exchange)


def summary(account_: WireAccount) -> str:
    """Return what was recorded in one sentence.

    >>> summary(account([]))
    '0 requests, 0 turns, no retries.'
    """
    requests = sum(one.kind is not Kind.OTHER for one in account_.exchanges)
    turns = sum(turn.last.kind is Kind.MAIN for turn in account_.turns)
    parts = [plural(requests, "request"), plural(turns, "turn")]
    if not account_.retries:
        return f"{', '.join(parts)}, no retries."
    causes = dict.fromkeys(cause for turn in account_.turns if len(turn.attempts) > 1 for cause in turn.causes)
    parts.append(f"{plural(account_.retries, 'retry', 'retries')} ({', '.join(causes)})")
    lost = sum(not turn.is_recovered and turn.is_storm for turn in account_.turns)
    return f"{', '.join(parts)}{f', {lost} given up' if lost else ''}."


def _line_file(name: str) -> TextIO:
    """Return a new file whose lines are written at once, so that a recorder that is killed has written all."""
    return Path(name).open("x", encoding="utf-8", buffering=1)


def _target(place: Place, settings: SettingsSnapshot) -> Target:
    """Return where requests go. Runs in the recorder's thread: the authorities for TLS take 100 ms to load."""
    return target_of(place.base, context_for(place.base, settings), place.proxy)
