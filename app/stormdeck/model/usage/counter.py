"""Count usage from the lines of transcripts, each answer once, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from stormdeck.model.retries.transcript import UNSENT, Entry, EntryKind
from stormdeck.model.usage.record import Record, Tokens
from stormdeck.model.usage.totals import Totals, total

MOST_MODELS = 100
OTHER = "other models"
_HELD = 256
"""Answers and streams of a file that are held at a time; the blocks of an answer follow each other closely."""


@dataclass(slots=True)
class _Stream:
    """What a session, or one of its subagents, waits for."""

    asked: float | None = None
    requests: int = 0
    """Attempts that were recorded one by one since then."""
    request: str = ""
    retries: int = 0
    """Retries that the client numbered since then."""
    at: float = 0.0


@dataclass(slots=True)
class _Answer:
    """An answer so far."""

    asked: float | None
    end: float
    tokens: Tokens
    model: str
    is_final: bool
    requests: int
    retries: int


class UsageCounter:
    """Takes records file by file; ``day_of`` returns the user's day of a moment.

    An answer is written in several lines with one id: the last that is complete wins, also in the transcript of a
    resumed session. Of each answer in the time from ``since`` to ``until`` a hash is kept, no more.
    """

    def __init__(self, day_of: Callable[[float], date], since: float, until: float) -> None:
        self._day_of = day_of
        self._since = since
        self._until = until
        self._cells: dict[tuple[date, str], Totals] = {}
        self._models: set[str] = set()
        self._cache_reported: set[str] = set()
        """Models whose server says what it had in its cache."""
        self._seen: set[int] = set()
        self._streams: OrderedDict[tuple[str, str], _Stream] = OrderedDict()
        self._held: OrderedDict[str, _Answer] = OrderedDict()

    def take(self, record: Record) -> None:
        """Count a record of the current file."""
        entry = record.entry
        stream = self._stream(entry)
        stream.at = entry.t
        if entry.kind is EntryKind.ASK:
            self._unfinished(stream)
            stream.asked = entry.t
        elif entry.kind is EntryKind.REQUEST:
            stream.requests, stream.request = stream.requests + 1, entry.id
        elif entry.kind is EntryKind.RETRY:
            stream.retries = max(stream.retries, entry.attempt)
        elif entry.kind is EntryKind.ANSWER:
            self._answer(stream, record)
        else:
            self._end_without_answer(stream, entry)

    def end_file(self) -> None:
        """Finish the current file."""
        for stream in self._streams.values():
            self._unfinished(stream)
        for answer in self._held.values():
            self._count(answer)
        self._streams.clear()
        self._held.clear()

    def days(self) -> Mapping[date, Totals]:
        """Return the usage by day, in order; only days with any."""
        cells = self._completed()
        return {day: total(cells[key] for key in cells if key[0] == day) for day in sorted({key[0] for key in cells})}

    def models(self) -> Mapping[str, Totals]:
        """Return the usage by model, in order."""
        cells = self._completed()
        names = sorted({name for _, name in cells if name})
        return {name: total(cells[key] for key in cells if key[1] == name) for name in names}

    def _completed(self) -> Mapping[tuple[date, str], Totals]:
        for (_, model), cell in self._cells.items():
            cell.tokens_cache_known = cell.tokens_in if model in self._cache_reported else 0
        return self._cells

    def _stream(self, entry: Entry) -> _Stream:
        key = entry.session, entry.agent
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) >= _HELD:
                self._unfinished(self._streams.popitem(last=False)[1])
            stream = self._streams[key] = _Stream()
        return stream

    def _answer(self, stream: _Stream, record: Record) -> None:
        entry, tokens = record.entry, record.tokens or Tokens()
        held = self._held.get(entry.id)
        if held is not None:
            held.end = max(held.end, entry.t)
            if record.is_final or not held.is_final:
                held.tokens, held.model, held.is_final = tokens, record.model, record.is_final
            if stream.asked is not None:  # a tool's result that came while the answer was still written
                stream.asked = max(stream.asked, entry.t)
            return
        requests, retries, asked = stream.requests, stream.retries, stream.asked
        _reset(stream)
        if self._is_new("answer", entry):
            while len(self._held) >= _HELD:
                self._count(self._held.popitem(last=False)[1])
            self._held[entry.id] = _Answer(asked, entry.t, tokens, record.model, record.is_final, requests, retries)

    def _end_without_answer(self, stream: _Stream, entry: Entry) -> None:
        """Count an error or an interruption."""
        requests, retries, asked = stream.requests, stream.retries, stream.asked
        _reset(stream)
        if entry.cause == UNSENT or not self._is_new(entry.kind, entry):
            return
        cell = self._cell(entry.t, "")
        _count_attempts(cell, requests, retries)
        if entry.kind is EntryKind.FAILURE:
            cell.failed += 1
            _count_wait(cell, asked, entry.t)
        else:
            cell.unfinished += 1

    def _unfinished(self, stream: _Stream) -> None:
        """Count what a stream waits for and does not get."""
        if stream.requests and self._is_in_time(stream.at) and self._is_unseen(f"request {stream.request}"):
            cell = self._cell(stream.at, "")
            cell.unfinished += 1
            _count_attempts(cell, stream.requests, stream.retries)
        _reset(stream)

    def _count(self, answer: _Answer) -> None:
        if not self._is_in_time(answer.end):
            return
        tokens, model = answer.tokens, self._model(answer.model)
        cell = self._cell(answer.end, model)
        cell.answered += 1
        cell.tokens_in += tokens.read or 0
        cell.tokens_cached += tokens.cached
        cell.tokens_out += tokens.written or 0
        cell.unrecorded_in += tokens.read is None
        cell.unrecorded_out += tokens.written is None
        if tokens.counts_cache:
            self._cache_reported.add(model)
        _count_attempts(cell, answer.requests, answer.retries)
        _count_wait(cell, answer.asked, answer.end)

    def _cell(self, at: float, model: str) -> Totals:
        return self._cells.setdefault((self._day_of(at), model), Totals())

    def _model(self, name: str) -> str:
        if name not in self._models and len(self._models) >= MOST_MODELS:
            return OTHER
        self._models.add(name)
        return name

    def _is_in_time(self, at: float) -> bool:
        return self._since <= at <= self._until

    def _is_new(self, kind: str, entry: Entry) -> bool:
        """Return whether an end is in the time, and is not one that is written again."""
        return self._is_in_time(entry.t) and self._is_unseen(f"{kind} {entry.id}")

    def _is_unseen(self, name: str) -> bool:
        known = hash(name)
        if known in self._seen:
            return False
        self._seen.add(known)
        return True


def _reset(stream: _Stream) -> None:
    stream.asked, stream.requests, stream.request, stream.retries = None, 0, "", 0


def _count_attempts(cell: Totals, requests: int, retries: int) -> None:
    cell.retries += max(retries, requests - 1)
    cell.uncounted += requests == 0


def _count_wait(cell: Totals, asked: float | None, end: float) -> None:
    if asked is not None and asked <= end:
        cell.waited_s += end - asked
        cell.timed += 1
