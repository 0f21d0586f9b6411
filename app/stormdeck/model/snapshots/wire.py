"""What recorders between clients and servers see at this moment."""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from stormdeck.model.wire.exchange import Exchange


@dataclass(frozen=True, slots=True)
class WireSnapshot:
    """The requests that clients wait for, oldest first."""

    recorders: int = 0
    """Recorders that run."""
    in_flight: tuple[Exchange, ...] = ()
