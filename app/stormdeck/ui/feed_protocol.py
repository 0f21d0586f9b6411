"""What the panel needs of a feed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from textual.message import Message

from stormdeck.model.deck import Deck
from stormdeck.model.settings.scope import SettingsFile

if TYPE_CHECKING:
    from stormdeck.feed.reducer import Snapshot
    from stormdeck.model.canary.check import Check
    from stormdeck.model.canary.plan import Plan
    from stormdeck.model.canary.summary import CanaryReport


class Source(Protocol):
    """The feed as the panel sees it."""

    def start(self) -> None:
        """Begin; returns at once."""

    async def stop(self) -> None:
        """End; nothing runs on."""

    def search(self) -> None:
        """Look for servers and logs again."""

    def attention(self, given: bool) -> None:
        """Say whether anybody looks."""

    def plan_canary(self, deck: Deck) -> Plan | None:
        """Return what a canary would send."""

    async def run_canary(self, plan: Plan, hand: Callable[[Check], None]) -> CanaryReport:
        """Send a canary."""

    async def trust(self, folder: str, origin: str) -> str:
        """Keep that the user trusts a folder with a server; return why not, or nothing when it is kept."""

    async def save(self, file: SettingsFile, text: str) -> str:
        """Write a settings file; return why not, or nothing when it is written."""


class Arrived(Message):
    """A source has a new snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        super().__init__()

    def can_replace(self, message: Message) -> bool:
        """Replace a waiting snapshot of the same source."""
        return isinstance(message, Arrived) and type(message.snapshot) is type(self.snapshot)


class LogsGrew(Message):
    """Lines were added to the log book."""

    def can_replace(self, message: Message) -> bool:
        """One is as good as many: the views read the book."""
        return isinstance(message, LogsGrew)
