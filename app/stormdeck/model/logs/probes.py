"""Recognise the lines that a log view leaves out by default: polls and probes, which nobody waits for."""

from __future__ import annotations

import re

from stormdeck.model.logs.requests.access import RequestKind, kind_of
from stormdeck.model.logs.requests.access_line import may_hold_request, parse_access

_UVICORN = re.compile(
    r'(?:\(\w{1,40} pid=\d{1,9}\) )?(?:INFO: +)?[\w.:\[\]%-]{1,60}:\d{1,5} - "(?P<method>[A-Z]{3,10}) (?P<path>\S+) '
    r'HTTP/\d(?:\.\d)?" \d{3}\b'
)
"""uvicorn's own access lines, by far the most; any other form is parsed."""
_ASKED_BY_POST = ("/v1/messages", "/v1/messages/count_tokens", "/v1/chat/completions", "/v1/responses")
"""Paths whose requests are POSTs: another method only tests whether they are there."""


def is_probe(text: str) -> bool:
    """Return whether a line is a request for health, metrics, versions or models, from stormdeck or anyone else.

    >>> is_probe('INFO:     127.0.0.1:5000 - "GET /health HTTP/1.1" 200 OK')
    True
    """
    if not ("GET" in text or "HEAD" in text or "OPTIONS" in text) or not may_hold_request(text):
        return False
    plain = _UVICORN.match(text)
    if plain is not None:
        return _is_probe(plain["method"], plain["path"])
    access = parse_access(text)
    return access is not None and _is_probe(access.method, access.path)


def _is_probe(method: str, path: str) -> bool:
    if kind_of(method, path) is RequestKind.PROBE:
        return True
    return method in {"GET", "HEAD", "OPTIONS"} and path.partition("?")[0].endswith(_ASKED_BY_POST)
