"""Recognise the lines that say what went wrong for a user."""

from __future__ import annotations

import re

from stormdeck.model.logs.reasons import announces, reason
from stormdeck.model.logs.records import classify
from stormdeck.model.logs.requests.access import Access, RequestKind
from stormdeck.model.logs.requests.access_line import parse_access
from stormdeck.model.traffic.upstream import asks_for_tokens

FAILED_FROM = 400
_FAILING = re.compile(r"(?<!\d)[45]\d\d(?!\d)")
"""Every line of a failed request contains such a number."""
_ERROR_WORDS = ("ERROR", "CRITICAL", "FATAL", '"level":5', '"level":6', '"level": 5', '"level": 6', 'rror"')
"""Every error record contains one of these."""


def is_trouble(text: str) -> bool:
    """Return whether a line is a failed request for an answer, or the first line of an error record.

    Failed polls, probes and counts of tokens stop nobody: the client goes on without them. So does a proxy that could
    not log an answer.
    """
    may_be_record = any(word in text for word in _ERROR_WORDS)
    if not may_be_record and ('" 20' in text or _FAILING.search(text) is None):
        return False
    access = parse_access(text)
    if access is not None:
        return failed_for_user(access)
    record = classify(text) if may_be_record else None
    if record is None or not record.level.is_failure:
        return False
    return announces(record.message) or bool(reason(record.message))


def failed_for_user(access: Access) -> bool:
    """Return whether a request failed that somebody waits for."""
    return access.status >= FAILED_FROM and (access.kind is RequestKind.MAIN or asks_for_tokens(access))
