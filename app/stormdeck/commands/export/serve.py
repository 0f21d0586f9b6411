"""``stormdeck export``: watch as the panel does, without a panel, and serve what is seen as metrics."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Mapping
from dataclasses import replace

from stormdeck import __version__
from stormdeck.commands.exit_codes import FAILURE, SUCCESS
from stormdeck.commands.export.watched import Watched
from stormdeck.commands.output import write_err
from stormdeck.feed.feed import Feed
from stormdeck.feed.reducer import Snapshot
from stormdeck.model.deck import Deck
from stormdeck.model.exporter.address import ListenAddress
from stormdeck.model.exporter.ledger import Ledger
from stormdeck.model.exporter.shared import SharedLedger
from stormdeck.model.logs.book import LogBook
from stormdeck.model.text import clean
from stormdeck.model.urls import is_loopback
from stormdeck.options import Options
from stormdeck.options.declared import own_servers
from stormdeck.paths import user_paths
from stormdeck.sources.io.background import call_in_loop
from stormdeck.sources.net.exposition import Exposition


def run(options: Options, environ: Mapping[str, str], at: ListenAddress) -> int:
    """Serve until Ctrl-C or a signal and return the exit code."""
    # A panel beside it keeps the history and the storms.
    options = replace(options, readonly=True, export=None)
    deck = Deck(
        named=own_servers(options),
        client_version=options.client_version,
        version_given=options.client_version is not None,
    )
    ledger = SharedLedger(Ledger(__version__, time.time()), time.time)
    try:
        served = Exposition(at.host, at.port, ledger.samples)
    except OSError as error:
        write_err(f"stormdeck: {clean(str(at))} cannot be listened on: {clean(error.strerror or str(error))}.")
        return FAILURE
    try:
        asyncio.run(_watch(options, environ, Watched(ledger, deck), replace(at, port=served.port)))
    finally:
        served.close()
    return SUCCESS


async def _watch(options: Options, environ: Mapping[str, str], watched: Watched, at: ListenAddress) -> None:
    """Run the feed until a signal ends the command."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    _introduce(at)

    def deliver(snapshot: Snapshot) -> None:
        # The GPUs are sampled in a thread; all snapshots are taken in order, in the loop.
        call_in_loop(loop, lambda: watched.deliver(snapshot))

    paths = user_paths(environ, options.home, options.project)
    seen = {} if options.home is not None else dict(environ)
    feed = Feed(options, paths, seen, LogBook(options.lines), deliver, lambda: None)
    feed.start()
    try:
        await ended.wait()
    finally:
        await feed.stop()


def _introduce(at: ListenAddress) -> None:
    write_err(f"http://{clean(str(at))}/metrics serves the metrics. Ctrl-C ends it.")
    if not is_loopback(at.host):
        write_err("It listens on the network: whoever reaches it reads the metrics.")
