"""State what stormdeck cannot read or save: a missing log, a full disk."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.statement import Statement, brief


def unreadable_logs(deck: Deck) -> Iterator[Statement]:
    """Yield the logs that cannot be followed."""
    for sentence in deck.own_faults.unread:
        yield Statement(
            Health.WARNING,
            sentence,
            "Until it can be read, its requests and retries are not seen.",
            brief=brief("A log cannot be read", sentence.rpartition("/")[2]),
            cause="a log that stormdeck follows",
            evidence=sentence,
            step="stormdeck --log FILE",
        )


def storms_not_kept(deck: Deck) -> Iterator[Statement]:
    """Yield why storms are lost at a restart."""
    why = deck.own_faults.memory
    if why:
        yield Statement(
            Health.WARNING,
            why,
            "They are shown until you quit. Saving them is retried while the panel runs.",
            brief=brief("Storms are not remembered", why.rpartition(": ")[2]),
            cause="stormdeck's own state folder",
            evidence=why,
            step="make room, or set XDG_STATE_HOME to another folder",
        )


def stopped(deck: Deck) -> Iterator[Statement]:
    """Yield that a task of stormdeck ended with an error."""
    what = deck.own_faults.stopped
    if what:
        yield Statement(
            Health.WARNING,
            f"A part of stormdeck stopped: {what}",
            "What it showed is no longer updated. Quit and start again, and please report this.",
            brief=brief("A part of stormdeck stopped", what),
            cause="a fault of stormdeck",
            evidence=what,
            step="start stormdeck again",
        )
