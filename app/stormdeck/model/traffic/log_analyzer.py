"""Read requests and errors from server logs, and pass them to the retry analyser."""

from __future__ import annotations

from typing import NamedTuple

from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.clocks import LocalTime
from stormdeck.model.retries.analyzer import MARGIN_S, RECENT, JudgedRequests, RetryAnalyzer
from stormdeck.model.retries.backoff import DEFAULT_LIMIT
from stormdeck.model.retries.chain import Request
from stormdeck.model.retries.tracker import ErrorText
from stormdeck.model.traffic.log_reader import LogReader


class RequestsBehind(NamedTuple):
    """Requests in a log that is not counted."""

    asked: int
    """Requests for tokens, whatever their API."""
    requests: list[Request]
    """Main requests."""


class LogAnalyzer(RetryAnalyzer):
    """A ``RetryAnalyzer`` that is fed with log lines.

    >>> analyzer = LogAnalyzer()
    >>> line = 'INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 500 Internal Server Error'
    >>> for t in (0.0, 0.6, 1.8):
    ...     taken = analyzer.take(LogBatch("vllm.log", (line,), t, history=False))
    >>> report = analyzer.report()
    >>> report.turns, report.retries, report.storms[0].cause
    (1, 2, '500')
    """

    def __init__(
        self,
        limit: int = DEFAULT_LIMIT,
        api_timeout_ms: int | None = None,
        local_time: LocalTime | None = None,
        recent: int = RECENT,
        margin_s: float = MARGIN_S,
    ) -> None:
        """Read times without a zone by ``local_time``; without it they are ignored. See ``RetryAnalyzer``."""
        super().__init__(limit, api_timeout_ms, recent, margin_s)
        self._local_time = local_time
        self._readers: dict[str, LogReader] = {}

    def take(self, batch: LogBatch) -> JudgedRequests:
        """Process lines of a log that is counted. Returns the main requests among them."""
        read = self._reader(batch.log).read(batch)
        for t in read.other_times:
            self.extend_span(t)
        if not batch.history and (read.others or any(isinstance(event, Request) for _, event in read.events)):
            self.extend_span(batch.arrived)
        return self.take_events(read.events, read.others)

    def take_behind(self, batch: LogBatch) -> RequestsBehind:
        """Process lines of the server behind the proxy, whose requests are not counted, for the errors in them.

        Its requests are the proxy's requests once more, and the proxy's own retries.
        """
        read = self._reader(batch.log).read(batch, behind=True)
        self.take_errors([event for _, event in read.events if isinstance(event, ErrorText)])
        for t in read.server_errors:
            self.tracker.causes.note_behind(t)
        return RequestsBehind(read.asked, [event for _, event in read.events if isinstance(event, Request)])

    def _reader(self, log: str) -> LogReader:
        reader = self._readers.get(log)
        if reader is None:
            reader = self._readers[log] = LogReader(self._local_time)
        return reader


