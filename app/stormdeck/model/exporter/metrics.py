"""Declare the metrics: the names that the exporter serves, and that the rules and the dashboard use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

PREFIX = "stormdeck_"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. The name of a counter has no ``_total``, which its series have."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    is_counter: bool = False

    @property
    def series(self) -> str:
        """Return the name as it is queried."""
        return f"{self.name}_total" if self.is_counter else self.name


class Sample(NamedTuple):
    """One value of a metric."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


def _counter(name: str, text: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, text, labels, is_counter=True)


def _gauge(name: str, text: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, text, labels)


INFO = _gauge("build_info", "The version of stormdeck; always 1.", "version")
LOGS = _gauge("logs", "Logs that are read. With 0, requests are seen only by recorders and transcripts.")
ATTEMPTS = _counter("attempts", "Main requests of Claude Code, each attempt once, since the start.")
TURNS = _counter("turns", "Attempts that are no retry. A correction never lowers it, so it may run ahead.")
RETRIES = _counter("retries", "Attempts beyond the first of a turn.")
STORM_RETRIES = _counter("storm_retries", "The retries that are part of storms.", "cause", "confidence")
STORMS_BEGUN = _counter("storms_begun", "Turns that were sent a third time.", "cause", "confidence")
STORMS_ENDED = _counter("storms_ended", "Storms that ended, by how.", "outcome", "cause", "confidence")
GIVE_UPS = _counter("give_ups", "Storms at whose end the client gave up and showed the user an error.")
STORMS_ACTIVE = _gauge("storms_active", "Storms that are going on.")
ABANDONED = _gauge("abandoned_requests", "Requests that servers work on though their client has left.", "confidence")
ABANDONED_TOKENS = _gauge("abandoned_prompt_tokens", "Prompt tokens read in the last window for unfinished requests.")
AMPLIFICATION = _gauge(
    "amplification_ratio",
    "Requests per turn (hop client) and per request to the proxy (hop proxy), in the last window.",
    "hop", "bound",
)  # fmt: skip
HOP_UP = _gauge("hop_up", "Whether a hop works: 1, or 0 where it is broken. Without a value it is not known.", "hop")
FINDING = _gauge("finding_active", "Findings of the rules; always 1.", "code", "severity")
IN_FLIGHT = _gauge("in_flight_requests", "Requests that clients wait for, by who sees them.", "source")
OLDEST = _gauge("in_flight_oldest_seconds", "How long the oldest of them has waited; 0 without any.", "source")
TOKENS = _counter("tokens", "Tokens of requests that recorders saw end, as the servers reported them.", "kind")

METRICS = (
    INFO, LOGS, ATTEMPTS, TURNS, RETRIES, STORM_RETRIES, STORMS_BEGUN, STORMS_ENDED, GIVE_UPS, STORMS_ACTIVE,
    ABANDONED, ABANDONED_TOKENS, AMPLIFICATION, HOP_UP, FINDING, IN_FLIGHT, OLDEST, TOKENS,
)  # fmt: skip
