"""Reduce free values to the few that a label may have."""

from __future__ import annotations

import re

from stormdeck.model.retries.storms.storm import Outcome

OTHER = "other"
CAUSES = frozenset(
    {"reset", "timeout", "cut", "refused", "unknown", "error", "unreachable", "timed out", "client left"}
)
"""Why a request fails, where there is no status."""
OUTCOMES = {
    Outcome.RECOVERED: "recovered",
    Outcome.GAVE_UP: "gave_up",
    Outcome.STOPPED: "stopped",
    Outcome.QUIET: "quiet",
}
_STATUS = re.compile(r"[1-5][0-9]{2}")
_CODE = re.compile(r"[A-Z]{2,12}[0-9]{3}")


def cause_label(cause: str) -> str:
    """Return a status, or a known word; any other text is ``other``.

    >>> cause_label("529"), cause_label("timed out"), cause_label("https://10.0.0.5")
    ('529', 'timed_out', 'other')
    """
    if _STATUS.fullmatch(cause):
        return cause
    return cause.replace(" ", "_") if cause in CAUSES else OTHER


def code_label(code: str) -> str:
    """Return the code of a rule; any other text is ``other``."""
    return code if _CODE.fullmatch(code) else OTHER
