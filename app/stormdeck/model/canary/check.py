"""The questions of the canary and the results of its checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from stormdeck.model.finding import HopKind
from stormdeck.model.symbols import Health


class Question(StrEnum):
    """What one request tests, in the order of sending. The value is its name in JSON."""

    PLAIN = "plain"
    STREAM = "stream"
    FIRST_TOKEN = "first_token"  # noqa: S105 - a question, no password
    """Measured on the stream; no request of its own."""
    LATE_SYSTEM = "late_system"
    THINKING = "thinking"
    TOOL_FORCED = "tool_forced"
    TOOL_FREE = "tool_free"
    COUNT_TOKENS = "count_tokens"
    BACKGROUND = "background"
    UNKNOWN_MODEL = "unknown_model"

    @property
    def label(self) -> str:
        """Return its name as it is shown."""
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
    """Not sent; the message says why."""
    UNKNOWN = "unknown"
    """Sent, but the answer proves nothing."""

    @property
    def health(self) -> Health:
        """Return the health sign shown before a check."""
        return {"pass": Health.OK, "warn": Health.WARNING, "fail": Health.ERROR}.get(self.value, Health.UNKNOWN)


class Route(StrEnum):
    """Where a request went."""

    CLIENT = "client"
    """To the base URL, as the client sends it."""
    DIRECT = "direct"
    """Straight to vLLM, without the proxy."""


@dataclass(frozen=True, slots=True)
class Check:
    """One result. Times are milliseconds, or ``None``; tokens are those that the server reported."""

    question: Question
    route: Route
    hop: HopKind
    """The hop that failed, judged by this answer alone; if it passed, the hop that answered."""
    verdict: Verdict
    message: str
    """What was observed and what it means."""
    code: str | None = None
    """The rule whose page explains it."""
    latency_ms: int | None = None
    """From sending to the end of the answer."""
    ttft_ms: int | None = None
    """Time to first token of a stream."""
    gap_ms: int | None = None
    """The longest gap between two events of a stream."""
    input_tokens: int = 0
    output_tokens: int = 0
    sent: bool = True
    """Whether a request was sent for it."""

    @property
    def name(self) -> str:
        """Return the name of the question."""
        return self.question.label
