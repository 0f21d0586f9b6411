"""Read the access lines of fronts and other servers, in their own text formats.

nginx, Apache, HAProxy, Caddy and Traefik as recorded from the real programs (tests/data/logs/fronts), Envoy, SGLang,
llama-server and Ollama as documented.
"""

from __future__ import annotations

import re

from stormdeck.model.logs.prefixes.clocks import LocalTime, clock_in
from stormdeck.model.logs.requests.access import Access, kind_of
from stormdeck.model.retries.backoff import LEFT

_REQUEST = r"(?P<method>[A-Z]{3,10}) (?P<path>\S{1,4000}) HTTP/\d(?:\.\d)?"
_COMBINED = re.compile(
    rf'{_REQUEST}" (?P<status>[1-9]\d\d) (?:\d{{1,15}}|-)'
    r'(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)"(?P<rest>.{0,400}))?(?=\s|$)'
)
_ENVOY = re.compile(
    rf'{_REQUEST}" (?P<status>\d{{1,3}}) (?P<flags>[A-Z,]{{2,40}}|-) (?:\S{{1,200}} \S{{1,200}} "[^"]{{0,500}}" )?'
    r'\d{1,15} \d{1,15} (?P<millis>\d{1,12}) \S{1,15} "(?P<client>[^"]{0,500})" "(?P<agent>[^"]{0,500})"'
)
_HAPROXY = re.compile(
    r"(?P<host>[\w.:\[\]]{1,60}):(?P<port>\d{1,5}) \[(?P<clock>[\w/]{11}:[\d:.]{8,15})\] \S{1,200} \S{1,200}/\S{1,200} "
    r"(?:-?\d{1,10}/){4}\+?(?P<millis>\d{1,10}) (?P<status>-1|[1-9]\d\d) \+?\d{1,15} \S{1,200} \S{1,200} "
    r"(?P<end>[A-Za-z-]{4}) "
    rf'[\d/+]{{1,60}} [\d/]{{1,30}} (?:\{{(?P<captured>[^{{}}]{{0,1000}})\}} ){{0,2}}"{_REQUEST}"'
)
_GIN = re.compile(
    r"\[GIN\] (?P<clock>\d{4}/\d\d/\d\d - [\d:]{8}) \| {0,5}(?P<status>[1-9]\d\d) \| {0,30}"
    r"(?P<took>[\dhmnsuµμ.]{2,30}) \| "
    r'{0,60}(?P<host>\S{1,60}) \| (?P<method>[A-Z]{3,10}) {1,12}"(?P<path>[^"\s]{1,4000})"'
)
_LLAMA = re.compile(
    r"log_server_r\w{0,8}: {1,3}(?:done )?request: (?P<method>[A-Z]{3,10}) (?P<path>\S{1,4000}) "
    r"(?P<host>\S{1,60}) (?P<status>[1-9]\d\d)"
    r'|log_server_request\] request \|.{0,120}? remote_addr="(?P<host2>[^"]{1,60})" remote_port=(?P<port>\d{1,5}) '
    r'status=(?P<status2>[1-9]\d\d) method="(?P<method2>[A-Z]{3,10})" path="(?P<path2>[^"\s]{1,4000})"'
)
_CLIENT = re.compile(
    r"(?:^|[\s|\]])(?:(?P<host>[\w.:%-]{1,60}) \S{1,100} (?:-|[A-Za-z]\S{0,100})|(?P<alone>[\w.:%-]{1,60})) \[$"
)
"""What stands before the time: the client's address, and mostly two names."""
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_TOOK = re.compile(r'(?:^|\s)(?:(?:rt|request_time|duration)="?)?(\d{1,7}\.\d{3})(?:s?"?)(?:\s|$)')
_TRAEFIK = re.compile(r'\d{1,12} "[^"]{0,200}" "[^"]{0,200}" (\d{1,10})ms')
_FORWARDED = re.compile(r'^ "([^"]{1,200})"')
_GO_PARTS = re.compile(r"(\d{1,10}(?:\.\d{1,9})?)(h|ms|m|s|us|µs|μs|ns)")
_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
MARKS = ("[GIN]", "log_server_r")
"""Each line of a format without ``HTTP/`` contains one of these."""


def front_access(line: str, local_time: LocalTime | None, arrived: float | None) -> Access | None:
    """Return the request in the access line of a front or another server, ``None`` for every other line."""
    if "[GIN]" in line:
        return _gin(line, local_time, arrived)
    if "log_server_r" in line:
        return _llama(line, local_time, arrived)
    at = line.find('] "')
    while 0 <= at < _LONGEST_BEFORE:
        found = _bracketed(line, at, local_time, arrived)
        if found is not None:
            return found
        at = line.find('] "', at + 1)
    return _haproxy(line, local_time, arrived) if "/" in line and "HTTP/" in line else None


_LONGEST_BEFORE = 600


