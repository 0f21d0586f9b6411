"""Poll the servers behind a proxy's model groups, if there is more than one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from stormdeck.feed.polling import Poller
from stormdeck.model.routes.table import RoutingTable
from stormdeck.model.routes.tiers import important_servers
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.model.snapshots.backends import BackendsSnapshot
from stormdeck.model.snapshots.server import ServerState
from stormdeck.sources.net.http import HttpClient
from stormdeck.sources.servers.backends import BackendSource, ordered

INTERVAL_S = 5.0
"""Shortest time between two looks."""


class BackendFeed:
    """Run one poller for all of them while there is more than one."""

    def __init__(
        self,
        http: HttpClient,
        deliver: Callable[[BackendsSnapshot], None],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        on_change: Callable[[], None],
        interval_s: float,
    ) -> None:
        """Deliver their states; ``on_change`` is called when one went down or came back."""
        self._deliver = deliver
        self._spawn = spawn
        self._on_change = on_change
        self._source = BackendSource(http, time.time)
        self._poller: Poller[BackendsSnapshot] = Poller(
            self._source.poll, self._on_snapshot, lambda _: True, max(INTERVAL_S, interval_s)
        )
        self._task: asyncio.Task[None] | None = None
        self._last = BackendsSnapshot()

    def follow(self, table: RoutingTable, settings: SettingsSnapshot) -> None:
        """Poll the servers of this table, or none."""
        self._source.urls = ordered(table.servers, important_servers(settings, table)) if table.branches else ()
        if self._source.urls and self._task is None:
            self._task = self._spawn(self._poller.run())
        elif not self._source.urls and self._task is not None:
            self._task.cancel()
            self._task = None
            self._on_snapshot(BackendsSnapshot())

    def set_focused(self, focused: bool) -> None:
        """Poll less often while the terminal has no focus."""
        self._poller.slow = not focused

    def set_interval(self, seconds: float) -> None:
        """Poll at another interval, but never more often than ``INTERVAL_S``."""
        self._poller.set_interval(max(INTERVAL_S, seconds))

    def cancel(self) -> list[asyncio.Task[None]]:
        """Cancel polling, and return what is still to end."""
        if self._task is None:
            return []
        self._task.cancel()
        return [self._task]

    def _on_snapshot(self, snapshot: BackendsSnapshot) -> None:
        before, self._last = self._last, snapshot
        was = {one.url: one.state is ServerState.UP for one in before.servers}
        self._deliver(snapshot)
        is_up = {one.url: one.state is ServerState.UP for one in snapshot.servers}
        if any(was.get(url, up) != up for url, up in is_up.items()):
            self._on_change()
