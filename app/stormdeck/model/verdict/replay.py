"""What is said while a recording is played: its storms and failures; of servers and settings nothing is known."""

from __future__ import annotations

from collections.abc import Iterator

from stormdeck.model.deck import Deck
from stormdeck.model.snapshots.replay import Pace, Replay
from stormdeck.model.symbols import Health
from stormdeck.model.units import plural
from stormdeck.model.verdict import storms
from stormdeck.model.verdict.statement import Clock, Statement, brief


def seen(deck: Deck, now: float, clock: Clock) -> Iterator[Statement]:
    """Tell what the requests say at a moment of the recording."""
    yield from storms.live(deck, now, clock)
    yield from storms.failing(deck, now)
    yield from storms.lost(deck, now)
    yield from storms.remembered(deck, now)


def playing(deck: Deck) -> Iterator[Statement]:
    """Tell that nothing is wrong at this moment of the recording, and how it is played; nothing without a replay."""
    replay = deck.replay
    if replay is None or replay.pace is Pace.ENDED:
        return
    live = f"This is a replay of {replay.span}: no server is asked. "
    keys = "t holds it, T skips to the next request." if replay.pace is Pace.PLAYING else "t lets it go on."
    yield Statement(
        Health.UNKNOWN,
        "The recording is held" if replay.pace is Pace.HELD else "No retry storm at this moment of the recording",
        f"{live}{keys}{_left_out(replay)}",
        brief=brief(f"Replay of {replay.name}", keys),
        evidence=f"the lines of {replay.name}",
    )


def ended(deck: Deck) -> Iterator[Statement]:
    """Tell that the recording is over, and what was in it."""
    replay, traffic = deck.replay, deck.traffic
    if replay is None or replay.pace is not Pace.ENDED:
        return
    number = len(traffic.storms) if traffic is not None else 0
    told = plural(number, "storm") if number else "no storm"
    yield Statement(
        Health.UNKNOWN,
        f"The recording ends here, with {told} in it",
        f"The clock stands at its last line. q leaves; `stormdeck analyze` counts it as a whole.{_left_out(replay)}",
        brief=brief("The recording ends here", f"{told} in it; q leaves"),
        evidence=f"the lines of {replay.name}",
    )


def _left_out(replay: Replay) -> str:
    return f" Of the file, {replay.damage}." if replay.damage else ""
