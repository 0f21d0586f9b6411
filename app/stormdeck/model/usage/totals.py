"""Add up usage: of a model on a day, of a day, of all days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(slots=True)
class Totals:
    """Sums of usage. Tokens are those that are recorded; the others are counted as unrecorded turns."""

    answered: int = 0
    failed: int = 0
    """Turns that ended with an error."""
    tokens_in: int = 0
    """Tokens of prompts, with those from a cache."""
    tokens_cached: int = 0
    tokens_cache_known: int = 0
    """Tokens of prompts to models whose server says what it had in its cache."""
    tokens_out: int = 0
    unrecorded_in: int = 0
    """Answered turns whose prompt's tokens are not recorded."""
    unrecorded_out: int = 0
    """Answered turns whose answer's tokens are not recorded."""
    waited_s: float = 0.0
    """From each prompt or tool result to the end of its answer or error; sessions and subagents side by side add up."""
    timed: int = 0
    """Turns whose begin and end are recorded."""
    retries: int = 0
    """Retries that the client recorded; some versions record none."""
    uncounted: int = 0
    """Turns of which the client does not record every attempt."""
    unfinished: int = 0
    """Requests without an end: interrupted, given up with the client, or still running."""

    @property
    def turns(self) -> int:
        """Turns that were answered or failed."""
        return self.answered + self.failed

    @property
    def cached_share(self) -> float | None:
        """The share of the prompts' tokens that a cache had, of servers that say so; ``None`` if none does."""
        return self.tokens_cached / self.tokens_cache_known if self.tokens_cache_known else None

    @property
    def known_in(self) -> int | None:
        """Tokens of prompts; ``None`` if not one turn's are recorded."""
        return None if 0 < self.answered <= self.unrecorded_in else self.tokens_in

    @property
    def known_out(self) -> int | None:
        """Tokens of answers; ``None`` if not one turn's are recorded."""
        return None if 0 < self.answered <= self.unrecorded_out else self.tokens_out

    @property
    def known_wait_s(self) -> float | None:
        """Seconds waited; ``None`` if not one turn's are recorded."""
        return None if self.turns and not self.timed else self.waited_s

    @property
    def retry_tokens(self) -> int | None:
        """Tokens spent on retries: 0 if every attempt is recorded and none is a retry, else unknown.

        No server reports the tokens of an attempt that fails.
        """
        return 0 if not self.retries and not self.uncounted else None

    @property
    def abandoned_tokens(self) -> int | None:
        """Tokens of work that nobody got: 0 if every request is recorded and was answered, else unknown."""
        return 0 if self.retry_tokens == 0 and not self.unfinished and not self.failed else None


def total(parts: Iterable[Totals]) -> Totals:
    """Return the sum of several."""
    whole = Totals()
    for part in parts:
        for one in fields(Totals):
            setattr(whole, one.name, getattr(whole, one.name) + getattr(part, one.name))
    return whole
