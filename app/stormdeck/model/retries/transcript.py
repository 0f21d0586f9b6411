"""Parse a line of Claude Code's transcripts. Only its structure is kept, never a word of the conversation.

``$CLAUDE_CONFIG_DIR/projects/<folder>/<session>.jsonl`` is written live, 0.2 to 0.4 s after the event (measured, Claude
Code 1.0.128 to 2.1.329; facts/claude-code.md 3).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

LONGEST_ENTRY = 4 * 1024 * 1024
"""Longer lines are skipped: they contain tool results, and parsing them is expensive."""
LONGEST_NAME = 128
LONGEST_PATH = 1024
END_OF_TIME = 253402214400.0
"""A day before the year 10000, in unix seconds: later times exist in no calendar of some time zone."""
UNSENT = "unsent"
"""The cause of a failure before anything was sent; 2.1.329 has recorded a request by then (measured)."""


class EntryKind(StrEnum):
    """The kind of a transcript entry."""

    ASK = "ask"
    """A prompt or a tool result: a request follows."""
    INTERRUPT = "interrupt"
    """The user interrupted the turn."""
    REQUEST = "request"
    """One HTTP attempt of the main thread; recorded by 2.1.329 only."""
    RETRY = "retry"
    """An attempt failed and another one follows: interactive up to 2.1.112, ``-p`` in 2.1.329."""
    ANSWER = "answer"
    """A block of an answer; all blocks of one answer have the same id."""
    FAILURE = "failure"
    """The error that the user is shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """The structural fields of one line, or what a recorder on the wire saw."""

    kind: EntryKind
    session: str
    t: float
    """Unix seconds, by the client's clock."""
    agent: str = ""
    """The subagent, empty for the main thread."""
    version: str = ""
    """The client's version."""
    folder: str = ""
    """The session's working directory; empty on lines without it."""
    id: str = ""
    """Equal for a line that is written again, in the transcript of a resumed session or as another block."""
    request: str = ""
    """Of an answer: its request (2.1.329)."""
    words: int = 0
    """Of an answer: how many words this block has, but no more than the tokens that the server counted."""
    base: str = ""
    """Of a request: the request before it."""
    digest: str = ""
    """Of a request: equal for all attempts of a turn, unless the client changed it."""
    attempt: int = 0
    """Of a retry: the attempt that failed, counted from 1."""
    limit: int | None = None
    """Of a retry: after how many attempts the client gives up."""
    wait: float | None = None
    """Of a retry: seconds until the next attempt."""
    cause: str = ""
    """Of a retry or a failure: a status, or ``reset``, ``timeout``, ``cut``, ``refused``, ``unsent``; else empty."""
    is_wire: bool = False
    """Seen between client and server instead of read in a transcript. All entries of a turn have the same digest."""
    distance: int = 0
    """Where it was seen: the larger, the farther from the client. The nearest place counts."""


_MARKS = ('"type":"assistant"', '"type":"user"', '"api_error"', '"type":"api-request"')
_SPACED = tuple(mark.replace(":", ": ") for mark in _MARKS)
_STATUS = re.compile(r"API Error: (\d{3})\b|\((\d{3})\)")
_WORDS = (
    (re.compile(r"timed out|ETIMEDOUT|no data arrived", re.IGNORECASE), "timeout"),
    (re.compile(r"ECONNREFUSED|connection ?refused|ENOTFOUND|EAI_AGAIN|internet connection", re.IGNORECASE), "refused"),
    (re.compile(r"ECONNRESET|EPIPE|socket hang up|connection dropped|connection error", re.IGNORECASE), "reset"),
    (re.compile(r"terminated|idle timeout|partial response|stream", re.IGNORECASE), "cut"),
    (re.compile(r"issue with the selected model"), "404"),
    (re.compile(r"request too large", re.IGNORECASE), "413"),
    (re.compile(r"prompt is too long", re.IGNORECASE), "400"),
)
_UNSENT = ("Not logged in", "Invalid API key · Please run", "API Error: Invalid URL")
"""A client without a token or a valid address reports that and sends nothing (measured, 2.1.42 to 2.1.329)."""
_INTERRUPTED = "[Request interrupted by user"
"""Followed by ``]`` or by ``for tool use]``."""
_NAMES = {"model_not_found": "404", "authentication_failed": "401", "rate_limit": "429"}
_SEARCHED = 300
"""How many characters of an error's text are searched for its cause; none of them is kept."""


def parse_entry(line: str) -> Entry | None:
    """Return the entry in a line, ``None`` if it is not about requests, damaged, or too long."""
    fields = parse_fields(line)
    return None if fields is None else entry_from(fields)


def parse_fields(line: str) -> dict[str, Any] | None:
    """Return the fields of a line that may be about requests, ``None`` for any other."""
    if len(line) > LONGEST_ENTRY or not any(mark in line for mark in _MARKS + _SPACED):
        return None
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def entry_from(fields: dict[str, Any]) -> Entry | None:
    """Return the entry that the fields of a line describe, ``None`` if it is not about requests."""
    session, t = _name(fields, "sessionId"), _unix_time(fields.get("timestamp"))
    special = _fields_by_kind(fields) if session and t is not None else None
    if special is None or t is None:
        return None
    # An ``api-request`` line of a subagent has the id without ``isSidechain`` (measured, 2.1.329 and 2.1.332).
    agent = _name(fields, "agentId")
    return Entry(session=session, t=t, agent=agent, version=_name(fields, "version"), folder=_folder(fields), **special)


