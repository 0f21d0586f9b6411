"""What stormdeck cannot see or keep: a log that is gone, a disk that is full."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.statement import Statement, brief


def unread(deck: Deck) -> Iterator[Statement]:
    """Tell the logs that cannot be followed: what they would show is not seen."""
    for sentence in deck.troubles.unread:
        yield Statement(
            Health.WARNING,
            sentence,
            "Until then requests and retries in it are not seen.",
            brief=brief("A log cannot be read", sentence.rpartition("/")[2]),
            cause="a log that stormdeck follows",
            evidence=sentence,
            step="stormdeck --log FILE",
        )


def forgetful(deck: Deck) -> Iterator[Statement]:
    """Tell why storms will not be known after a restart."""
    why = deck.troubles.memory
    if why:
        yield Statement(
            Health.WARNING,
            why,
            "They are shown until you leave. It is tried again while the panel runs.",
            brief=brief("Storms are not remembered", why.rpartition(": ")[2]),
            cause="stormdeck's own state folder",
            evidence=why,
            step="make room, or set XDG_STATE_HOME to another folder",
        )


def stopped(deck: Deck) -> Iterator[Statement]:
    """Tell a fault of stormdeck's own: what it asked or read is not known any more."""
    what = deck.troubles.stopped
    if what:
        yield Statement(
            Health.WARNING,
            f"A part of stormdeck stopped: {what}",
            "What it told stands still. Leave and start again, and please report this.",
            brief=brief("A part of stormdeck stopped", what),
            cause="a fault of stormdeck",
            evidence=what,
            step="start stormdeck again",
        )
