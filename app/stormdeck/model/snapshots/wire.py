"""What recorders between clients and servers see at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from stormdeck.model.wire.exchange import Exchange


class Usage(NamedTuple):
    """Tokens of the requests that ended, as the servers reported them."""

    input: int = 0
    cached: int = 0
    output: int = 0


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class WireSnapshot:
    """The requests that clients wait for, oldest first."""

    recorders: int = 0
    """Recorders that run."""
    in_flight: tuple[Exchange, ...] = ()
    usage: Usage = NO_USAGE
    """Since the start of the reading; journals of recorders that ran before are in it."""
