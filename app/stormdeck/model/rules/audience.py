"""Which rules speak for which destination, and how loud: the one place that knows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from stormdeck.model.finding import Finding, Severity
from stormdeck.model.rules.destination import Destination


class Voice(Enum):
    """How loud a rule speaks."""

    ALOUD = auto()
    LOWERED = auto()
    """At most a note."""
    NOTED = auto()
    """At most a note, and without a fix: what a hosted host does with a value is not known."""
    SILENT = auto()


@dataclass(frozen=True, slots=True)
class Audience:
    """How loud a rule speaks by destination; for one's own server, and where nothing is known, always aloud."""

    gateway: Voice = Voice.SILENT
    hosted: Voice = Voice.SILENT
    cloud: Voice = Voice.SILENT
    named: bool = False
    """It speaks aloud too where the user named a server or the proxy's YAML: that is what the rule is about."""

    def voice(self, where: Destination, *, named: bool) -> Voice:
        """Return how loud a rule speaks there."""
        if self.named and named:
            return Voice.ALOUD
        voices = {
            Destination.GATEWAY: self.gateway,
            Destination.HOSTED: self.hosted,
            Destination.CLOUD: self.cloud,
        }
        return voices.get(where, Voice.ALOUD)


OWN_SERVER = Audience()
"""Rules about a server of one's own."""
ANY_SERVER = Audience(gateway=Voice.NOTED)
"""Rules about any base URL; what holds for vLLM may not hold for a hosted one."""
ANYBODY = Audience(Voice.LOWERED, Voice.LOWERED, Voice.LOWERED)
"""Rules about the client itself, that a stranger's working settings need not be warned of."""
ALWAYS = Audience(Voice.ALOUD, Voice.ALOUD, Voice.ALOUD)
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
"""For whom the rules of a family speak, where a rule does not say otherwise."""


def heard(finding: Finding, voice: Voice) -> Finding | None:
    """Return a finding as loud as it may be, ``None`` for silence."""
    match voice:
        case Voice.SILENT:
            return None
        case Voice.LOWERED:
            return replace(finding, severity=Severity.INFO)
        case Voice.NOTED:
            return replace(finding, severity=Severity.INFO, fix=None, paste=None)
    return finding
