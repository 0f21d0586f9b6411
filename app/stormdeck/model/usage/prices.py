"""What tokens would have cost at prices that the user sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from stormdeck.model.usage.totals import Totals

NAMES = ("input", "cached", "output")
_AMOUNT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_PER = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a million tokens of one kind, in the user's currency."""

    name: str
    amount: float

    def __str__(self) -> str:
        return f"{self.name}={self.amount:g}"


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost, between two bounds where not all is known."""

    least: float
    most: float | None
    """``None`` if tokens are missing: then it may be anything above ``least``."""


def read_price(text: str) -> Price:
    """Return the price in ``NAME=AMOUNT``, or raise ``ValueError``.

    >>> str(read_price("cached=0.3"))
    'cached=0.3'
    """
    name, _, amount = (part.strip() for part in text.partition("="))
    if name not in NAMES:
        raise ValueError("expected input, cached or output and the price of a million tokens, such as input=3")
    if not _AMOUNT.fullmatch(amount):
        raise ValueError(f"expected the price of a million tokens for {name}, a number such as 3 or 0.25")
    return Price(name, float(amount))


def check_prices(prices: Sequence[Price]) -> None:
    """Raise ``ValueError`` unless there is one price for each kind of tokens, or none at all."""
    names = [price.name for price in prices]
    if prices and sorted(names) != sorted(NAMES):
        raise ValueError("expected one price each for input, cached and output")


def cost(totals: Totals, prices: Sequence[Price]) -> Cost | None:
    """Return what the recorded tokens would have cost; ``None`` without prices or tokens.

    Where no server says what was cached, each bound assumes the cheaper or the dearer of both.
    """
    if not prices or totals.known_in is None:
        return None
    price = {one.name: one.amount for one in prices}
    cache_unknown = totals.tokens_in - totals.tokens_cache_known
    known = (
        (totals.tokens_cache_known - totals.tokens_cached) * price["input"]
        + totals.tokens_cached * price["cached"]
        + totals.tokens_out * price["output"]
    )
    bounds = sorted((price["input"], price["cached"]))
    least, most = ((known + cache_unknown * one) / _PER for one in bounds)
    return Cost(least, None if totals.unrecorded_in or totals.unrecorded_out else most)
