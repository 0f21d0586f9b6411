"""Define the messages that the feed posts to the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from stormdeck.feed.reducer import Snapshot


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
        """Replace any waiting one: the views read the book, not the message."""
        return isinstance(message, LogsGrew)
