"""Read the requests of one log, including formats that use two lines for a request."""

from __future__ import annotations

import json
import re
from typing import Any

from stormdeck.model.logs.prefixes.clocks import LocalTime
from stormdeck.model.logs.prefixes.dress import undress, value_time
from stormdeck.model.logs.requests.access import Access, kind_of
from stormdeck.model.logs.requests.access_line import Found, find_access

_MOST_OPEN = 1000
_METHOD = re.compile(r"[A-Z]{3,10}")
_HIGHEST_PORT = 65_535
_CUT = "response terminated with an error with headers already sent"
"""What claude-code-router logs for a broken stream; the client has received its 200 by then."""


class AccessReader:
    """Reads the access lines of one log.

    claude-code-router logs "incoming request" with the path and port, and later the status with the same request id
    (measured, 2.0.0). The request is returned when its status is read; until then it is in flight.
    """

    def __init__(self, local_time: LocalTime | None = None) -> None:
        self._local_time = local_time
        self._open: dict[tuple[int | None, str], dict[str, Any]] = {}

    @property
    def in_flight(self) -> int:
        """Return how many requests have no status yet, at most 1000; always 0 except for claude-code-router."""
        return len(self._open)

    def read(self, line: str, arrived: float | None = None) -> Access | None:
        """Return the request that this line contains or completes. ``arrived`` gives the year if a clock has none."""
        found = self.find(line, arrived)
        return None if found is None else found.access

    def find(self, line: str, arrived: float | None = None) -> Found | None:
        """Return the request that this line contains or completes, and where it stands in the line."""
        if '"reqId":' in line and ('"incoming request"' in line or '"statusCode":' in line or _CUT in line):
            access = self._read_pair(line if line.startswith("{") else undress(line, self._local_time, arrived).text)
            return None if access is None else Found(access, -1)
        return find_access(line, self._local_time, arrived)

    def _read_pair(self, line: str) -> Access | None:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(fields, dict) or not isinstance(fields.get("reqId"), str):
            return None
        key = (fields["pid"] if isinstance(fields.get("pid"), int) else None, fields["reqId"])
        request, response = fields.get("req"), fields.get("res")
        if isinstance(request, dict) and fields.get("msg") == "incoming request":
            while len(self._open) >= _MOST_OPEN:
                del self._open[next(iter(self._open))]
            self._open[key] = request
            return None
        status = (
            response.get("statusCode") if isinstance(response, dict) else 200 if fields.get("msg") == _CUT else None
        )
        if status is None or key not in self._open:
            return None
        return _pair(self._open.pop(key), status, value_time(fields.get("time"), None))


def _pair(request: dict[str, Any], status: object, time: float | None) -> Access | None:
    method, path, port = request.get("method"), request.get("url"), request.get("remotePort")
    if not isinstance(method, str) or not isinstance(path, str) or _METHOD.fullmatch(method) is None:
        return None
    if type(status) is not int or not 100 <= status <= 999:
        return None
    return Access(
        method=method,
        path=path,
        status=status,
        host=str(request.get("remoteAddress") or ""),
        port=port if type(port) is int and 0 < port <= _HIGHEST_PORT else 0,
        kind=kind_of(method, path),
        time=time,
    )
