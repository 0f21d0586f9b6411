"""Name the places on the way of a request where it can be seen."""

from __future__ import annotations

from enum import StrEnum

_CLIENT = "claude-cli/"
"""How the user agent of Claude Code begins (measured, 2.1.42 to 2.1.332)."""


class Hop(StrEnum):
    """Where a request was seen; the one nearest to the client counts."""

    CLIENT = "client"
    """By a recorder: ``stormdeck run`` or ``stormdeck tap``."""
    PROXY = "proxy"
    """In LiteLLM."""
    SERVER = "server"
    """In vLLM, which Claude Code asks directly."""
    BEHIND = "behind"
    """In a server that a proxy or another program asks: its attempts are not those of Claude Code."""

    @property
    def distance(self) -> int:
        """Return how far from the client it is."""
        return list(Hop).index(self)


def hop_of(place: Hop, user_agent: str) -> Hop:
    """Return where a request was seen, by who sent it.

    >>> hop_of(Hop.SERVER, "litellm/1.110.2")
    <Hop.BEHIND: 'behind'>
    """
    return place if user_agent.startswith(_CLIENT) else Hop.BEHIND
