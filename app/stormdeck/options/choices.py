"""Keep what the user chooses inside the panel, but never over an option that the user has given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from stormdeck.model.panel_choices import Choices
from stormdeck.options import Options
from stormdeck.options.declared import OriginKind, refusal
from stormdeck.sources.state.choices import ChoiceStore


def with_choices(options: Options, chosen: Choices) -> Options:
    """Return the options with what was chosen, where they are at their defaults."""
    values: dict[str, Any] = {"panels": chosen.panels, "density": chosen.density, "poll": chosen.poll}
    wanted = {name: value for name, value in values.items() if value is not None and _is_free(options, name)}
    return replace(options, **wanted)


def _is_free(options: Options, name: str) -> bool:
    return options.origin(name).kind is OriginKind.DEFAULT


class ChoiceKeeper:
    """Saves choices one by one, into what another panel may have saved meanwhile."""

    def __init__(self, options: Options, store: ChoiceStore) -> None:
        self._options = options
        self._store = store

    def keep(self, name: str, value: object) -> str:
        """Save the choice that stands for an option; return why it will not hold at the next start, or nothing."""
        if self._options.readonly:
            return f"Until you quit: the panel is {refusal(self._options)}"
        if not _is_free(self._options, name):
            return f"Until you quit: at the next start {self._options.origin(name)} sets {name}."
        chosen: dict[str, Any] = {name: value}
        return self._store.save(replace(self._store.load(), **chosen))
