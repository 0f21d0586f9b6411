"""Read what was used: transcripts, stored figures, and the journals of running recorders."""

from __future__ import annotations

from datetime import date, datetime
from datetime import time as midnight
from pathlib import Path

from stormdeck.model.usage.counter import UsageCounter
from stormdeck.model.usage.energy import energy_by_day
from stormdeck.model.usage.servers import counted_by_day
from stormdeck.model.usage.today import UsageSnapshot, usage_today
from stormdeck.model.usage.undelivered import Undelivered, undelivered
from stormdeck.sources.state.history_store import HistoryStore
from stormdeck.sources.transcripts.read import folder_obstacle, transcript_files
from stormdeck.sources.transcripts.usage import read_usage
from stormdeck.sources.wire.reader import JournalReader


def local_day(at: float) -> date:
    """Return the day of a moment in the user's time zone."""
    return datetime.fromtimestamp(at).astimezone().date()


def begin_of(day: date) -> float:
    """Return when a day begins in the user's time zone, in unix seconds."""
    return datetime.combine(day, midnight.min).astimezone().timestamp()


def read_undelivered(folder: Path, since: float, until: float) -> Undelivered:
    """Return what running recorders saw of requests that brought nothing. Blocking; never raises."""
    return undelivered((noted.exchange for noted in JournalReader(folder).read()), since, until)


class UsageReader:
    """Reads today's usage. Transcripts are read again only if one has changed. Blocking; never raises."""

    def __init__(self, transcripts: Path, history: Path) -> None:
        self._transcripts = transcripts
        self._history = HistoryStore(history, writes=False)
        self._seen: tuple[date, dict[Path, int]] | None = None
        self._counter: UsageCounter | None = None

    def read(self, now: float) -> UsageSnapshot:
        """Return today's usage up to now."""
        today = local_day(now)
        begin = begin_of(today)
        self._count(today, begin)
        totals = self._counter.days().get(today) if self._counter is not None else None
        samples = self._history.load(now)
        servers = counted_by_day(samples, local_day, begin, now).get(today)
        return usage_today(totals, servers, energy_by_day(samples, local_day, begin, now).get(today))

    def _count(self, today: date, begin: float) -> None:
        changed = {
            path: state.st_size for path, state in transcript_files(self._transcripts) if state.st_mtime >= begin
        }
        if (today, changed) == self._seen:
            return
        self._seen = today, changed
        # The end of the day: what is written while the files are read belongs to it too.
        self._counter = UsageCounter(local_day, begin, begin + 2 * 24 * 3600)
        if changed and not folder_obstacle(self._transcripts):
            read_usage(self._transcripts, self._counter, begin)
