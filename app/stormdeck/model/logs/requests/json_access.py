"""Read the access records that fronts write as JSON: Caddy, Traefik, Envoy, and others by their usual keys."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stormdeck.model.logs.prefixes.clocks import LocalTime
from stormdeck.model.logs.prefixes.dress import value_time
from stormdeck.model.logs.requests.access import Access, kind_of
from stormdeck.model.logs.requests.fronts import go_duration, real_client
from stormdeck.model.retries.backoff import LEFT

_LINE = re.compile(r"([A-Z]{3,10}) (\S{1,4000}) HTTP/\d(?:\.\d)?")
_METHOD = re.compile(r"[A-Z]{3,10}")
_ADDRESS = re.compile(r"(.{1,60}):(\d{1,5})")
_METHODS = ("request_method", "method", "RequestMethod", "requestMethod", "http_method", "verb")
_PATHS = ("request_uri", "uri", "RequestPath", "path", "requestUrl", "url", "target")
_STATUSES = ("status", "DownstreamStatus", "response_code", "status_code", "statusCode", "http_status", "code")
_AGENTS = ("http_user_agent", "user_agent", "userAgent", "request_User-Agent", "agent", "ua")
_FORWARDED = ("http_x_forwarded_for", "x_forwarded_for", "xff", "request_X-Forwarded-For", "client_ip", "realip")
_CLIENTS = (
    "remote_addr",
    "remote_ip",
    "ClientHost",
    "ClientAddr",
    "client",
    "remoteIp",
    "downstream_remote_address",
    "host_ip",
)
_PORTS = ("remote_port", "ClientPort", "client_port")
_ENDS = ("time_iso8601", "msec", "ts", "time_local", "time", "@timestamp", "timestamp", "date")
_BEGINS = ("start_time", "StartUTC")
_LARGEST = 10**17
_NUMBER = re.compile(r"\d{1,17}(?:\.\d{1,9})?")
_HIGHEST_PORT = 65_535
_LONGEST_HOST = 255
_LONGEST_AGENT = 500
_NESTED = ("request", "httpRequest", "http", "req", "jsonPayload")


def json_access(fields: Mapping[str, object], local_time: LocalTime | None, arrived: float | None) -> Access | None:
    """Return the request in an access record, ``None`` for any other object."""
    whole: dict[str, object] = dict(fields)
    for name in _NESTED:
        inner = fields.get(name)
        if isinstance(inner, dict):
            whole |= {key: value for key, value in inner.items() if key not in whole or whole[key] is inner}
    method, path = _request(whole)
    status = _number(_first(whole, _STATUSES))
    if method is None or path is None or status is None:
        return None
    if status == 0 and ("DC" in str(whole.get("response_flags", "")) or "resp_headers" in whole):
        # Envoy's "downstream connection terminated"; Caddy's status without an answer (measured, 2.6.2).
        status = LEFT
    if not 100 <= status <= 999:
        return None
    host, port = _client(whole)
    took = _took(whole)
    return Access(
        method,
        path,
        int(status),
        host,
        port,
        kind_of(method, path),
        _time(whole, took, local_time, arrived),
        _agent(whole),
        took,
        is_front="function" not in whole,
    )


def _request(fields: Mapping[str, object]) -> tuple[str | None, str | None]:
    for name in ("request", "request_line", "RequestLine", "requestLine"):
        line = fields.get(name)
        if isinstance(line, str) and (match := _LINE.match(line)):
            return match[1], match[2]
    method, path = _first(fields, _METHODS), _first(fields, _PATHS)
    if not isinstance(method, str) or not isinstance(path, str) or _METHOD.fullmatch(method) is None:
        return None, None
    if "://" in path[:8]:
        path = "/" + path.partition("://")[2].partition("/")[2]
    return (method, path) if path.startswith("/") and not any(map(str.isspace, path)) else (None, None)


def _first(fields: Mapping[str, object], names: tuple[str, ...]) -> object:
    """Return the first value that is set; ``-`` stands for none in all of these logs."""
    for name in names:
        value = fields.get(name)
        if value is not None and value not in ("", "-"):
            return value
    return None


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if abs(value) < _LARGEST else None
    if isinstance(value, str) and len(value) <= len(str(_LARGEST)) and _NUMBER.fullmatch(value):
        return float(value)
    return None


def _client(fields: Mapping[str, object]) -> tuple[str, int]:
    """Return the address of the client, the real one where it was forwarded, and its port where it is that one's."""
    direct, port = str(_first(fields, _CLIENTS) or ""), _number(_first(fields, _PORTS)) or 0.0
    match = _ADDRESS.fullmatch(direct)
    if match is not None and (direct.count(":") == 1 or direct.startswith("[")):
        direct, port = match[1].strip("[]"), float(match[2])
    host = real_client(str(_first(fields, _FORWARDED) or ""), direct)
    return host[:_LONGEST_HOST], int(port) if host == direct and 0 < port <= _HIGHEST_PORT else 0


def _agent(fields: Mapping[str, object]) -> str:
    agent = _first(fields, _AGENTS)
    headers = fields.get("headers")
    if agent is None and isinstance(headers, dict):
        agent = next((value for name, value in headers.items() if name.lower() == "user-agent"), None)
    if isinstance(agent, list):
        agent = agent[0] if agent else None
    return agent[:_LONGEST_AGENT] if isinstance(agent, str) else ""


def _took(fields: Mapping[str, object]) -> float | None:
    """Return how many seconds a request took: each front has its own key or unit."""
    nanoseconds = _number(fields.get("Duration"))
    if nanoseconds is not None:
        return nanoseconds / 1e9
    took = _number(fields.get("duration"))
    if took is not None:
        return took / 1000 if "response_code" in fields else took
    seconds = _number(fields.get("request_time"))
    if seconds is not None:
        return seconds
    for name in ("latency", "duration"):
        written = fields.get(name)
        if isinstance(written, str):
            return go_duration(written)
    return None


def _time(
    fields: Mapping[str, object], took: float | None, local_time: LocalTime | None, arrived: float | None
) -> float | None:
    """Return when the answer ended, by the clock for that or by the request's start and its duration."""
    for name in _BEGINS:
        begun = value_time(fields.get(name), local_time, arrived)
        if begun is not None:
            return begun + (took or 0.0)
    times = (value_time(fields.get(name), local_time, arrived) for name in _ENDS)
    return next((time for time in times if time is not None), None)
