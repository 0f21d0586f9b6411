"""Read from a proxy's log how many requests it sends to the server behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stormdeck.model.logs.reasons import is_cooldown
from stormdeck.model.logs.requests.access import Access
from stormdeck.model.text import strip_escapes

LINES = "the proxy's own line of each request"
"""claude-code-proxy's, and LiteLLM's router with ``--debug`` up to 1.109."""
BEHIND = "the access lines of the server behind the proxy"
FAILURES = "LiteLLM's count of retries, which it writes for requests that failed for good only"
COMPLETIONS = "LiteLLM's line of each request that it sends to hosted_vllm"
"""With ``--debug``. From 1.110 on a failed attempt leaves no other line."""

_GENERATES = ("/v1/messages", "/v1/chat/completions", "/v1/responses", "/v1/completions")
"""The ends of the paths that generate tokens, for all APIs."""
_ROUTER = re.compile(r"api_call_with_fallbacks\(model=[^()]{0,300}\)(?:\\u001b\[\d{1,2}m)? (?:200 OK|(Exception .*))")
_ANSWER = re.compile(r'(?<!Sending )HTTP Request: POST (\S{1,2000}) \\?"HTTP/[\d.]{1,3} (\d{3})\b')
_AGAIN = re.compile(r"Retrying request to /\S{1,200} in [\d.]{1,12} seconds")
_SUCCESS_ONLY = re.compile(r'(?:: |")core\.py:\d')
"""1.110's router does not log failed attempts, so its lines do not count attempts (measured)."""
_COMPLETION = re.compile(r"^LiteLLM completion\(\) model= .{1,300}; provider = \w")
_RETRIED = re.compile(r"LiteLLM Retried: (\d{1,3}) times")
_NOT_SENT = "no healthy deployments"
_MARKS = ("HTTP Request: POST", "Retr", "_with_fallbacks(", "LiteLLM completion()", "deployments available")
"""Every relevant line contains one of these."""
_TRIED_AGAIN = frozenset({408, 409, 429})
TIMES_LOGGED = 2
"""How often LiteLLM logs a count of retries: before and after a traceback (measured, 1.80 and 1.109)."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """A proxy's requests in the last window."""

    asked: int
    """Main requests from its clients, in the time that ``sent`` covers."""
    sent: int
    """Requests from the proxy to the server behind it; if the proxy's log is the evidence, also those that failed to
    reach it.
    """
    evidence: str
    """The evidence, in words."""
    at_least: bool = False
    """``sent`` is a lower bound: retries that succeeded or are in flight are not logged."""


class Sent(NamedTuple):
    """Counts from some lines."""

    requests: int = 0
    retries: int = 0
    """By LiteLLM's own count, which is logged ``TIMES_LOGGED`` times. 1.80 logs one less than it made (measured)."""
    completions: int = 0
    """Requests that LiteLLM was about to send; logged for some providers only."""
    refused: int = 0
    """Requests that LiteLLM refused itself while all deployments were in cooldown."""


_NOTHING = Sent()


class UpstreamReader:
    """Counts the requests that one proxy sends, line by line.

    claude-code-proxy logs a line for each answer, and one before each retry, directly after a failed answer. A retry
    that does not follow a failed answer follows a request that timed out; the last of those has no line (measured).
    LiteLLM's router with ``--debug`` logs a line for each attempt, including those that a cooldown prevented; from
    1.110 on only for attempts that succeeded.
    """

    def __init__(self) -> None:
        self._failed = False
        """The newest record, except debug records, was a failed answer."""

    def read_all(self, lines: Sequence[str]) -> Sent:
        """Return the counts of the next lines."""
        if not self._failed:
            text = "\n".join(lines)
            if not any(word in text for word in _MARKS):
                return _NOTHING
        return Sent(*map(sum, zip(_NOTHING, *map(self.read, lines), strict=True)))

    def read(self, line: str) -> Sent:
        """Return the counts of the next line."""
        after_failure, self._failed = self._failed, False
        if "HTTP Request: POST" in line:
            return self._answer(line)
        if "Retr" in line and _AGAIN.search(line) is not None:
            return Sent(int(not after_failure))
        if "_with_fallbacks(" in line:
            return _router(line)
        self._failed = after_failure and not line.startswith(("INFO:", "ERROR:")) and " - ERROR - " not in line
        if "LiteLLM Retried" in line:
            return Sent(retries=sum(int(number) for number in _RETRIED.findall(line)))
        if "LiteLLM completion()" in line:
            return Sent(completions=int(_COMPLETION.match(strip_escapes(line)) is not None))
        if "deployments available" in line:
            return Sent(refused=int("Proxy:ERROR" in line and is_cooldown(line)))
        return _NOTHING

    def _answer(self, line: str) -> Sent:
        match = _ANSWER.search(strip_escapes(line))
        if match is None or not match[1].partition("?")[0].endswith(_GENERATES):
            return _NOTHING
        status = int(match[2])
        self._failed = status in _TRIED_AGAIN or status >= 500
        return Sent(1)


def _router(line: str) -> Sent:
    plain = strip_escapes(line)
    match = _ROUTER.search(plain)
    if match is None or _SUCCESS_ONLY.search(plain) or (match[1] and (is_cooldown(match[1]) or _NOT_SENT in match[1])):
        return _NOTHING
    return Sent(1)


def asks_for_tokens(access: Access) -> bool:
    """Return whether a request generates tokens, in any API."""
    return access.method == "POST" and access.path.partition("?")[0].endswith(_GENERATES)
