"""One run of a real client against the recording server, and what is known to come of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from claude_code import settings_for
from replies import Say, Step
from versions import value_for

from stormdeck.model.versions import at_least, below

WRITES_ATTEMPTS = "2.1.329"
"""Up to 2.1.112 a client with ``-p`` writes down a turn's end and nothing of its attempts (facts/claude-code.md 3)."""


@dataclass(frozen=True)
class Scenario:
    """One run of the client against one server."""

    name: str
    steps: tuple[Step, ...] = (Say("It rains."),)
    variables: dict[str, str | None] = field(default_factory=dict)
    """Changes to settings that work."""
    settings: Callable[[str], dict | str] | None = None
    """Other settings altogether, for the server's URL."""
    arguments: tuple[str, ...] = ()
    prompt: str = "What is the weather?"
    git: bool = False
    terminal: bool = False
    """The client runs in a terminal, as people run it, instead of with ``-p``."""
    counts_tokens: bool = True
    since: str = ""
    """The first version that it is played with; empty: all."""
    before: str = ""
    """The first version that it is no longer played with; empty: none."""
    quick: bool = False
    retries: int | dict[str, int] = 0
    """What the facts say (facts/claude-code.md 2), from a version on where they differ."""
    unseen: bool = False
    """The log alone cannot show the retries."""
    shown_since: str = ""
    """The first version whose retries log and transcripts together can show; empty: all."""
    why: str = ""
    """Why not."""
    slack: int = 0
    """By how much a count may be off that rests on the waits alone: a busy machine is late."""
    late: int = 0
    """The same for the log alone, where the next attempt may come over another connection."""
    counted: bool = True
    """The server can count the requests: they do not end before they have reached it."""
    cause: str | dict[str, str] = ""
    """The rule that ``stormdeck explain`` must name first for what the client prints, from a version on."""
    finding: str = ""
    """The rule that ``stormdeck check`` must find."""

    @property
    def timeout_ms(self) -> str:
        """Return the timeout as the client reads it: the digits at the start; empty where none is set."""
        return re.match(r"\d*", self.variables.get("API_TIMEOUT_MS") or "")[0]

    def is_for(self, version: str) -> bool:
        """Return whether it is played with a version of the client."""
        return at_least(version, self.since) and not (self.before and at_least(version, self.before))

    def retries_of(self, version: str) -> int:
        """Return how often a version of the client sends the request again."""
        return self.retries if isinstance(self.retries, int) else value_for(version, self.retries)

    def is_unseen(self, version: str) -> bool:
        """Return whether neither log nor transcripts of a version can show the retries."""
        return below(version, self.shown_since)

    def slack_of(self, version: str, *, transcripts: bool) -> int:
        """Return by how much a count may be off: not at all where the client writes down its retries."""
        exact = transcripts and (self.terminal or at_least(version, WRITES_ATTEMPTS))
        return 0 if exact else self.slack if transcripts else max(self.slack, self.late)

    def is_exact(self, version: str) -> bool:
        """Return whether log and transcripts together tell everything of a run with a version of the client."""
        return self.counted and not self.is_unseen(version) and not self.slack_of(version, transcripts=True)

    def cause_in(self, version: str) -> str:
        """Return the rule that explains what a version of the client prints."""
        return self.cause if isinstance(self.cause, str) else value_for(version, self.cause)

    def settings_at(self, url: str) -> dict | str:
        """Return the settings of the scratch home."""
        return self.settings(url) if self.settings is not None else settings_for(url, **self.variables)
