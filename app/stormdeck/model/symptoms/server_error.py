"""Describe a known error text of a server: which hop is at fault, which rules apply, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.finding import HopKind


@dataclass(frozen=True, slots=True)
class ServerError:
    """One known error text of a server."""

    pattern: str
    """A regular expression; case does not matter."""
    codes: tuple[str, ...]
    """The rules about its causes, the likeliest first; empty if ``title`` is the cause."""
    hop: HopKind
    advice: str
    behind: tuple[str, ...] | None = None
    """The rules if a proxy passes the error on from vLLM; ``None``: the same."""
    hop_behind: HopKind | None = None
    """The hop at fault in that case; ``None``: the same."""
    advice_behind: str = ""
    proof: bool = True
    """Whether the text alone proves the first rule; otherwise a finding must confirm it."""
    title: str = ""
    """The cause in words, where no rule is about it."""
    says: str = ""
    """What the text proves, if that is not the first rule itself."""

    def codes_at(self, *, proxy: bool) -> tuple[str, ...]:
        """Return the rules, with or without a proxy on the path."""
        return self.behind if proxy and self.behind is not None else self.codes

    def hop_at(self, *, proxy: bool) -> HopKind:
        """Return the hop at fault, with or without a proxy on the path."""
        return self.hop_behind if proxy and self.hop_behind is not None else self.hop

    def advice_at(self, *, proxy: bool) -> str:
        """Return what to do, with or without a proxy on the path."""
        return self.advice_behind if proxy and self.advice_behind else self.advice
