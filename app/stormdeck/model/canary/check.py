"""What the canary asks, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.finding import HopKind
from stormdeck.model.symbols import Health


class Question(StrEnum):
    """What one request proves, in the order of asking. The value is its name in JSON."""

    PLAIN = "plain"
    STREAM = "stream"
    FIRST_TOKEN = "first_token"  # noqa: S105 - a question, no password
    """Read off the stream; nothing is sent for it."""
    LATE_SYSTEM = "late_system"
    THINKING = "thinking"
    TOOL_FORCED = "tool_forced"
    TOOL_FREE = "tool_free"
    COUNT_TOKENS = "count_tokens"
    BACKGROUND = "background"
    UNKNOWN_MODEL = "unknown_model"

    @property
    def label(self) -> str:
        """Return its name in plain words."""
        return _LABELS[self]


_LABELS = {
    Question.PLAIN: "a plain answer",
    Question.STREAM: "a streamed answer",
    Question.FIRST_TOKEN: "time to the first token",
    Question.LATE_SYSTEM: "a late system message",
    Question.THINKING: "thinking and beta headers",
    Question.TOOL_FORCED: "a forced tool call",
    Question.TOOL_FREE: "a free tool call",
    Question.COUNT_TOKENS: "token counting",
    Question.BACKGROUND: "a background request",
    Question.UNKNOWN_MODEL: "an unknown model",
}


class Verdict(StrEnum):
    """What an answer proves."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    WARN = "warn"
    """Claude Code works with it, but not fully, or not every version does."""
    FAIL = "fail"
    SKIP = "skip"
    """Not asked; the words say why."""
    UNKNOWN = "unknown"
    """Asked, and the answer proves nothing either way."""

    @property
    def light(self) -> Health:
        """Return the light that stands before a check."""
        return {"pass": Health.OK, "warn": Health.WARNING, "fail": Health.ERROR}.get(self.value, Health.UNKNOWN)


class Route(StrEnum):
    """Which way a request went."""

    CLIENT = "client"
    """To the base URL, as the client sends it."""
    DIRECT = "direct"
    """To vLLM itself, past the proxy."""


@dataclass(frozen=True, slots=True)
class Check:
    """One result. Times are milliseconds, ``None`` where nothing came; tokens are those that the server billed."""

    question: Question
    route: Route
    hop: HopKind
    """Where it broke, as far as this answer alone tells; where it passed, who answered."""
    verdict: Verdict
    words: str
    """What was seen and what it means, in plain words."""
    code: str | None = None
    """The rule whose page explains it."""
    latency_ms: int | None = None
    """From asking to the end of the answer."""
    ttft_ms: int | None = None
    """To the first token of a stream."""
    gap_ms: int | None = None
    """The longest silence inside a stream."""
    input_tokens: int = 0
    output_tokens: int = 0
    sent: bool = True
    """Whether a request left for it."""

    @property
    def name(self) -> str:
        """Return the name of what was asked, in plain words."""
        return self.question.label
