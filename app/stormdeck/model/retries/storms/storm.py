"""Define a storm: a turn whose request was sent three times or more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.retries.odds.confidence import Confidence


class Outcome(StrEnum):
    """The state of a storm, or how it ended."""

    LIVE = "still going"
    RECOVERED = "recovered"
    GAVE_UP = "gave up"
    STOPPED = "stopped by the user"
    """The user interrupted it, sent another prompt, or ended the client."""
    QUIET = "no further attempt"
    """The next attempt is overdue though the client has attempts left: it was stopped, or uses another server now."""


@dataclass(frozen=True, slots=True)
class Storm:
    """One storm, live or over. Times are unix seconds: the access lines' own times, or their arrival."""

    started: float
    last: float
    """Time of the newest attempt."""
    attempts: int
    limit: int
    """After how many attempts the client gives up: 11 by default (measured, all versions)."""
    cause: str
    """The status as text (``500``), or one of ``reset``, ``timeout``, ``cut``, ``refused``, ``unknown``."""
    reason: str
    """The first error record in its time, shortened; empty if the log has none."""
    outcome: Outcome
    next_at: float | None = None
    """When the next attempt is due; ``None`` if the storm is over, overdue or being answered, or if it is unknown."""
    gives_up_at: float | None = None
    next_by: float | None = None
    """The end of the window for the next attempt."""
    sent_at: float | None = None
    """When the newest attempt was sent, while it is known to be in flight."""
    answered_at: float | None = None
    """When the newest attempt got its 200, while the answer is still being sent."""
    from_server: bool = False
    """The logs show that the inference server itself failed, and not a proxy before it."""
    served: str = ""
    """The model ids that a 404 listed as served; empty if it listed none."""
    evidence: str = "ladder"
    """The evidence that these are attempts of one turn: ``wire``, ``transcript``, ``body`` or ``ladder`` (the client's
    waits)."""
    log: str = ""
    """The log that has its lines."""
    timed: bool = True
    """``False`` if the log has no times; ``started`` and ``last`` are meaningless then."""
    session: str | None = None
    """The client's session, if a transcript records the turn."""
    folder: str = ""
    """The session's working directory, if known."""
    agent: str = ""
    """The subagent whose turn it is; empty for the main thread."""
    confidence: Confidence = Confidence.LIKELY
    """How sure it is that its attempts belong to one turn."""
    basis: str = ""
    """How the number of attempts is known: ``counted by the client``, ``by waits and connection``."""

    @property
    def fails(self) -> bool:
        """Return whether it is still failing: another attempt is expected, or one is in flight."""
        return self.next_at is not None or self.sent_at is not None

    @property
    def over(self) -> bool:
        """Return whether no further attempt is expected."""
        return self.outcome is not Outcome.LIVE
