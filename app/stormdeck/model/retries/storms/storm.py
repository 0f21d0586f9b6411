"""A storm: one turn whose request was sent three times or more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a storm stands."""

    LIVE = "still going"
    RECOVERED = "recovered"
    GAVE_UP = "gave up"
    STOPPED = "stopped by the user"
    """The user interrupted it, asked something else, or ended the client."""
    QUIET = "no further attempt"
    """The next attempt is overdue and the client had more: it was stopped, or its requests go elsewhere."""


@dataclass(frozen=True, slots=True)
class Storm:
    """One storm, live or remembered. Times are unix seconds, of the access lines' arrival or own time."""

    started: float
    last: float
    """Of the newest attempt."""
    attempts: int
    limit: int
    """Attempts after which the client gives up: 11 by default (measured, all versions)."""
    cause: str
    """The status as text (``500``), or ``reset``, ``timeout``, ``cut``, ``refused``, ``unknown``."""
    reason: str
    """The first error record beside it, in a few words; empty where the log has none."""
    outcome: Outcome
    next_at: float | None = None
    """When the next attempt is due; ``None`` once it is over, overdue or being answered, or nothing is known."""
    gives_up_at: float | None = None
    next_by: float | None = None
    """The end of the window for the next attempt."""
    sent_at: float | None = None
    """When the newest attempt was sent, while it is known to wait for an answer."""
    answered_at: float | None = None
    """When the newest attempt got its 200, while its answer still goes on."""
    from_server: bool = False
    """The logs show that the inference server itself failed, and not a proxy before it."""
    served: str = ""
    """The ids that a 404 named as served; empty where it named none."""
    evidence: str = "ladder"
    """``transcript``, ``body`` or ``ladder``: what tells that these are attempts of one turn."""
    log: str = ""
    """Which log shows it."""
    timed: bool = True
    """``False`` where the log has no times: ``started`` and ``last`` are 0 then and mean nothing."""
    session: str | None = None
    """The client's session, where a transcript tells it."""
    folder: str = ""
    """Where that session works, as far as is known."""
    agent: str = ""
    """The subagent of that session whose turn it is; empty for the main thread."""
    confidence: str = ""
    """How sure the number of attempts is, in a few words: ``counted by the client``, ``by waits and connection``."""

    @property
    def fails(self) -> bool:
        """Return whether it still fails: another attempt is awaited, or one waits for its answer."""
        return self.next_at is not None or self.sent_at is not None

    @property
    def over(self) -> bool:
        """Return whether no further attempt is expected."""
        return self.outcome is not Outcome.LIVE
