"""The registry of actions as Textual takes it: bindings for each place, and what its footer shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.binding import Binding

from stormdeck.model.keys.action import Action
from stormdeck.model.keys.actions import ACTIONS

if TYPE_CHECKING:
    from textual.actions import ActionParseResult


def bindings(place: str, *, inner: bool = False) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Return the bindings of a place, each with its id and tooltip; ``inner``: those of its list."""
    return [
        Binding(
            action.keys,
            action.call,
            action.words,
            id=action.id,
            tooltip=action.help,
            show=action.footer,
            priority=action.priority,
        )
        for action in ACTIONS
        if action.place == place and action.inner is inner
    ]


def writes(area: str, call: str | ActionParseResult) -> bool:
    """Say whether an action string of an area stands for what changes the client's settings."""
    name = call.partition("(")[0].rpartition(".")[2] if isinstance(call, str) else call[1]
    return any(action.writes and action.place == area and action.call == name for action in ACTIONS)


def footer(place: str, actions: Iterable[Action]) -> list[Action]:
    """Return the few keys that matter in an area, its own before the common ones."""
    shown = [action for action in actions if action.footer]
    return [one for one in shown if one.place == place] + [one for one in shown if one.place == "app"]
