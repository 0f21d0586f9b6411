"""Run the panel's feed without a screen and keep writing what it knows: ``python watching.py FILE [OPTION]...``."""

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from stormdeck.feed.actions.restart import RestartFeed
from stormdeck.feed.feed import Feed
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.finding import HopKind
from stormdeck.model.logs.book import LogBook
from stormdeck.model.restart import Restart, restart_of
from stormdeck.model.verdict.ranking import verdict
from stormdeck.options import load
from stormdeck.paths import user_paths


def seen(deck):
    """Return what is known, as JSON values."""
    traffic = deck.traffic
    return {
        "logs": [str(log) for log in deck.discovery.logs],
        "places": [(one.kind.value, str(one.log), one.url) for one in deck.discovery.places],
        "counted": traffic.counted if traffic else "",
        "requests": traffic.requests if traffic else 0,
        "turns": traffic.turns if traffic else 0,
        "retries": traffic.retries if traffic else 0,
        "storms": [[storm.attempts, storm.cause, storm.log] for storm in traffic.storms] if traffic else [],
        "machines": [asdict(one) for one in deck.discovery.machines],
        "gpu_hosts": [[one.name, len(one.snapshot.gpus)] for one in deck.gpu_hosts.hosts],
        "containers": [asdict(one) for one in deck.containers.containers],
        "headline": verdict(deck, time.time(), str).headline,
        "notes": [*deck.discovery.log_notes, *deck.own_faults.unread, *deck.own_faults.remarks],
    }


async def restarted(offered):
    """Run what the panel offers to restart a server with; return the command and how it ended."""
    if not isinstance(offered, Restart) or not offered.argv:
        return str(offered), "not offered", False
    ended = await RestartFeed(LogBook(), lambda: None, lambda: None).run(offered, lambda line: None)
    return offered.command, ended.words, ended.is_success


async def main(out, flags):
    """Watch until terminated."""
    options = load(flags, os.environ).options
    deck = Deck(named=())

    def deliver(snapshot):
        nonlocal deck
        deck = take(deck, snapshot)

    feed = Feed(options, user_paths(os.environ, None, None), os.environ, LogBook(), deliver, lambda: None)
    feed.start()
    restarts, wish = [], out.with_suffix(".restart")
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    while not ended.is_set():
        if wish.exists():
            hop = HopKind(wish.read_text())
            wish.unlink()
            restarts.append(await restarted(restart_of(deck, hop)))
        new = out.with_suffix(".new")
        new.write_text(json.dumps(seen(deck) | {"restarts": restarts}))
        new.replace(out)
        await asyncio.sleep(0.1)
    await feed.stop()


if __name__ == "__main__":
    given = {}
    for word in sys.argv[2:]:
        name, _, value = word.partition("=")
        given.setdefault(name, []).append(value)
    asyncio.run(main(Path(sys.argv[1]), given))
