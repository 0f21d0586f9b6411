"""The events of ``watch``: one JSON object a line, or one line of text.

Every object has ``version`` (1), ``event`` and ``t`` (unix seconds), and by event:

- ``log``: how a followed log stands. ``log``, ``path``, ``state`` ("following", "waiting", "no permission",
  "not a file", "failed"), ``detail`` in words.
- ``storm_started`` (its third attempt was seen), ``storm_attempt`` (another one), ``storm_recovered``,
  ``storm_gave_up``, ``storm_withdrawn`` (its attempts turned out to be turns of their own): ``storm``, with the keys
  that ``analyze --json`` gives a storm, and ``id`` (counts from 1, the same in all events of one storm), ``log``,
  ``limit`` (attempts after which the client gives up), ``reason`` in words, ``next_at`` and ``gives_up_at`` (unix
  seconds or null), ``outcome`` in words: ``storm_gave_up`` is also the end of a storm that its user stopped, or that no
  further attempt was seen of.
  A storm that began before the watch has no ``storm_started``.
- ``counts``, once a minute: ``seconds`` that they cover, and ``http_requests``, ``probes``, ``main_requests``,
  ``auxiliary`` (or null), ``count_tokens``, ``retries``, ``turns`` in that time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from stormdeck.commands.colour import Ink, Paint
from stormdeck.model.logs.batch import LogBatch, LogState, LogStatus
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.retries.storms.changes import Change, ChangeKind, StormWatch
from stormdeck.model.retries.storms.report import Report, storm_as_json
from stormdeck.model.retries.storms.storm import Outcome, Storm
from stormdeck.model.retries.transcript import Entry
from stormdeck.model.text import clean
from stormdeck.model.traffic.log_analyzer import LogAnalyzer
from stormdeck.model.units import about, duration, plural

VERSION = 1
_ENDS = {Outcome.STOPPED: "its user stopped it", Outcome.QUIET: "no further attempt was seen"}


@dataclass(frozen=True, slots=True)
class Counts:
    """What came in since the counts before."""

    seconds: float
    http_requests: int
    probes: int
    main_requests: int
    auxiliary: int | None
    count_tokens: int
    retries: int
    turns: int


Event = LogStatus | Change | Counts

_INKS = {
    ChangeKind.STARTED: Ink.ERROR,
    ChangeKind.ATTEMPT: Ink.PLAIN,
    ChangeKind.RECOVERED: Ink.GOOD,
    ChangeKind.GAVE_UP: Ink.WARNING,
    ChangeKind.WITHDRAWN: Ink.QUIET,
}


def counts_between(before: Report, after: Report, seconds: float) -> Counts:
    """Return what came in between two reports; a retry that turned out to be none is not counted backwards."""

    def grown(old: int | None, new: int | None) -> int:
        return max(0, (new or 0) - (old or 0))

    return Counts(
        seconds=round(seconds, 1),
        http_requests=grown(before.http_requests, after.http_requests),
        probes=grown(before.probes, after.probes),
        main_requests=grown(before.main_requests, after.main_requests),
        auxiliary=None if after.auxiliary is None else grown(before.auxiliary, after.auxiliary),
        count_tokens=grown(before.count_tokens, after.count_tokens),
        retries=grown(before.retries, after.retries),
        turns=grown(before.turns, after.turns),
    )


def to_json(event: Event, now: float) -> dict[str, object]:
    """Return an event as one JSON object."""
    name, fields = _fields(event)
    return {"version": VERSION, "event": name, "t": round(now, 3)} | fields


def as_text(event: Event, now: float, paint: Paint) -> str:
    """Return an event as one line, with the local time of day."""
    if isinstance(event, Change):
        text = paint(_change_words(event, now), _INKS[event.kind])
    elif isinstance(event, LogStatus):
        text = _log_words(event)
    else:
        text = _count_words(event)
    return f"{paint(_clock(now), Ink.QUIET)}  {text}"


def _fields(event: Event) -> tuple[str, dict[str, object]]:
    if isinstance(event, Change):
        return f"storm_{event.kind.name.lower()}", {"storm": {"id": event.number} | _storm_fields(event.storm)}
    if isinstance(event, LogStatus):
        where = {"log": event.log, "path": str(event.path)}
        return "log", {**where, "state": event.state.value, "detail": event.detail}
    return "counts", asdict(event)


def _storm_fields(storm: Storm) -> dict[str, object]:
    more = {"log": storm.log, "limit": storm.limit, "reason": storm.reason, "outcome": storm.outcome.value}
    return {**storm_as_json(storm), **more, "next_at": storm.next_at, "gives_up_at": storm.gives_up_at}


def _change_words(change: Change, now: float) -> str:
    storm, name = change.storm, f"storm {change.number}"
    took = f" after {plural(storm.attempts, 'attempt')}" + (
        f", {duration(storm.last - storm.started)}" if storm.timed else ""
    )
    if change.kind is ChangeKind.RECOVERED:
        return f"{name} recovered{took}"
    if change.kind is ChangeKind.GAVE_UP:
        return f"{name}: {_ENDS.get(change.storm.outcome, 'the client gave up')}{took}"
    if change.kind is ChangeKind.WITHDRAWN:
        return f"{name} was none: its {storm.attempts} attempts were turns of their own"
    why = f"{storm.cause} {mask_text(clean(storm.reason))}".strip()
    ahead = f"; next {about(storm.next_at - now)}" if storm.next_at is not None else ""
    if storm.gives_up_at is not None:
        ahead += f", gives up at {_clock(storm.gives_up_at)}"
    begins = " begins" if change.kind is ChangeKind.STARTED else ""
    return f"{name}{begins}: attempt {storm.attempts} of {storm.limit}, {why}{ahead}"


def _log_words(status: LogStatus) -> str:
    if status.state is LogState.FOLLOWING and not status.detail:
        return f"following {clean(str(status.path))}"
    return clean(status.detail or f"{status.path}: {status.state.value}")


def _count_words(counts: Counts) -> str:
    kinds = [(counts.auxiliary or 0, "auxiliary"), (counts.count_tokens, "count_tokens"), (counts.probes, "probes")]
    words = [plural(counts.turns, "turn"), plural(counts.retries, "retry", "retries")]
    beside = ", ".join(words + [f"{count} {name}" for count, name in kinds if count])
    return f"last {duration(counts.seconds)}: {plural(counts.http_requests, 'request')}: {beside}"


def _clock(t: float) -> str:
    return f"{datetime.fromtimestamp(t).astimezone():%H:%M:%S}"


Entries = tuple[Entry, ...]
COUNTS_S = 60.0
RECENT = 100
"""Storms that may still change; what became of older ones is settled."""
LOOK_S = 1.0
"""Between two looks while nothing is heard: a client that gave up leaves no line."""


class Watcher:
    """Lets the ledger take what is heard and tells what is new. What was over before the watch began is never told."""

    def __init__(self, ledger: LogAnalyzer, now: float) -> None:
        self._ledger = ledger
        self._storms = StormWatch()
        self._counted = ledger.report(now)
        self._counted_at = now
        self._begun = now
        self._looked_at = now
        self._heard = False

    def take(self, heard: LogBatch | LogStatus | Entries, now: float) -> list[Event]:
        """Take lines, entries of a transcript, or how a log stands; return what is to be told."""
        if isinstance(heard, LogStatus):
            return [heard]
        self._heard = True
        if isinstance(heard, LogBatch):
            self._ledger.take(heard)
        else:
            for entry in heard:
                self._ledger.take_entry(entry)
        return []

    def tell(self, now: float) -> list[Event]:
        """Return what happened to storms since the last call, and once a minute what was counted in it."""
        if not self._heard and 0 <= now - self._looked_at < LOOK_S:
            return []
        self._heard, self._looked_at = False, now
        report = self._ledger.report(now)
        changes = self._storms.take(_recent(report))
        events: list[Event] = [change for change in changes if change.storm.last >= self._begun]
        self._counted_at = min(self._counted_at, now)  # the clock may have been set back
        if now - self._counted_at >= COUNTS_S:
            events.append(counts_between(self._counted, report, now - self._counted_at))
            self._counted, self._counted_at = report, now
        return events


def _recent(report: Report) -> list[Storm]:
    return [storm for storm in report.storms[-RECENT:] if storm.timed]
