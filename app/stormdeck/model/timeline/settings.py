"""Follow who writes the settings files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from stormdeck.model.masking.lines import mask_text
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot
from stormdeck.model.text import clean
from stormdeck.model.timeline.event import FLAP_S, HERE, LONGEST, OUTSIDE, UNWATCHED, Event, Kind

PREFIX = "settings "
"""How the key of a file begins among the remembered values."""
_FILES = {Scope.MANAGED, Scope.FLAG, Scope.LOCAL, Scope.PROJECT, Scope.USER}
_ABSENT = "-"
_NAMED = 4
"""Keys that are named; further ones are counted."""
_DIGITS = 16
_MOST = 20
"""Writes of this panel that are remembered until they are seen."""


class SettingsWrites:
    """Turn settings snapshots into events. ``known`` are the digests of an earlier run."""

    def __init__(self, known: Mapping[str, str], home: Path | None) -> None:
        self.known = {key: digest for key, digest in known.items() if key.startswith(PREFIX)}
        self._of_earlier = set(self.known)
        self._home = str(home) if home is not None else ""
        self._own: list[str] = []
        self._last: dict[str, SettingsFile] = {}
        self._events: dict[str, Event] = {}

    def note_own(self, digest: str) -> None:
        """Remember a write of this panel, before it is made."""
        self._own = [*self._own, digest[:_DIGITS]][-_MOST:]

    def take(self, settings: SettingsSnapshot, now: float) -> Iterator[Event]:
        """Yield each file that has changed."""
        for file in settings.files:
            if file.scope in _FILES and (file.error is None or not file.error.ours):
                yield from self._take(file, now)

    def _take(self, file: SettingsFile, now: float) -> Iterator[Event]:
        key, digest = f"{PREFIX}{file.path}", file.digest[:_DIGITS] if file.exists else _ABSENT
        before, last = self.known.get(key), self._last.get(key)
        self.known[key], self._last[key] = digest, file
        unwatched = key in self._of_earlier
        self._of_earlier.discard(key)
        if before is None or before == digest:
            return
        who = HERE if digest in self._own else UNWATCHED if unwatched else OUTSIDE
        keys = "" if digest == _ABSENT or last is None else _changed_keys(last.values, file.values)
        cause = "the file was removed" if digest == _ABSENT else keys
        recent = self._events.get(key)
        if recent is not None and recent.words == who and now - recent.moment < FLAP_S:
            more = ", ".join(dict.fromkeys(part for part in (recent.cause, cause) if part))
            event = replace(recent, now=digest, cause=more[:LONGEST], opened=now, count=recent.count + 1, seen=now)
        else:
            event = Event(
                Kind.SETTINGS, clean(str(file.path)), now, self._name(file.path), who, cause, now=digest, seen=now
            )
        self._events[key] = event
        yield event

    def _name(self, path: Path) -> str:
        text = str(path)
        inside = self._home and text.startswith(f"{self._home}/")
        return clean(f"~{text[len(self._home) :]}" if inside else text)


def _changed_keys(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    """Return the keys whose values differ, without the values: these can be secrets."""
    old, new = _flat(before), _flat(after)
    changed = sorted(key for key in old.keys() | new.keys() if old.get(key, ...) != new.get(key, ...))
    more = len(changed) - _NAMED
    shown = changed if more <= 0 else [*changed[:_NAMED], f"{more} more"]
    return mask_text(clean(", ".join(shown)))[:LONGEST]


def _flat(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values by key; those of ``env`` one by one."""
    env = values.get("env")
    inner = {str(name): value for name, value in env.items()} if isinstance(env, Mapping) else {}
    rest = {name: value for name, value in values.items() if name != "env" or not isinstance(env, Mapping)}
    return {**rest, **inner}
