"""Decide which rules apply to which destination, and how prominently their findings are reported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.rules.destination import Destination


class Reporting(Enum):
    """How the findings of a rule are reported."""

    FULL = auto()
    AS_NOTE = auto()
    """With severity ``INFO``."""
    AS_NOTE_WITHOUT_FIX = auto()
    """With severity ``INFO`` and without a fix: how a hosted server treats the value is not known."""
    OFF = auto()


@dataclass(frozen=True, slots=True)
class Audience:
    """How a rule is reported by destination. For the user's own server, and for an unknown one, always in full."""

    gateway: Reporting = Reporting.OFF
    hosted: Reporting = Reporting.OFF
    cloud: Reporting = Reporting.OFF
    named: bool = False
    """Reported in full if the user named a server or the proxy's YAML, because the rule is about that."""

    def reporting(self, where: Destination, *, named: bool) -> Reporting:
        """Return how the rule is reported for a destination."""
        if self.named and named:
            return Reporting.FULL
        by_destination = {
            Destination.GATEWAY: self.gateway,
            Destination.HOSTED: self.hosted,
            Destination.CLOUD: self.cloud,
        }
        return by_destination.get(where, Reporting.FULL)


OWN_SERVER = Audience()
"""Rules about the user's own server."""
ANY_SERVER = Audience(gateway=Reporting.AS_NOTE_WITHOUT_FIX)
"""Rules about any base URL; what is true for vLLM may not be true for a hosted server."""
ANYBODY = Audience(Reporting.AS_NOTE, Reporting.AS_NOTE, Reporting.AS_NOTE)
"""Rules about Claude Code itself; where the user has no server of their own they are only notes."""
ALWAYS = Audience(Reporting.FULL, Reporting.FULL, Reporting.FULL)
SERVER_SIDE = Audience(named=True)
"""Rules about a proxy's YAML and a server's own process."""
FAMILIES = {
    "URL": ANY_SERVER,
    "AUTH": ANY_SERVER,
    "MODEL": OWN_SERVER,
    "TRAFFIC": OWN_SERVER,
    "TIME": ANYBODY,
    "CTX": OWN_SERVER,
    "FILE": ANYBODY,
    "PROXY": SERVER_SIDE,
    "SERVER": SERVER_SIDE,
}
"""The default of each family of rules."""


def limited(finding: Finding, reporting: Reporting) -> Finding | None:
    """Return a finding as it is reported, ``None`` if it is not."""
    match reporting:
        case Reporting.OFF:
            return None
        case Reporting.AS_NOTE:
            return replace(finding, severity=Severity.INFO)
        case Reporting.AS_NOTE_WITHOUT_FIX:
            return replace(finding, severity=Severity.INFO, fix=None, paste=None)
    return finding
