"""Define the messages that the feed and the screens post to the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from stormdeck.model.finding import Finding
from stormdeck.model.retries.storms.storm import Storm

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


@dataclass(frozen=True, slots=True)
class StormLines:
    """The log lines of a storm, from its first attempt on."""

    storm: Storm


@dataclass(frozen=True, slots=True)
class LogMoment:
    """The log lines of a moment."""

    at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class FixInForm:
    """The settings form with the fix of a finding applied, not saved."""

    finding: Finding


@dataclass(frozen=True, slots=True)
class SettingRow:
    """The row of a setting in the form."""

    path: str


@dataclass(frozen=True, slots=True)
class RulePage:
    """The page of a rule."""

    code: str


@dataclass(frozen=True, slots=True)
class CanaryPlan:
    """The dialog that shows what a canary would send."""


@dataclass(frozen=True, slots=True)
class HistoryMoment:
    """The figures of a moment, in the enlarged history."""

    at: float
    """Unix seconds."""


Place = StormLines | LogMoment | HistoryMoment | FixInForm | SettingRow | RulePage | CanaryPlan


class GoTo(Message):
    """Ask the app to show a place. A screen knows neither the other screens nor how they are opened.

    For example, from a screen or the palette: ``self.post_message(GoTo(RulePage("URL101")))``.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        super().__init__()
