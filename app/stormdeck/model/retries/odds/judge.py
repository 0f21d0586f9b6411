"""Judge all chains of a log together, each once."""

from __future__ import annotations

from collections.abc import Iterable

from stormdeck.model.retries.chain import Chain, Request
from stormdeck.model.retries.odds.confidence import (
    LIKELY_AMONG_OTHERS,
    LIKELY_RETRY,
    LIKELY_STORM,
    NEAR_S,
    STRONG,
    Confidence,
    expected_by_chance,
)
from stormdeck.model.retries.odds.density import Density

KEPT = 20_000
"""How many judgements are kept."""


class Judge:
    """Knows the traffic of a log, and judges its chains by it."""

    def __init__(self) -> None:
        self.density = Density()
        self._final: dict[tuple[Request, int], float] = {}
        """The odds of chains whose surroundings are complete."""

    def unsure(self, chains: Iterable[Chain]) -> frozenset[int]:
        """Return the ``id()`` of each chain that may be chance."""
        odds = [(self._odds(chain), chain) for chain in chains]
        strong = [
            (chain.started or 0.0, chain.last or 0.0) for number, chain in odds if chain.is_storm and number < STRONG
        ]
        return frozenset(id(chain) for number, chain in odds if number >= _most(chain, strong))

    def is_unsure(self, chain: Chain) -> bool:
        """Return whether a chain may be chance, by itself."""
        return bool(self.unsure((chain,)))

    def _odds(self, chain: Chain) -> float:
        key = chain.newest, chain.attempts
        known = self._final.get(key)
        if known is not None:
            return known
        odds = expected_by_chance(chain, self.density)
        if chain.last is not None and chain.last + NEAR_S < self.density.last:
            if len(self._final) >= KEPT:
                self._final.clear()
            self._final[key] = odds
        return odds


def of_log(chain: Chain, unsure: frozenset[int]) -> Confidence:
    """Return the confidence of a chain; a log alone makes none sure."""
    return Confidence.UNSURE if id(chain) in unsure else Confidence.LIKELY


def _most(chain: Chain, strong: list[tuple[float, float]]) -> float:
    """Return the number of such chains by chance up to which a chain is likely."""
    if not chain.is_storm:
        return LIKELY_RETRY
    started, last = chain.started or 0.0, chain.last or 0.0
    if any(first <= last and started <= end and (first, end) != (started, last) for first, end in strong):
        return LIKELY_AMONG_OTHERS
    return LIKELY_STORM
