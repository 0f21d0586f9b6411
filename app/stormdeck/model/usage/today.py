"""What was used today, for a line in the overview."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stormdeck.model.units import duration, percent, plural, token_count
from stormdeck.model.usage.energy import Energy
from stormdeck.model.usage.servers import Counted
from stormdeck.model.usage.totals import Totals


@dataclass(frozen=True, slots=True)
class UsageSnapshot:
    """Today's usage, by source; ``None`` for what no source knows."""

    turns: int = 0
    tokens_in: int | None = None
    tokens_out: int | None = None
    cached_share: float | None = None
    waited_s: float | None = None
    servers: Counted | None = None
    energy: Energy | None = None

    def parts(self) -> Iterator[str]:
        """Yield the line in parts, the most important first.

        Tokens are those of answered turns where the client wrote transcripts, else what vLLM counted: never both.
        """
        if self.turns:
            yield plural(self.turns, "turn")
            if self.tokens_in is not None:
                yield f"{token_count(self.tokens_in)} in"
            if self.tokens_out is not None:
                yield f"{token_count(self.tokens_out)} out"
            if self.cached_share is not None:
                yield f"{percent(100 * self.cached_share)} cached"
            if self.waited_s is not None:
                yield f"{duration(self.waited_s)} waited"
        elif self.servers is not None:
            counted = self.servers
            yield f"{token_count(round(counted.tokens_in))} in"
            yield f"{token_count(round(counted.tokens_out))} out"
            yield f"vLLM's count of {duration(counted.watched_s)}"
        if self.energy is not None:
            yield f"{self.energy.kwh:.2f} kWh"


def usage_today(totals: Totals | None, servers: Counted | None, energy: Energy | None) -> UsageSnapshot:
    """Return today's usage of what the sources know."""
    if totals is None or not totals.turns:
        return UsageSnapshot(servers=servers, energy=energy)
    return UsageSnapshot(
        totals.turns, totals.known_in, totals.known_out, totals.cached_share, totals.known_wait_s, servers, energy
    )
