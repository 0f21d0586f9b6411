"""Parse access lines: one HTTP request each, in the formats of uvicorn, gunicorn, vLLM and LiteLLM."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from stormdeck.model.text import strip_escapes

CARRIER = (
    r"(?:[\w.-]+ +\| ?)?"  # docker compose logs
    r"(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8} [\w.-]+ [\w./-]+(?:\[\d+\])?: )?"  # journalctl, syslog
    r"(?:(?P<carried>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)) )?"  # docker logs -t
)
"""The prefix of a log collector, or nothing. ``carried`` is the collector's own time, with a zone."""

_CARRIER = re.compile(CARRIER)


def strip_collector_prefix(line: str) -> str:
    """Return a line as the server wrote it.

    >>> strip_collector_prefix("vllm-1  | INFO: ready")
    'INFO: ready'
    """
    match = _CARRIER.match(line)
    return line[match.end() :] if match else line


LocalTime = Callable[[datetime], float]
"""Turns a date and time without a zone into unix seconds; ``datetime.timestamp`` is this machine's own zone."""


class RequestKind(StrEnum):
    """The kind of a request. Requests of different kinds are never added together.

    An access line does not show whether a request is main or auxiliary (facts/storms.md 4): both are ``MAIN`` here.
    """

    MAIN = "main"
    """``POST .../v1/messages``."""
    COUNT_TOKENS = "count_tokens"
    PROBE = "probe"
    """Health, model-list and metrics polls, and ``HEAD /``, from any client."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Access:
    """A parsed access line."""

    method: str
    path: str
    """As logged, including the query."""
    status: int
    host: str
    port: int
    """The client's port: equal ports are one connection. 0 if the line has none (a UNIX socket)."""
    kind: RequestKind
    time: float | None = None
    """Unix seconds if the line has a date and time, else ``None``: use the arrival."""


_PROBES = {
    "/",
    "/version",
    "/v1/models",
    "/models",
    "/model/info",
    "/v1/model/info",
    "/metrics",
    "/metrics/",
    "/load",
    "/ping",
    "/is_sleeping",
    "/api/hello",
}
_LINE = re.compile(
    CARRIER + r"(?:\([\w.-]+ pid=\d+\) )?"  # vLLM up to 0.28 puts it before uvicorn's lines too
    r"(?:(?P<time>\d{4}-\d\d-\d\d[ T][\d:]{8}(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?) +(?:- )?)?"
    r"(?:INFO:? +(?:- )?)?"
    r"(?:(?P<host>[^\s\"]*):(?P<port>\d{1,5}))? ?- "
    r'"(?P<method>[A-Z]{3,10}) (?P<path>\S+) HTTP/\d(?:\.\d)?" (?P<status>[1-9]\d\d)(?!\S)'
)
END_OF_TIME = 253402214400.0
"""A day before the year 10000, in unix seconds: later times exist in no calendar of some time zone."""
_CLOCKS = ("timestamp", "asctime", "time")


def parse_access(line: str, local_time: LocalTime | None = None) -> Access | None:
    """Return the request in an access line, ``None`` for any other line.

    Supported: uvicorn plain and coloured, gunicorn, JSON of LiteLLM and vLLM, a leading asctime, vLLM's process prefix,
    and what docker and journald add (measured: facts/proxies.md 1.2, facts/vllm.md). claude-code-router logs a request
    in two lines: see ``AccessReader``. A time without a zone is used only with ``local_time``.

    >>> parse_access('INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 200 OK').status
    200
    """
    if " HTTP/" not in line:
        return None
    if line.startswith("{"):
        return _from_json(line, local_time)
    match = _LINE.match(strip_escapes(line) if "\x1b" in line else line)
    if match is None:
        return None
    written = match["time"] or match["carried"]
    return _access(match, unix_time(written, local_time) if written else None)


@lru_cache(maxsize=1024)
def kind_of(method: str, path: str) -> RequestKind:
    """Return the kind of a request by its method and path, with or without a query."""
    bare = path.partition("?")[0]
    if method == "POST":
        if bare.endswith("/v1/messages"):
            return RequestKind.MAIN
        if bare.endswith("/v1/messages/count_tokens"):
            return RequestKind.COUNT_TOKENS
    elif method in {"GET", "HEAD"} and (bare in _PROBES or bare.startswith(("/health", "/v1/models/"))):
        return RequestKind.PROBE
    return RequestKind.OTHER


def unix_time(written: object, local_time: LocalTime | None = None) -> float | None:
    """Return unix seconds for a time in a log: ISO text, or milliseconds as pino writes them.

    ``None`` if it is not a time, and for times before 1970 or after ``END_OF_TIME``, which come from a wrong clock.
    """
    try:
        t = _seconds(written, local_time)
    except (ValueError, OverflowError, OSError):
        return None
    return t if t is not None and 0 <= t < END_OF_TIME else None


def _seconds(written: object, local_time: LocalTime | None) -> float | None:
    if isinstance(written, int | float) and not isinstance(written, bool):
        return written / 1000
    if not isinstance(written, str):
        return None
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is not None:
        return moment.timestamp()
    return local_time(moment) if local_time is not None else None


def _access(match: re.Match[str], time: float | None) -> Access:
    method, path, status, host, port = match.group("method", "path", "status", "host", "port")
    return Access(method, path, int(status), (host or "").strip("[]"), int(port or 0), kind_of(method, path), time)


def _from_json(line: str, local_time: LocalTime | None) -> Access | None:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    message = fields.get("message") or fields.get("log")
    match = _LINE.match(strip_escapes(message)) if isinstance(message, str) else None
    if match is None:
        return None
    written = next((fields[name] for name in _CLOCKS if name in fields), None)
    return _access(match, unix_time(written, local_time))
