"""Report the counts and storms of logs and transcripts, as ``analyze`` prints them."""

from __future__ import annotations

from dataclasses import dataclass, field

from stormdeck.model.retries.odds.confidence import Confidence
from stormdeck.model.retries.odds.unclear import Unclear
from stormdeck.model.retries.storms.storm import Outcome, Storm

VERSION = 1
"""Version of the JSON format."""


@dataclass(frozen=True, slots=True)
class Report:
    """Counts over all logs and transcripts. Requests of different kinds are never added together."""

    http_requests: int = 0
    """Access lines, plus the attempts that only a transcript records."""
    probes: int = 0
    """Health, model-list and metrics polls, except the client's own check of the address (``HEAD /``)."""
    main_requests: int = 0
    """Requests of turns; all POSTs to a messages path if ``auxiliary`` is ``None``."""
    auxiliary: int | None = None
    """Requests for titles, topics and the like; ``None`` if they cannot be distinguished from main requests."""
    count_tokens: int = 0
    retries: int = 0
    """Attempts beyond the first, of main and auxiliary requests, as far as they are sure or likely."""
    retries_unsure: int = 0
    """Requests that look like retries and may be chance in this traffic. Each counts as a turn."""
    turns: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    """Access lines of requests to a messages path, by status."""
    storms: tuple[Storm, ...] = ()
    """Oldest first; those that may be chance are among them."""
    unclear: Unclear | None = None
    """The traffic in which attempts cannot be told apart, so that its storms are unsure."""
    errors: tuple[str, ...] = ()
    """What the newest error records say, also where no request was sent again."""
    clients: dict[str, int] = field(default_factory=dict)
    """Main requests by user agent, where access lines have it."""
    unread_lines: int = 0
    """Lines that hold a request in a form that is not understood."""
    first_unread: str = ""
    notes: tuple[str, ...] = ()
    """What cannot be told from the logs, and why; a sentence each."""

    @property
    def known_storms(self) -> tuple[Storm, ...]:
        """Return the storms that are sure or likely."""
        return tuple(storm for storm in self.storms if storm.confidence is not Confidence.UNSURE)

    def as_json(self) -> dict[str, object]:
        """Return the report as ``analyze --json`` prints it. Times are unix seconds, ``None`` if unknown.

        Texts from logs are not masked yet.
        """
        return {
            "version": VERSION,
            "http_requests": self.http_requests,
            "probes": self.probes,
            "main_requests": self.main_requests,
            "auxiliary": self.auxiliary,
            "count_tokens": self.count_tokens,
            "retries": self.retries,
            "retries_unsure": self.retries_unsure,
            "turns": self.turns,
            "by_status": dict(sorted(self.by_status.items())),
            "storms": [storm_as_json(storm) for storm in self.storms],
            "unclear": None if self.unclear is None else self.unclear.as_json(),
            "errors": list(self.errors),
            "clients": dict(self.clients),
            "unread_lines": {"count": self.unread_lines, "first": self.first_unread or None},
            "notes": list(self.notes),
        }


def storm_as_json(storm: Storm) -> dict[str, object]:
    """Return one storm as ``analyze --json`` prints it."""
    return {
        "started": storm.started if storm.timed else None,
        "ended": storm.last if storm.timed else None,
        "attempts": storm.attempts,
        "cause": storm.cause,
        "recovered": storm.outcome is Outcome.RECOVERED,
        "session": storm.session,
        "evidence": storm.evidence,
        "confidence": storm.confidence.value,
    }
