"""Define one request with its answer, as one place on its way sees it, and read and write it as a line of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from stormdeck.model.numbers import is_number
from stormdeck.model.wire.hop import Hop
from stormdeck.model.wire.request import Kind

VERSION = 1


class Outcome(StrEnum):
    """How an exchange ended, as the client met it."""

    RUNNING = "running"
    ANSWERED = "answered"
    """The whole answer was delivered."""
    STATUS = "status"
    """An answer with an error status was delivered."""
    ERROR = "error"
    """A stream that carried an error event."""
    CUT = "cut"
    """The answer ended before it was complete."""
    RESET = "reset"
    """The server reset the connection."""
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    """No connection: the name does not resolve, no route, or TLS failed."""
    TIMED_OUT = "timed out"
    """The connection was given up by the system."""
    CLIENT_LEFT = "client left"
    """The client closed the connection before the answer was complete."""


DELIVERED = frozenset({Outcome.ANSWERED})
"""Outcomes after which the same request again is not a retry."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it. Times are unix seconds; sizes are bytes; ``None`` is not known."""

    id: str
    started: float
    kind: Kind = Kind.OTHER
    session: str = ""
    thread: str = ""
    """``main`` or ``subagent``; empty where nothing tells."""
    key: str = ""
    question: str = ""
    body: str = ""
    model: str = ""
    stream: bool = False
    max_tokens: int | None = None
    turn: str = ""
    """The id of the first attempt; empty for what is no request for a message."""
    attempt: int = 1
    """1 for a first try."""
    status: int | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    first_byte: float | None = None
    """When the first byte of the answer's body arrived."""
    last_byte: float | None = None
    ended: float | None = None
    deltas: int = 0
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    stop_reason: str = ""
    error_type: str = ""
    outcome: Outcome = Outcome.RUNNING
    agent: str = ""
    """The subagent, as in its transcript; empty for the main thread and where nothing tells."""
    hop: Hop = Hop.CLIENT
    """Where it was seen."""

    @property
    def is_running(self) -> bool:
        """Return whether the client still waits for it."""
        return self.outcome is Outcome.RUNNING

    @property
    def noted_at(self) -> float:
        """Return the time of the newest thing that is known of it."""
        return self.ended or self.last_byte or self.started

    @property
    def is_delivered(self) -> bool:
        """Return whether the client got a whole good answer."""
        return self.outcome in DELIVERED

    @property
    def cause(self) -> str:
        """Return why it failed: a status or a word such as ``reset``; empty if it did not."""
        if self.is_running or self.is_delivered:
            return ""
        return str(self.status) if self.outcome is Outcome.STATUS else self.outcome.value


def to_line(exchange: Exchange) -> str:
    """Return an exchange as one line of JSON; fields at their default are left out."""
    values: dict[str, Any] = {"version": VERSION}
    for field in fields(Exchange):
        value = getattr(exchange, field.name)
        if value != field.default:
            values[field.name] = value
    return json.dumps(values, separators=(",", ":"))


def from_line(line: str | bytes) -> Exchange | None:
    """Return the exchange of a line; ``None`` for any other text. Unknown names are skipped."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or values.get("version") != VERSION:
        return None
    known = {name: values[name] for name in _READERS if name in values}
    if not {"id", "started"} <= known.keys():
        return None
    try:
        return Exchange(**{name: _READERS[name](value) for name, value in known.items()})
    except (TypeError, ValueError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or not is_number(value):
        raise TypeError(value)
    return value


def _time(value: object) -> float:
    if not isinstance(value, int | float) or not is_number(value):
        raise TypeError(value)
    return float(value)


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


_READERS: dict[str, Any] = {
    **dict.fromkeys(("id", "turn", "session", "thread", "agent", "key", "question", "body", "model"), _text),
    **dict.fromkeys(("stop_reason", "error_type"), _text),
    **dict.fromkeys(("started", "first_byte", "last_byte", "ended"), _time),
    **dict.fromkeys(("attempt", "sent_bytes", "received_bytes", "deltas", "max_tokens", "status"), _whole),
    **dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens"), _whole),
    "stream": _switch,
    "kind": Kind,
    "outcome": Outcome,
    "hop": Hop,
}
