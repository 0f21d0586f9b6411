"""Read the user's own keys, apply them to the actions, and report conflicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

from stormdeck.model.keys.action import Action, read_keys, shown_key
from stormdeck.model.keys.actions import ACTIONS, AREAS, DIALOGS, ENLARGED, EVERYWHERE


class Chosen(NamedTuple):
    """The keys that the user assigned to an action."""

    action: str
    """The action's id."""
    keys: str
    """Textual's names, separated by commas."""

    def __str__(self) -> str:
        return f"{self.action}={self.keys}"


_BY_ID = {action.id: action for action in ACTIONS}
_NUMBERED = {f"app.{area}": action.keys for area, _ in AREAS for action in ACTIONS if action.id == f"app.{area}"}
"""The number keys of the areas always work: messages all over the panel mention them."""


def read_chosen(text: str) -> Chosen:
    """Parse one assignment, or raise ``ValueError`` with what is wrong.

    >>> read_chosen("logs.follow=ctrl+f")
    Chosen(action='logs.follow', keys='ctrl+f')
    """
    name, separator, keys = (part.strip() for part in text.partition("="))
    if not separator:
        raise ValueError(f'expected ACTION=KEY such as logs.follow=ctrl+f, found "{text}"')
    if name not in _BY_ID:
        last = name.rpartition(".")[2]
        near = [known for known in _BY_ID if known.partition(".")[2] == last] or get_close_matches(name, _BY_ID, n=1)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; `stormdeck config init` lists them all"
        raise ValueError(f'unknown action "{name}"{hint}')
    try:
        return Chosen(name, ",".join(read_keys(keys)))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def keyed(chosen: Sequence[Chosen]) -> tuple[Action, ...]:
    """Return all actions with the user's keys."""
    keys = {name: ",".join(dict.fromkeys([*own.split(","), *_fixed_keys(name)])) for name, own in chosen}
    return tuple(replace(action, keys=keys[action.id]) if action.id in keys else action for action in ACTIONS)


def _fixed_keys(name: str) -> list[str]:
    return [_NUMBERED[name]] if name in _NUMBERED else []


def check_chosen(chosen: Sequence[Chosen]) -> None:
    """Raise ``ValueError`` if an action is assigned twice, or a key has two actions in one place."""
    names = [name for name, _ in chosen]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{name}: given twice")
    own = set(names)
    for place, key, one, other in clashes(keyed(chosen)):
        mine, theirs = (one, other) if one.id in own else (other, one)
        raise ValueError(
            f"{mine.id}: {shown_key(key)} is taken in {place} by {theirs.id} ({theirs.words}); "
            "choose another key, or assign that one another too"
        )


def clashes(actions: Sequence[Action]) -> Iterator[tuple[str, str, Action, Action]]:
    """Yield each place and key that two actions share."""
    # A key of an enlarged panel wins there over one that works everywhere.
    inner = (*DIALOGS, *(panel for panel, _ in ENLARGED))
    for place in (*(area for area, _ in AREAS), *inner):
        everywhere = [one for one in actions if one.place in EVERYWHERE and (place not in inner or one.priority)]
        taken: dict[str, Action] = {}
        for action in (*everywhere, *(one for one in actions if one.place == place)):
            for key in action.keys.split(","):
                if key in taken:
                    yield place, key, taken[key], action
                taken[key] = action
