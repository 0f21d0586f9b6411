"""Plan a switch of one settings file: the new text, and what is to be said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stormdeck.model.json_edit.document import Document
from stormdeck.model.profiles.keys import PATH_KEYS, path_values
from stormdeck.model.profiles.profile import Profile, Standing, is_secret, standing_of
from stormdeck.model.profiles.switch import same, switched
from stormdeck.model.settings.scope import Scope, SettingsSnapshot

_WHO = {Scope.SHELL: "the shell", Scope.CLIENT: "~/.claude.json"}


@dataclass(frozen=True, slots=True)
class Layouts:
    """What is remembered of one settings file."""

    last: str | None = None
    """The profile that was put into it last, or saved from it."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """The whole text of the file when it last had a profile, by the profile's name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A switch that is prepared but not written."""

    profile: Profile
    before: Standing
    """Which profile the file has now."""
    document: Document
    """The file with the profile."""
    paths: tuple[str, ...]
    """The settings whose values change."""
    lost: str
    """Why values of the file are in no profile, and how to keep them; empty if all are."""

    def notes(self, after: SettingsSnapshot, scope: Scope) -> tuple[str, ...]:
        """Return what else to know before it is written, a sentence each; ``after`` are the settings with it."""
        return (*filter(None, (self.lost, _shared(self.profile, scope))), *still_set(after, self.profile))


def plan(document: Document, profile: Profile, profiles: tuple[Profile, ...], layouts: Layouts) -> Plan:
    """Return the switch of a file to a profile. Raises ``NotPossibleError``."""
    remembered = Document.parse(layouts.texts[profile.name]) if profile.name in layouts.texts else None
    values = path_values(document)
    before = standing_of(values, profiles, layouts.last)
    after = switched(document, profile.values, remembered if isinstance(remembered, Document) else None)
    return Plan(profile, before, after, _changed(values, profile.values), _lost(before, values, profile))


def still_set(settings: SettingsSnapshot, profile: Profile) -> tuple[str, ...]:
    """Return which settings are in effect although the profile lacks them, a sentence for each scope that sets them.

    ``settings`` are those after the switch.
    """
    found: dict[Scope, list[str]] = {}
    for path in sorted(PATH_KEYS - profile.values.keys()):
        if path in settings.effective:
            found.setdefault(settings.effective[path].scope, []).append(path)
    return tuple(
        f"Not in the profile, but still set by {_WHO.get(scope, f'the {scope.value} settings')}: {', '.join(paths)}."
        for scope, paths in found.items()
    )


def _shared(profile: Profile, scope: Scope) -> str:
    """Return that the file is meant for others too, if the profile has a secret."""
    if scope is not Scope.PROJECT or not any(is_secret(path, value) for path, value in profile.values.items()):
        return ""
    return "It has a secret, and the project's settings are shared with a team: the local settings are yours alone."


def _changed(old: Mapping[str, object], new: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(
        path
        for path in dict.fromkeys((*old, *new))
        if (path in old) != (path in new) or not same(old.get(path), new.get(path))
    )


def _lost(before: Standing, values: Mapping[str, object], profile: Profile) -> str:
    if not values or same(values, profile.values):
        return ""
    save = "stormdeck use --save"
    if before.name is None:
        return f"The file's present values are in no profile: `{save} NAME` keeps them for later."
    if before.changed:
        return f"The file was changed since it got the profile {before.name}: `{save} {before.name}` keeps the changes."
    return ""
