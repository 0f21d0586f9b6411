"""Hold what happened, as far as it is kept."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from stormdeck.model.retries.storms.storm import Storm
    from stormdeck.model.timeline.event import Event


@dataclass(frozen=True, slots=True)
class TimelineSnapshot:
    """The events of this and of earlier runs, without storms: those are kept by a store of their own."""

    events: tuple[Event, ...] = ()
    """Oldest first; their number is limited."""
    past_storms: tuple[Storm, ...] = ()
    """Storms of earlier runs, newest first; the newest are in the traffic too."""
    since: float | None = None
    """When this run began to watch, in unix seconds; ``None`` before that."""
    problem: str = ""
    """Why events are not kept over restarts; empty if they are."""
