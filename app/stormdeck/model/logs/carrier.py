"""What a log collector puts before a server's own line."""

from __future__ import annotations

import re

CARRIER = (
    r"(?:[\w.-]+ +\| ?)?"  # docker compose logs
    r"(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8} [\w.-]+ [\w./-]+(?:\[\d+\])?: )?"  # journalctl, syslog
    r"(?:(?P<carried>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)) )?"  # docker logs -t
)
"""A pattern that also matches nothing; ``carried`` is the collector's own time, with its zone."""

_CARRIER = re.compile(CARRIER)


def uncarried(line: str) -> str:
    """Return the line as the server wrote it."""
    match = _CARRIER.match(line)
    return line[match.end() :] if match else line
