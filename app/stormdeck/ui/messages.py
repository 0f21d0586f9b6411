"""What the feed tells the app. Each replaces an older one of its sort that still waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from stormdeck.feed.reduce import Snapshot


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
