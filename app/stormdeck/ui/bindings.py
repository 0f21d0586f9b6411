"""Turn the action registry into Textual's bindings, and choose what the key bar shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.binding import Binding

from stormdeck.model.keys.action import Action
from stormdeck.model.keys.actions import ACTIONS

if TYPE_CHECKING:
    from textual.actions import ActionParseResult


def bindings(place: str, *, inner: bool = False) -> list[Binding | tuple[str, str] | tuple[str, str, str]]:
    """Return the bindings of a place, or with ``inner`` those of the list in it."""
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
    """Return whether an action of an area changes Claude Code's settings, or restarts a server."""
    name = call.partition("(")[0].rpartition(".")[2] if isinstance(call, str) else call[1]
    return any(action.writes and action.place == area and action.call == name for action in ACTIONS)


def footer(place: str, actions: Iterable[Action], *, replay: bool = False) -> list[Action]:
    """Return the few keys that matter in an area: those of a recording that plays, its own, the common ones."""
    shown = [action for action in actions if action.footer]
    places = ("replay", place, "app") if replay else (place, "app")
    return [one for where in places for one in shown if one.place == where]
