"""Find the request in a line of any log: behind any prefix, in JSON, or in a front's own format."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from stormdeck.model.logs.prefixes.clocks import LocalTime, clock_in
from stormdeck.model.logs.prefixes.dress import LONGEST_PREFIX, json_clock, json_object, undress
from stormdeck.model.logs.requests.access import Access, kind_of
from stormdeck.model.logs.requests.fronts import MARKS, front_access
from stormdeck.model.logs.requests.json_access import json_access
from stormdeck.model.text import strip_escapes

_REQUEST = re.compile(
    r"(?P<method>[A-Z]{3,10}) (?P<path>\S+) HTTP/\d(?:\.\d)?\\?\" (?P<status>[1-9]\d\d)(?![^\s\"'`\\},\]])"
)
_SEPARATORS = (' - "', ' - \\"')
_ADDRESS = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.%\w]*\]|(?<![\w.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]*|[^\s\"|`>\[\](){}=:,;]*):(?P<port>\d{1,5})$"
)
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+")
_LONGEST_ADDRESS = 300
_MESSAGES = ("message", "msg", "log", "event")
_TEXT_KEY = re.compile(r"(?:msg|message|log|line|MESSAGE)=$")
_LEVEL_END = re.compile(r"(?:INFO|NOTICE|DEBUG):? *(?:- +)?$", re.IGNORECASE)
_OTHER_RECORD = re.compile(
    r"LiteLLM[\w .]{0,40}:[A-Z]{4,8}: "
    r"|(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d [\d:]{8} \[(?!h(?:ttptools|11)_impl|logging)"
)
"""A record of vLLM or LiteLLM: an access line behind it is quoted, from a prompt or an error."""
_PASTED = re.compile(r"\s*[\"'`]{0,3}(?:INFO:? *)?")
"""Nothing but uvicorn's own words, perhaps behind the quote with which a log was pasted somewhere."""
_WORDS = re.compile(r"(?<![\w.-])[A-Za-z]+ [A-Za-z]+(?![\w.@-])")
_MACHINE = re.compile(r"[\d|\[\]<>{}()\t]|INFO")


class Found(NamedTuple):
    """A request in a line, and where its text begins."""

    access: Access
    begin: int
    """Where the client's address begins, behind all prefixes; -1 where the line is no plain text behind a prefix."""


def may_hold_request(line: str) -> bool:
    """Return whether a line may hold a request, which is decided fast."""
    return "HTTP/" in line or '"MESSAGE"' in line or any(mark in line for mark in MARKS)


def parse_access(line: str, local_time: LocalTime | None = None, arrived: float | None = None) -> Access | None:
    """Return the request in an access line, ``None`` for any other line.

    Supported: uvicorn plain and coloured, gunicorn, JSON of LiteLLM and vLLM, whatever a collector, a formatter or a
    supervisor puts before them (measured: facts/proxies.md 1.2, facts/vllm.md), and the formats
    of ``fronts`` and ``json_access``. claude-code-router logs a request in two lines: see ``AccessReader``. A time
    without a zone is used only with ``local_time``, one without a year only with ``arrived``.

    >>> parse_access('INFO:     127.0.0.1:5000 - "POST /v1/messages HTTP/1.1" 200 OK').status
    200
    """
    found = find_access(line, local_time, arrived)
    return None if found is None else found.access


def find_access(line: str, local_time: LocalTime | None = None, arrived: float | None = None) -> Found | None:
    """Return the request in an access line and where it stands, ``None`` for any other line. Takes linear time."""
    if not may_hold_request(line):
        return None
    text = strip_escapes(line) if "\x1b" in line else line
    plain = _plain(text, local_time, arrived)
    if plain is not None:
        return plain
    access = _from_json(text, local_time, arrived) if "{" in text[:LONGEST_PREFIX] or "MESSAGE" in text else None
    access = access or front_access(text, local_time, arrived)
    return None if access is None else Found(access, -1)


def _plain(text: str, local_time: LocalTime | None, arrived: float | None) -> Found | None:
    """Return the request in ``ADDRESS:PORT - "METHOD PATH HTTP/x" NNN`` behind any prefix."""
    for separator in _SEPARATORS:
        at = text.find(separator, 0, LONGEST_PREFIX)
        while at >= 0:
            match = _REQUEST.match(text, at + len(separator))
            if match is not None:
                return _behind_prefix(text, at, match, local_time, arrived)
            at = text.find(separator, at + 1, LONGEST_PREFIX)
    if text.startswith('- "') and (match := _REQUEST.match(text, 3)):
        return _behind_prefix(text, 0, match, local_time, arrived)
    return None


def _behind_prefix(
    text: str, at: int, match: re.Match[str], local_time: LocalTime | None, arrived: float | None
) -> Found | None:
    """Return the request whose separator stands ``at``, if what is before it is an address behind a prefix."""
    first = max(text.rfind(" ", 0, at), text.rfind("\t", 0, at)) + 1
    begin = max(first, at - _LONGEST_ADDRESS)
    address = _ADDRESS.search(text, begin, at)
    host, port = "", 0
    if address is not None:
        host, port, begin = address["host"].strip("[]"), int(address["port"]), address.start()
    elif _IP.fullmatch(text, begin, at):
        host = text[begin:at]
    elif begin == at:
        if text[:at].strip() and _LEVEL_END.search(text, 0, at) is None:
            return None
    else:
        return None
    if not _is_prefix(text[:begin]):
        return None
    clock = clock_in(text, 0, begin, local_time, arrived) if begin else None
    method, path = match["method"], match["path"]
    time = clock.time if clock is not None else None
    return Found(Access(method, path, int(match["status"]), host, port, kind_of(method, path), time), begin)


def _is_prefix(prefix: str) -> bool:
    """Return whether a program wrote this before an access line; no sentence, and no text that quotes the line."""
    if _PASTED.fullmatch(prefix) is not None:
        return True
    if '"' in prefix or "'" in prefix:
        head, quote, _ = prefix.rpartition('"')
        opened = prefix.count('"') % 2 and quote and _TEXT_KEY.search(head) is None
        if opened or prefix.count("'") % 2:
            return False
    if _OTHER_RECORD.search(prefix):
        return False
    return _MACHINE.search(prefix) is not None or _WORDS.search(prefix) is None


def _from_json(text: str, local_time: LocalTime | None, arrived: float | None) -> Access | None:
    """Return the request in a JSON object, which may stand behind a prefix or in a collector's record."""
    outer = undress(text, local_time, arrived)
    inner = outer.text
    at = inner.find("{", 0, LONGEST_PREFIX)
    fields = json_object(inner[at:]) if at >= 0 else None
    if fields is None:
        found = _of_text(inner, local_time, arrived) if inner is not text else None
        own = None
    else:
        message = next((fields[name] for name in _MESSAGES if name in fields), None)
        found = _of_text(message, local_time, arrived) if isinstance(message, str) else None
        found = found or json_access(fields, local_time, arrived)
        own = json_clock(fields, local_time, arrived)
        before = clock_in(inner, 0, at, local_time, arrived) if at and own is None else None
        own = before.time if before is not None else own
    if found is None:
        return None
    time = next((one for one in (outer.time, found.time, own) if one is not None), None)
    return replace(found, time=time)


def _of_text(text: str, local_time: LocalTime | None, arrived: float | None) -> Access | None:
    if not may_hold_request(text):
        return None
    text = strip_escapes(text)
    plain = _plain(text, local_time, arrived)
    return plain.access if plain is not None else front_access(text, local_time, arrived)
