"""A stand-in for a running panel: what it would publish for status bars."""

import asyncio
import time

from samples import CALM, FOUND, PROXY, VLLM, WELL
from stormdeck.feed.publisher import Publisher
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.options import load
from stormdeck.paths import user_paths


def deck_of(*snapshots):
    deck = Deck()
    for snapshot in snapshots or (WELL, FOUND, VLLM, PROXY, CALM):
        deck = take(deck, snapshot)
    return deck


def paths_of(home):
    return user_paths({}, home, home / "project")


def publisher(home, deck=None, **flags):
    """Return the publisher of a panel that was started with these flags."""
    given = deck or deck_of()
    return Publisher(load({name: [text] for name, text in flags.items()}, {}).options, paths_of(home), lambda: given)


def publish(home, deck=None, **flags):
    one = publisher(home, deck, **flags)
    asyncio.run(one.publish(time.time(), 0.0))
    return one
