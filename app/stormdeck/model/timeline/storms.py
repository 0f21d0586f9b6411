"""Turn storms into events. They are kept by a store of their own, so nothing is written twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stormdeck.model.masking.lines import mask_text
from stormdeck.model.retries.chain import UNKNOWN
from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.storms.identity import NEAR_S
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.symbols import Health
from stormdeck.model.text import clean
from stormdeck.model.timeline.event import LONGEST, Event, Kind
from stormdeck.model.units import duration

_ENDS = {
    Outcome.RECOVERED: "then an answer",
    Outcome.STOPPED: "then its user stopped it",
    Outcome.QUIET: "then no further one was seen",
}


def storm_events(known: Sequence[Storm], past: Sequence[Storm] = ()) -> Iterator[Event]:
    """Yield the events of the known storms, and of those in ``past`` that began before all of them."""
    first = min((storm.started for storm in known if storm.timed), default=float("inf"))
    older = [storm for storm in past if storm.started < first - NEAR_S]
    for storm in (*known, *older):
        if storm.timed and storm.confidence is not Confidence.UNSURE:
            yield storm_event(storm)


def storm_event(storm: Storm) -> Event:
    """Return the event of one storm. Its ``words`` are the whole sentence, without the cause."""
    cause = "" if storm.cause == UNKNOWN else clean(storm.cause)
    reason = mask_text(clean(storm.reason)).rstrip(".")
    return Event(
        Kind.GAVE_UP if storm.outcome is Outcome.GAVE_UP else Kind.STORM,
        f"{storm.session or storm.log} {storm.agent}".strip(),
        storm.started,
        "storm",
        _words(storm),
        (f"{cause} {reason}".strip() or "cause unknown")[:LONGEST],
        was=storm.outcome.value,
        now=storm.confidence.value,
        until=None if storm.outcome is Outcome.LIVE else storm.last,
        is_open=storm.outcome is Outcome.LIVE,
        count=storm.attempts,
        total_s=max(0.0, storm.last - storm.started),
        seen=storm.last,
        health=Health.WARNING if storm.outcome in {Outcome.RECOVERED, Outcome.STOPPED} else Health.ERROR,
    )


def _words(storm: Storm) -> str:
    took = duration(storm.last - storm.started)
    if storm.outcome is Outcome.LIVE:
        return f"A turn is being retried: attempt {storm.attempts} of {storm.limit}"
    if storm.outcome is Outcome.GAVE_UP:
        return f"Claude Code gave up a turn after {storm.attempts} attempts in {took}"
    return f"A turn took {storm.attempts} attempts in {took}, {_ENDS[storm.outcome]}"