def real_client(forwarded: str, direct: str) -> str:
    """Return the first address of an ``X-Forwarded-For``, or the connection's own.

    >>> real_client("10.0.0.7, 172.18.0.1", "172.18.0.1"), real_client("-", "10.0.0.9")
    ('10.0.0.7', '10.0.0.9')
    """
    first = forwarded.partition(",")[0].strip()
    return first if _ADDRESS.fullmatch(first) else direct


def go_duration(text: str) -> float | None:
    """Return the seconds of a duration as Go writes it.

    >>> go_duration("1m30.5s"), go_duration("501.2ms")
    (90.5, 0.5012)
    """
    parts = _GO_PARTS.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return round(sum(float(number) * _GO_UNITS[unit] for number, unit in parts), 9)


def _bracketed(line: str, at: int, local_time: LocalTime | None, arrived: float | None) -> Access | None:
    """Return the request behind a time in brackets, which ends at ``at``."""
    match = _COMBINED.match(line, at + 3)
    if match is not None:
        opens = line.rfind("[", 0, at)
        clock = clock_in(line, opens + 1, at, local_time, arrived) if opens >= 0 else None
        if clock is None:
            return None
        client = _CLIENT.search(line, max(0, opens - 400), opens + 1)
        rest = match["rest"] or ""
        forwarded = _FORWARDED.match(rest)
        direct = client["host"] or client["alone"] if client is not None else ""
        host = real_client(forwarded[1] if forwarded else "", direct)
        return _made(match, int(match["status"]), host, 0, clock.time, _plain(match["agent"]), _seconds_in(rest))
    match = _ENVOY.match(line, at + 3)
    if match is None:
        return None
    clock = clock_in(line, 0, at, local_time, arrived)
    took = int(match["millis"]) / 1000
    status = int(match["status"])
    if status == 0:
        status = LEFT if "DC" in match["flags"] else 0
    if not status:
        return None
    ended = clock.time + took if clock is not None and clock.time is not None else None
    return _made(match, status, real_client(match["client"], ""), 0, ended, _plain(match["agent"]), took)


def _haproxy(line: str, local_time: LocalTime | None, arrived: float | None) -> Access | None:
    for at in (0, *_after_spaces(line)):
        match = _HAPROXY.match(line, at)
        if match is not None:
            break
    else:
        return None
    status = int(match["status"])
    if status == -1:
        # The first letter says who ended the session: the client, before it had an answer.
        if match["end"][0] not in "Cc":
            return None
        status = LEFT
    took = int(match["millis"]) / 1000
    begun = clock_in(line, *match.span("clock"), local_time, arrived)
    ended = begun.time + took if begun is not None and begun.time is not None else None
    agent = next((one for one in (match["captured"] or "").split("|") if "/" in one), "")
    return _made(match, status, match["host"], int(match["port"]), ended, agent, took)


def _after_spaces(line: str) -> list[int]:
    """Return where the first words of a line begin."""
    starts: list[int] = []
    at = line.find(" ", 0, _LONGEST_BEFORE)
    while at >= 0 and len(starts) < 16:
        starts.append(at + 1)
        at = line.find(" ", at + 1, _LONGEST_BEFORE)
    return starts


def _gin(line: str, local_time: LocalTime | None, arrived: float | None) -> Access | None:
    match = _GIN.search(line, 0, _LONGEST_BEFORE + 4200)
    if match is None:
        return None
    clock = clock_in(line, 0, match.end("clock"), local_time, arrived)
    time = clock.time if clock is not None else None
    return _made(match, int(match["status"]), match["host"], 0, time, "", go_duration(match["took"]), is_front=False)


def _llama(line: str, local_time: LocalTime | None, arrived: float | None) -> Access | None:
    match = _LLAMA.search(line, 0, _LONGEST_BEFORE + 4200)
    if match is None:
        return None
    clock = clock_in(line, 0, match.end(), local_time, arrived)
    method, path, host = (match[name] or match[f"{name}2"] for name in ("method", "path", "host"))
    status, port = match["status"] or match["status2"], int(match["port"] or 0)
    return Access(method, path, int(status), host, port, kind_of(method, path), clock.time if clock else None)


def _seconds_in(rest: str) -> float | None:
    """Return the duration after the user agent: nginx's ``$request_time``, Traefik's milliseconds."""
    traefik = _TRAEFIK.search(rest)
    if traefik is not None:
        return int(traefik[1]) / 1000
    took = _TOOK.search(rest)
    return float(took[1]) if took is not None else None


def _plain(agent: str | None) -> str:
    return "" if agent in {None, "-"} else str(agent)


def _made(
    match: re.Match[str],
    status: int,
    host: str,
    port: int,
    time: float | None,
    agent: str,
    took: float | None,
    *,
    is_front: bool = True,
) -> Access:
    method, path = match["method"], match["path"]
    return Access(method, path, status, host, port, kind_of(method, path), time, agent, took, is_front)
