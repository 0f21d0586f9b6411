"""The message by which a screen or the palette asks the app to show another place.

A screen knows neither the other screens nor how they are opened::

    self.post_message(GoTo(RulePage("URL101")))
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from stormdeck.model.finding import Finding
from stormdeck.model.retries.storms.storm import Storm


@dataclass(frozen=True, slots=True)
class StormLines:
    """The log lines of a storm, from its first attempt on."""

    storm: Storm


@dataclass(frozen=True, slots=True)
class FixInForm:
    """The settings form, with the fix of a finding applied but not saved."""

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
    """The dialog that says what a canary would send."""


Place = StormLines | FixInForm | SettingRow | RulePage | CanaryPlan


class GoTo(Message):
    """Ask the app to show a place."""

    def __init__(self, place: Place) -> None:
        self.place = place
        super().__init__()
