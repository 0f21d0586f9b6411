"""Keep the newest answers of one Prometheus, by what was asked and by instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stormdeck.model.fleet.labels import Key, Naming, has_all, text_of
from stormdeck.model.fleet.queries import Name
from stormdeck.model.fleet.series import Labels, Series

Values = dict[Key, float]
Order = tuple[tuple[int, str], ...]
_NAMING = frozenset({Name.SCRAPED, Name.KNOWN})
_OF_INSTANCES = frozenset(Name) - {
    *(Name.DOWN, Name.IMAGE, Name.GPU_COUNT, Name.GPU_USE, Name.GPU_MEMORY, Name.GPU_POWER, Name.COUNT),
    *(Name.PROXY_KNOWN, Name.PROXY_REQUESTS, Name.PROXY_FAILURES, Name.PROXY_AGENTS, Name.PROXY_COOLDOWNS),
}


class Instance(NamedTuple):
    """What the labels of an instance name; read once, since they come with every answer."""

    text: str
    """Its key as a text, unique among all Prometheus servers."""
    name: str
    model: str
    host: str
    version: str
    pod: tuple[str, str]
    order: Order


class Table:
    """The newest values of one Prometheus."""

    def __init__(self, naming: Naming, place: str) -> None:
        self.naming = naming
        self.labels: dict[Key, Labels] = {}
        """Of every instance that was seen lately, without those inside it."""
        self._place = place
        self._keys: dict[tuple[tuple[str, str], ...], Key] = {}
        self._instances: dict[Key, Instance] = {}
        self._values: dict[Name, Values] = {}
        self._series: dict[Name, tuple[Series, ...]] = {}

    def take(self, name: Name, series: tuple[Series, ...]) -> None:
        """Replace what a query gave before."""
        if name not in _OF_INSTANCES:
            self._series[name] = series
            return
        values: Values = {}
        for labels, value in series:
            as_sent = tuple(labels.items())
            key = self._keys.get(as_sent)
            if key is None:
                key = self._keys[as_sent] = self.naming.key(labels)
            values[key] = value if key not in values else max(value, values[key])
            if name in _NAMING and self.labels.get(key) != labels and (name is Name.SCRAPED or key not in self.labels):
                self.labels[key] = labels
                self._instances.pop(key, None)
        self._values[name] = values

    def drop(self, name: Name) -> None:
        """Forget what a query gave: it has no answer now."""
        self._values.pop(name, None)
        self._series.pop(name, None)

    def forget(self) -> None:
        """Forget the instances that were not scraped for long and are no target any more: pods come and go."""
        known = self._values.get(Name.KNOWN)
        if known is None:
            return
        kept = known.keys() | self._values.get(Name.SCRAPED, {}).keys() | self.failing()
        if len(kept) < len(self.labels):
            self.labels = {key: labels for key, labels in self.labels.items() if key in kept}
            self._instances = {key: one for key, one in self._instances.items() if key in kept}
            self._keys = {}

    def is_of_instances(self, name: Name) -> bool:
        """Return whether a query has a value for each instance that is scraped now."""
        return name in _OF_INSTANCES - {Name.KNOWN}

    def values(self, name: Name) -> Mapping[Key, float]:
        """Return the values of a query by instance."""
        return self._values.get(name, {})

    def named(self, name: Name) -> tuple[Series, ...]:
        """Return the series of a query that is not about instances."""
        return self._series.get(name, ())

    def instance(self, key: Key) -> Instance:
        """Return what the labels of an instance name."""
        found = self._instances.get(key)
        if found is None:
            labels, naming = self.labels[key], self.naming
            name = naming.name_of(labels)
            found = self._instances[key] = Instance(
                text_of(self._place, key),
                name,
                naming.model_of(labels),
                naming.host_of(labels),
                naming.version_of(labels),
                naming.pod_of(labels),
                natural(name),
            )
        return found

    def failing(self) -> set[Key]:
        """Return the instances whose scrapes fail."""
        return _failing(self.named(Name.DOWN), self.labels)


def _failing(down: Iterable[Series], labels: Mapping[Key, Labels]) -> set[Key]:
    """Return the instances whose scrapes fail. ``up`` has the labels of the target, a series may have more."""
    by_target: dict[tuple[str | None, str | None], list[Key]] = {}
    for key, known in labels.items():
        by_target.setdefault((known.get("job"), known.get("instance")), []).append(key)
    found: set[Key] = set()
    for one in down:
        target = one.labels.get("job"), one.labels.get("instance")
        found.update(key for key in by_target.get(target, ()) if has_all(labels[key], one.labels))
    return found


def natural(name: str) -> Order:
    """Return a key that sorts numbers in a name by value."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for character in f"{name}\0":
        if character.isascii() and character.isdigit():
            digits += character
            continue
        if digits:
            parts.append((int(digits[:18]), ""))
            digits = ""
        parts.append((-1, character))
    return tuple(parts)
