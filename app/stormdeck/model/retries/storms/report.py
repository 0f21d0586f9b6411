"""What logs and transcripts amount to: the numbers that ``analyze`` prints."""

from __future__ import annotations

from dataclasses import dataclass, field

from stormdeck.model.retries.storms.storm import Outcome, Storm

VERSION = 1
"""Of the JSON form."""


@dataclass(frozen=True, slots=True)
class Report:
    """Counts over everything that was taken. Kinds are never added together."""

    http_requests: int = 0
    """Every access line, and the attempts that left none but stand in a transcript."""
    probes: int = 0
    """Health, model-list and metrics polls; the client's own look at the address (``HEAD /``) is none."""
    main_requests: int = 0
    """Requests that carry a turn; every POST to a messages path where ``auxiliary`` is ``None``."""
    auxiliary: int | None = None
    """Titles, topics and the like; ``None`` where nothing tells them from main requests."""
    count_tokens: int = 0
    retries: int = 0
    """Attempts beyond the first, of main and auxiliary requests alike."""
    turns: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    """Access lines of requests to a messages path, by their status."""
    storms: tuple[Storm, ...] = ()
    """Oldest first."""

    def as_json(self) -> dict[str, object]:
        """Return the report as ``analyze --json`` prints it; times are unix seconds, ``None`` where none is known."""
        return {
            "version": VERSION,
            "http_requests": self.http_requests,
            "probes": self.probes,
            "main_requests": self.main_requests,
            "auxiliary": self.auxiliary,
            "count_tokens": self.count_tokens,
            "retries": self.retries,
            "turns": self.turns,
            "by_status": dict(sorted(self.by_status.items())),
            "storms": [storm_as_json(storm) for storm in self.storms],
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
    }
