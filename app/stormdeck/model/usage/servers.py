"""Integrate the token rates of the servers over the time that a panel watched: what vLLM itself counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from stormdeck.model.history.figures import Sample
from stormdeck.model.history.ring import MINUTE_S


@dataclass(frozen=True, slots=True)
class Counted:
    """Tokens of every client, with those of retries and abandoned work, and of how much time they are."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0
    watched_s: int = 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.watched_s + other.watched_s,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the tokens for scripts."""
        return {
            "tokens_in": round(self.tokens_in),
            "tokens_out": round(self.tokens_out),
            "watched_s": self.watched_s,
        }


def counted_by_day(
    samples: Iterable[tuple[int, Sample]], day_of: Callable[[float], date], since: float, until: float
) -> dict[date, Counted]:
    """Return what the servers counted on each day with a watched minute, of whole minutes in the time.

    Panels that watch one server store its minutes once, or once for each model that they knew: the highest counts.
    """
    rates: dict[int, dict[str, tuple[float, float]]] = {}
    for length, sample in samples:
        known = sample.of("prompt_tokens_per_s"), sample.of("generation_tokens_per_s")
        if length != MINUTE_S or known == (None, None) or not since <= sample.at <= until - MINUTE_S:
            continue
        servers = rates.setdefault(sample.at, {})
        servers[sample.server] = max(servers.get(sample.server, (0.0, 0.0)), (known[0] or 0.0, known[1] or 0.0))
    days: dict[date, Counted] = {}
    for at, servers in rates.items():
        read, written = (MINUTE_S * sum(rate[place] for rate in servers.values()) for place in (0, 1))
        day = day_of(at)
        days[day] = days.get(day, Counted()) + Counted(read, written, MINUTE_S)
    return days
