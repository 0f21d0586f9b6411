"""Put together what was used on each day, by each model, and in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from stormdeck.model.usage.energy import Energy
from stormdeck.model.usage.prices import Cost, Price, cost
from stormdeck.model.usage.servers import Counted
from stormdeck.model.usage.totals import Totals, total
from stormdeck.model.usage.undelivered import Undelivered


@dataclass(frozen=True, slots=True)
class Row:
    """What was used on a day, or in all."""

    totals: Totals
    energy: Energy | None = None
    """``None``: no panel watched."""
    cost: Cost | None = None
    servers: Counted | None = None
    """What the servers counted; ``None``: no panel watched them. Not to be added: it has the turns' tokens too."""

    def as_json(self) -> dict[str, Any]:
        """Return the row for scripts; ``null`` for what is not known."""
        one, price = self.totals, self.cost
        return {
            "turns": one.turns,
            "failed": one.failed,
            "tokens_in": one.known_in,
            "tokens_cached": one.tokens_cached if one.cached_share is not None else None,
            "cached_share": _rounded(one.cached_share),
            "tokens_out": one.known_out,
            "turns_without_tokens_in": one.unrecorded_in,
            "turns_without_tokens_out": one.unrecorded_out,
            "waited_s": _rounded(one.known_wait_s),
            "retries_recorded": one.retries,
            "retry_tokens": one.retry_tokens,
            "unfinished": one.unfinished,
            "abandoned_tokens": one.abandoned_tokens,
            "gpu_energy_kwh": None if self.energy is None else round(self.energy.kwh, 6),
            "gpu_watched_s": 0 if self.energy is None else self.energy.watched_s,
            "servers_counted": None if self.servers is None else self.servers.as_json(),
            "cost": None if price is None else {"least": _rounded(price.least), "most": _rounded(price.most)},
        }


@dataclass(frozen=True, slots=True)
class Report:
    """The rows by day and model, and their sum."""

    days: Mapping[date, Row] = field(default_factory=dict)
    """In order, without days of which nothing is known."""
    models: Mapping[str, Row] = field(default_factory=dict)
    """Answered turns alone: which model an error is of is not recorded."""
    whole: Row = field(default_factory=lambda: Row(Totals()))
    undelivered: Undelivered = field(default_factory=Undelivered)
    """What the recorders that run now saw of requests that brought nothing; part of no row."""


def report(
    days: Mapping[date, Totals],
    models: Mapping[str, Totals],
    energy: Mapping[date, Energy],
    prices: Sequence[Price],
    servers: Mapping[date, Counted] | None = None,
    wire: Undelivered | None = None,
) -> Report:
    """Return the report of a time."""
    counted = servers or {}
    rows = {
        day: _row(days.get(day, Totals()), energy.get(day), prices, counted.get(day))
        for day in sorted({*days, *energy, *counted})
    }
    watched = sum(energy.values(), Energy()) if energy else None
    by_servers = sum(counted.values(), Counted()) if counted else None
    by_model = {name: _row(one, None, prices) for name, one in models.items()}
    whole = _row(total(days.values()), watched, prices, by_servers)
    return Report(rows, by_model, whole, wire or Undelivered())


def _row(totals: Totals, energy: Energy | None, prices: Sequence[Price], servers: Counted | None = None) -> Row:
    return Row(totals, energy, cost(totals, prices), servers)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