def _fields_by_kind(fields: dict[str, Any]) -> dict[str, Any] | None:
    """Return the fields that depend on the kind of a line."""
    kind = fields.get("type")
    if kind == "user":
        if fields.get("isMeta") is True:
            return None
        asks = EntryKind.INTERRUPT if _is_interruption(fields) else EntryKind.ASK
        return {"kind": asks, "id": _name(fields, "uuid")}
    if kind == "assistant":
        return _answer(fields)
    if kind == "api-request":
        return {
            "kind": EntryKind.REQUEST,
            "id": _name(fields, "id"),
            "base": _name(fields, "base"),
            "digest": _name(fields, "requestDigest"),
        }
    return _retry(fields) if kind == "system" and fields.get("subtype") == "api_error" else None


def _is_interruption(fields: dict[str, Any]) -> bool:
    """Return whether an entry is the client's own note that the user interrupted it."""
    message = fields.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    block = content[0] if isinstance(content, list) and content else content
    text = block.get("text") if isinstance(block, dict) else block
    return isinstance(text, str) and text.startswith(_INTERRUPTED)


def _answer(fields: dict[str, Any]) -> dict[str, Any] | None:
    message = fields.get("message")
    if not isinstance(message, dict):
        return None
    if fields.get("isApiErrorMessage") is True:
        return {"kind": EntryKind.FAILURE, "id": _name(fields, "uuid"), "cause": _failure_cause(fields, message)}
    if message.get("model") == "<synthetic>" or not _name(message, "id"):
        return None
    request = _name(fields, "requestRef")
    return {"kind": EntryKind.ANSWER, "id": _name(message, "id"), "request": request, "words": _words(message)}


def _words(message: dict[str, Any]) -> int:
    """Return how many words the text of a message has, or its number of tokens if that is lower; 0 if unknown."""
    usage, content = message.get("usage"), message.get("content")
    tokens = _number(usage.get("output_tokens")) if isinstance(usage, dict) else None
    blocks = content if isinstance(content, list) else []
    texts = [block.get("text") for block in blocks if isinstance(block, dict)]
    words = sum(len(text.split()) for text in texts if isinstance(text, str))
    return max(0, min(words, int(tokens or 0)))


def _retry(fields: dict[str, Any]) -> dict[str, Any] | None:
    attempt, most, wait = (_number(fields.get(name)) for name in ("retryAttempt", "maxRetries", "retryInMs"))
    if attempt is None or attempt < 1:
        return None
    return {
        "kind": EntryKind.RETRY,
        "id": _name(fields, "uuid"),
        "attempt": int(attempt),
        "limit": None if most is None else int(most) + 1,
        "wait": None if wait is None else max(0.0, wait / 1000),
        "cause": _retry_cause(fields),
    }


def _retry_cause(fields: dict[str, Any]) -> str:
    """Return why an attempt failed; a connection lost after the answer started is a ``cut`` (measured, 2.1.329)."""
    error = fields.get("error")
    if not isinstance(error, dict):
        return ""
    status = _number(error.get("status"))
    if status is not None:
        return str(int(status))
    texts = [error.get("formatted"), error.get("message"), *_codes(error), *_codes(fields)]
    cause = next((found for text in texts if (found := _cause_in(text))), "")
    return "cut" if cause == "reset" and fields.get("source") == "connection_retry" else cause


def _codes(fields: dict[str, Any]) -> list[object]:
    """Return the operating system's error codes; up to 2.1.112 they are under ``cause``, if present."""
    parts = (fields.get("connection"), fields.get("cause"))
    return [part.get("code") for part in parts if isinstance(part, dict)]


def _failure_cause(fields: dict[str, Any], message: dict[str, Any]) -> str:
    status = _number(fields.get("apiErrorStatus"))
    if status is not None:
        return str(int(status))
    blocks = message.get("content")
    block = blocks[0] if isinstance(blocks, list) and blocks else None
    text = block.get("text") if isinstance(block, dict) else None
    if isinstance(text, str) and text.startswith(_UNSENT):
        return UNSENT
    return _cause_in(text) or _NAMES.get(_name(fields, "error"), "")


def _cause_in(text: object) -> str:
    if not isinstance(text, str):
        return ""
    head = text[:_SEARCHED]
    if status := _STATUS.search(head):
        return status[1] or status[2]
    return next((cause for words, cause in _WORDS if words.search(head)), "")


def _name(fields: dict[str, Any], key: str) -> str:
    value = fields.get(key)
    return value[:LONGEST_NAME] if isinstance(value, str) else ""


def _folder(fields: dict[str, Any]) -> str:
    value = fields.get("cwd")
    return value[:LONGEST_PATH] if isinstance(value, str) else ""


def _unix_time(value: object) -> float | None:
    """Return unix seconds for an ISO time with a zone, ``None`` for anything else and for times out of range."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        t = moment.timestamp() if moment.tzinfo is not None else None
    except (ValueError, OverflowError, OSError):
        return None
    return t if t is not None and 0 <= t < END_OF_TIME else None


def _number(value: object) -> float | None:
    """Return a number, ``None`` for anything else and for values that are too large for a counter or a time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
        return None
    return float(value)
