"""Events of ``watch``, as one line of JSON or text each.

Every object has ``version`` (1), ``event`` and ``t`` (unix seconds), and by event:

- ``log``: the state of a followed log. ``log``, ``path`` (or another place, ``docker:vllm``), ``state`` ("following",
  "waiting", "no permission", "not a file", "failed"), ``detail`` in words.
- ``storm_started`` (after the third attempt), ``storm_attempt`` (each further one), ``storm_recovered``,
  ``storm_gave_up``, ``storm_withdrawn`` (the attempts turned out to be separate turns): ``storm``, with the keys
  of a storm in ``analyze --json``, and ``id`` (from 1, the same in all events of a storm), ``log``,
  ``limit`` (attempts after which the client gives up), ``reason`` in words, ``next_at`` and ``gives_up_at`` (unix
  seconds or null), ``outcome`` in words. ``storm_gave_up`` also ends a storm that the user stopped, or of which
  no further attempt was seen.
  A storm that began before the watch has no ``storm_started``.
- ``counts``, once a minute: ``seconds`` that they cover, and ``http_requests``, ``probes``, ``main_requests``,
  ``auxiliary`` (or null), ``count_tokens``, ``retries``, ``retries_unsure`` (they may be chance, and count as turns),
  ``turns``, ``unread_lines`` (with ``HTTP/``, but in no known form) in that time.

A storm whose ``confidence`` would be ``unsure`` is not reported, unless it was ``likely`` before.
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
_ENDS = {Outcome.STOPPED: "stopped by the user", Outcome.QUIET: "no further attempt was seen"}


@dataclass(frozen=True, slots=True)
class Counts:
    """What arrived since the last counts."""

    seconds: float
    http_requests: int
    probes: int
    main_requests: int
    auxiliary: int | None
    count_tokens: int
    retries: int
    turns: int
    retries_unsure: int = 0
    unread_lines: int = 0
    """Lines that hold a request in a form that is not understood."""


Event = LogStatus | Change | Counts

_INKS = {
    ChangeKind.STARTED: Ink.ERROR,
    ChangeKind.ATTEMPT: Ink.PLAIN,
    ChangeKind.RECOVERED: Ink.GOOD,
    ChangeKind.GAVE_UP: Ink.WARNING,
    ChangeKind.WITHDRAWN: Ink.QUIET,
}


def counts_between(before: Report, after: Report, seconds: float) -> Counts:
    """Return what arrived between two reports. A count that was corrected downwards gives 0, not a negative number."""

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
        retries_unsure=grown(before.retries_unsure, after.retries_unsure),
        unread_lines=grown(before.unread_lines, after.unread_lines),
    )


def to_json(event: Event, now: float) -> dict[str, object]:
    """Return an event as one JSON object."""
    name, fields = _fields(event)
    return {"version": VERSION, "event": name, "t": round(now, 3)} | fields


def as_text(event: Event, now: float, paint: Paint) -> str:
    """Return an event as one line of text, with the local time of day."""
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
        return f"{name} was not a storm: its {storm.attempts} attempts were separate turns"
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
    if counts.unread_lines:
        kinds.append((counts.unread_lines, "lines with HTTP/ not understood"))
    beside = ", ".join(words + [f"{count} {name}" for count, name in kinds if count])
    unsure = f"; {counts.retries_unsure} of these turns may be retries, or chance" if counts.retries_unsure else ""
    return f"last {duration(counts.seconds)}: {plural(counts.http_requests, 'request')}: {beside}{unsure}"


def _clock(t: float) -> str:
    return f"{datetime.fromtimestamp(t).astimezone():%H:%M:%S}"


Entries = tuple[Entry, ...]
COUNTS_S = 60.0
RECENT = 100
"""Number of storms that may still change; older ones are final."""
UPDATE_S = 1.0
"""Seconds between two updates while nothing arrives: a client that gave up leaves no line."""


class Watcher:
    """Passes input to the analyzer and returns new events. Storms that ended before the watch are not reported."""

    def __init__(self, analyzer: LogAnalyzer, now: float) -> None:
        self._analyzer = analyzer
        self._storms = StormWatch()
        self._counted = analyzer.report(now)
        self._counted_at = now
        self._started = now
        self._updated_at = now
        self._has_input = False

    def take(self, item: LogBatch | LogStatus | Entries, now: float) -> list[Event]:
        """Take log lines, transcript entries or the state of a log; return the events to print at once."""
        if isinstance(item, LogStatus):
            return [item]
        self._has_input = True
        if isinstance(item, LogBatch):
            self._analyzer.take(item)
        else:
            for entry in item:
                self._analyzer.take_entry(entry)
        return []

    def update(self, now: float) -> list[Event]:
        """Return what happened to storms since the last call, and once a minute the counts."""
        if not self._has_input and 0 <= now - self._updated_at < UPDATE_S:
            return []
        self._has_input, self._updated_at = False, now
        report = self._analyzer.report(now)
        changes = self._storms.take(_recent(report))
        events: list[Event] = [change for change in changes if change.storm.last >= self._started]
        self._counted_at = min(self._counted_at, now)  # the clock may have been set back
        if now - self._counted_at >= COUNTS_S:
            events.append(counts_between(self._counted, report, now - self._counted_at))
            self._counted, self._counted_at = report, now
        return events


def _recent(report: Report) -> list[Storm]:
    return [storm for storm in report.storms[-RECENT:] if storm.timed]
