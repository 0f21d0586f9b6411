"""Add up the tokens of requests that brought the client nothing, as the recorders that run now saw them.

Transcripts hold the answers that the client got; these are the others, so nothing is in both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stormdeck.model.wire.account import newest
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.hop import Hop


@dataclass(frozen=True, slots=True)
class Spent:
    """Requests, and the tokens that their servers reported before the end."""

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    """At least: without a last count, the pieces of the answer that came."""
    unreported: int = 0
    """Requests whose server reported no tokens."""

    def with_one(self, one: Exchange) -> Spent:
        """Return the sum with one more request."""
        return Spent(
            self.requests + 1,
            self.tokens_in + max(0, one.input_tokens or 0) + max(0, one.cached_tokens or 0),
            self.tokens_out + max(one.output_tokens or 0, one.deltas, 0),
            self.unreported + (one.input_tokens is None),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the sum for scripts."""
        return {
            "requests": self.requests,
            "tokens_in": self.tokens_in,
            "tokens_out_at_least": self.tokens_out,
            "requests_without_tokens": self.unreported,
        }


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What was spent on requests that brought nothing."""

    seen: int = 0
    """All requests for a message that ended, the answered ones too."""
    failed: Spent = Spent()
    """Attempts that ended with an error: the client tries again, or gives up."""
    abandoned: Spent = Spent()
    """Requests whose client left before the answer was complete."""

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "requests_seen": self.seen,
            "failed_attempts": self.failed.as_json(),
            "abandoned": self.abandoned.as_json(),
        }


def undelivered(exchanges: Iterable[Exchange], since: float, until: float) -> Undelivered:
    """Return what was spent in vain on requests that ended in a time.

    Only what recorders beside clients saw counts: a proxy's or a server's own recorder sees the same requests again.
    """
    seen, failed, abandoned = 0, Spent(), Spent()
    for one in newest(exchanges):
        is_one = one.turn and one.hop is Hop.CLIENT and not one.is_running
        if not is_one or not since <= one.noted_at <= until:
            continue
        seen += 1
        if one.outcome is Outcome.CLIENT_LEFT:
            abandoned = abandoned.with_one(one)
        elif not one.is_delivered:
            failed = failed.with_one(one)
    return Undelivered(seen, failed, abandoned)
