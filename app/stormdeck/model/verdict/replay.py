"""State what a replayed recording shows: storms and failures, nothing about servers and settings."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.snapshots.replay import Pace, Replay
from stormdeck.model.symbols import Health
from stormdeck.model.units import plural
from stormdeck.model.verdict import storms
from stormdeck.model.verdict.statement import Clock, Statement, brief


def seen(deck: Deck, now: float, clock: Clock) -> Iterator[Statement]:
    """Yield the storms and failures at a moment of the recording."""
    yield from storms.live(deck, now, clock)
    yield from storms.failing(deck, now)
    yield from storms.gave_up(deck, now)
    yield from storms.ended(deck, now)


def playing(deck: Deck) -> Iterator[Statement]:
    """Yield that nothing is wrong at this moment of the recording, and which keys control the replay."""
    replay = deck.replay
    if replay is None or replay.pace is Pace.ENDED:
        return
    intro = f"This is a replay of {replay.span}: no server is asked. "
    keys = "t pauses, T skips to the next request." if replay.pace is Pace.PLAYING else "t resumes."
    yield Statement(
        Health.UNKNOWN,
        "The recording is paused" if replay.pace is Pace.HELD else "No retry storm at this moment of the recording",
        f"{intro}{keys}{_damage(replay)}",
        brief=brief(f"Replay of {replay.name}", keys),
        evidence=f"the lines of {replay.name}",
    )


def ended(deck: Deck) -> Iterator[Statement]:
    """Yield that the recording has ended, and how many storms it contains."""
    replay, traffic = deck.replay, deck.traffic
    if replay is None or replay.pace is not Pace.ENDED:
        return
    number = len(traffic.storms) if traffic is not None else 0
    found = plural(number, "storm") if number else "no storm"
    yield Statement(
        Health.UNKNOWN,
        f"The recording ends here, with {found} in it",
        f"The clock has stopped at its last line. q quits; `stormdeck analyze` reports on all of it.{_damage(replay)}",
        brief=brief("The recording ends here", f"{found} in it; q quits"),
        evidence=f"the lines of {replay.name}",
    )


def _damage(replay: Replay) -> str:
    return f" Of the file, {replay.damage}." if replay.damage else ""
