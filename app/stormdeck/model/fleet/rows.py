"""Build the rows of vLLM instances from answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from stormdeck.model.fleet.labels import Key, Naming, has_all, text_of
from stormdeck.model.fleet.queries import QUEUE_S, Name
from stormdeck.model.fleet.series import Labels, Series
from stormdeck.model.fleet.snapshot import GpuShare, Replica

STALE_SCRAPES = 2.5
"""Scrape intervals after which a last sample no longer shows that an instance is up."""
USUAL_INTERVAL_S = 60.0
"""Prometheus's own default, where the interval is not known."""
LEAST_TOKENS_PER_S = 1.0
"""The least prompt tokens a second that a hit rate is of."""

Values = dict[Key, float]


class Identity(NamedTuple):
    """What the labels of an instance name."""

    key: str
    name: str
    model: str
    version: str
    host: str
    pod: tuple[str, str]
    order: tuple[str, tuple[tuple[int, str], ...], str]
    """Its place among all instances: by model, then by name."""


class Table:
    """The newest values of one Prometheus, by what was asked and by instance."""

    def __init__(self, naming: Naming) -> None:
        self.naming = naming
        self.labels: dict[Key, Labels] = {}
        """Of every instance that was ever seen, without those inside it."""
        self._keys: dict[Key, Key] = {}
        """One object for each key: a look-up by the same object compares no labels."""
        self._values: dict[Name, Values] = {}
        self.series: dict[Name, tuple[Series, ...]] = {}
        """What is not about instances."""
        self._identities: dict[Key, tuple[Labels, Identity]] = {}

    def take(self, name: Name, series: tuple[Series, ...]) -> None:
        """Replace what a query gave before."""
        if name not in _OF_INSTANCES:
            self.series[name] = series
            return
        values: Values = {}
        for one in series:
            key = self.naming.key(one.labels)
            key = self._keys.setdefault(key, key)
            values[key] = max(one.value, values.get(key, one.value))
            if name in _NAMING and (key not in self.labels or name is Name.SCRAPED):
                self.labels[key] = one.labels
        self._values[name] = values

    def is_of_instances(self, name: Name) -> bool:
        """Return whether a query has a value for each instance that is scraped now."""
        return name in _OF_INSTANCES - {Name.KNOWN}

    def values(self, name: Name) -> Mapping[Key, float]:
        """Return the newest values of all instances."""
        return self._values.get(name, {})

    def identity(self, key: Key, place: str) -> Identity:
        """Return what the labels of an instance name; read once, and again if its model changes."""
        labels, kept = self.labels[key], self._identities.get(key)
        if kept is not None and kept[0] == labels:
            return kept[1]
        naming, text = self.naming, text_of(place, key)
        name, model = naming.name_of(labels), naming.model_of(labels)
        found = Identity(
            text,
            name,
            model,
            naming.version_of(labels),
            naming.host_of(labels),
            naming.pod_of(labels),
            (model, _natural(name), text),
        )
        self._identities[key] = labels, found
        return found

    def named(self, name: Name) -> tuple[Series, ...]:
        """Return the series of a query that is not about instances."""
        return self.series.get(name, ())


_NAMING = frozenset({Name.SCRAPED, Name.KNOWN})
_OF_INSTANCES = frozenset(Name) - {
    *(Name.DOWN, Name.IMAGE, Name.GPU_COUNT, Name.GPU_USE, Name.GPU_MEMORY, Name.GPU_POWER, Name.COUNT),
    *(Name.PROXY_KNOWN, Name.PROXY_REQUESTS, Name.PROXY_FAILURES, Name.PROXY_AGENTS, Name.PROXY_COOLDOWNS),
}


def replicas(table: Table, place: str, now: float, interval_s: float | None) -> tuple[Replica, ...]:
    """Return a row for each instance, numbered.

    One whose scrapes fail has no figures. One that is no longer scraped at all is left out: nothing says whether it
    should still be there.
    """
    failing = _failing(table.named(Name.DOWN), table.labels)
    stale_s = STALE_SCRAPES * (interval_s or USUAL_INTERVAL_S)
    scraped = table.values(Name.SCRAPED)
    shown: list[tuple[Identity, Key, bool]] = []
    for key in table.labels:
        at, fails = scraped.get(key), key in failing
        is_fresh = at is not None and (not fails or now - at <= stale_s)
        if is_fresh or fails:
            shown.append((table.identity(key, place), key, is_fresh))
    shown.sort(key=lambda one: one[0].order)
    make = _Maker(table)
    counts: dict[str, int] = {}
    rows = []
    for identity, key, is_fresh in shown:
        counts[identity.model] = number = counts.get(identity.model, 0) + 1
        rows.append(make.up(identity, key, number) if is_fresh else make.down(identity, key, number))
    return tuple(rows)


class _Maker:
    """Makes rows. Every value is looked up once: a fleet has thousands of rows, every few seconds."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._gpus, self._images = _Gpus(table), _images(table.named(Name.IMAGE))
        self._values = tuple(table.values(name) for name in _FIGURES)
        self._scraped = table.values(Name.SCRAPED)

    def down(self, one: Identity, key: Key, number: int) -> Replica:
        """Return the row of an instance without figures."""
        return Replica(
            key=one.key,
            name=one.name,
            model=one.model,
            up=False,
            version=self._version(one),
            host=one.host,
            gpu=self._gpus.of(one),
            scraped_at=self._scraped.get(key),
            number=number,
        )

    def up(self, one: Identity, key: Key, number: int) -> Replica:
        """Return the row of an instance with its figures."""
        found = [values.get(key) for values in self._values]
        running, waiting, kv, hits, asked, hits_before, asked_before, waited, before, p95, p50, *rest = found
        first, tokens, requests, preemptions = rest
        stays = waiting is not None and waited is not None and before is not None and waiting >= before
        return Replica(
            key=one.key,
            name=one.name,
            model=one.model,
            up=True,
            version=self._version(one),
            host=one.host,
            gpu=self._gpus.of(one),
            scraped_at=self._scraped.get(key),
            number=number,
            running=running,
            waiting=waiting,
            kv_cache=_share(kv),
            prefix_hits=_ratio(hits, asked),
            first_token_p95_s=_positive(p95),
            first_token_p50_s=_positive(p50),
            first_tokens=_rounded(first, 1),
            tokens_per_s=_rounded(tokens, 1),
            requests_per_s=_rounded(requests, 3),
            preemptions_per_s=_rounded(preemptions, 4),
            prefix_tokens_per_s=_rounded(asked, 1),
            prefix_hits_before=_ratio(hits_before, asked_before),
            waited_for_s=float(QUEUE_S) if stays else None,
        )

    def _version(self, one: Identity) -> str:
        return one.version or self._images.get(one.pod, "")


_FIGURES = (
    *(Name.RUNNING, Name.WAITING, Name.KV, Name.HITS, Name.QUERIES, Name.HITS_BEFORE, Name.QUERIES_BEFORE),
    *(Name.QUEUED, Name.QUEUED_BEFORE, Name.P95, Name.P50, Name.FIRST, Name.TOKENS, Name.REQUESTS, Name.PREEMPTIONS),
)


def numbered(rows: Iterable[Replica]) -> tuple[Replica, ...]:
    """Return the rows with their places among the instances of their model, by name."""
    counts: dict[str, int] = {}
    found = []
    for row in sorted(rows, key=lambda one: (one.model, _natural(one.name), one.key)):
        counts[row.model] = counts.get(row.model, 0) + 1
        found.append(replace(row, number=counts[row.model]) if row.number != counts[row.model] else row)
    return tuple(found)


@lru_cache(maxsize=8192)
def _natural(name: str) -> tuple[tuple[int, str], ...]:
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


class _Gpus:
    """The GPUs of each pod and each host."""

    def __init__(self, table: Table) -> None:
        naming = table.naming
        self._shares: dict[object, GpuShare] = {}
        names = (Name.GPU_USE, Name.GPU_MEMORY, Name.GPU_POWER)
        others = {name: {naming.key(one.labels): one.value for one in table.named(name)} for name in names}
        of_host: dict[str, list[GpuShare]] = {}
        for one in table.named(Name.GPU_COUNT):
            key = naming.key(one.labels)
            share = GpuShare(
                round(one.value),
                _share(others[Name.GPU_USE].get(key)),
                _share(others[Name.GPU_MEMORY].get(key)),
                _rounded(others[Name.GPU_POWER].get(key), 0),
            )
            # An exporter that attributes GPUs names the pod that uses them; a pod of its own is that of the exporter.
            if pod := one.labels.get("exported_pod"):
                self._shares[one.labels.get("exported_namespace", ""), pod] = share
            of_host.setdefault(naming.host_of(one.labels), []).append(share)
        self._shares |= {host: _joined(shares) for host, shares in of_host.items() if host}

    def of(self, one: Identity) -> GpuShare | None:
        """Return the GPUs of an instance: those of its pod, else those of its host."""
        return self._shares.get(one.pod) or self._shares.get(one.host)


def _joined(shares: list[GpuShare]) -> GpuShare:
    if len(shares) == 1:
        return shares[0]
    count = sum(one.count for one in shares)

    def mean(values: Iterable[tuple[float | None, int]]) -> float | None:
        known = [(value, weight) for value, weight in values if value is not None]
        weights = sum(weight for _, weight in known)
        return _share(sum(value * weight for value, weight in known) / weights) if weights else None

    power = [one.power_w for one in shares if one.power_w is not None]
    return GpuShare(
        count,
        mean((one.use, one.count) for one in shares),
        mean((one.memory, one.count) for one in shares),
        sum(power) if power else None,
    )


def _images(series: Iterable[Series]) -> dict[tuple[str, str], str]:
    """Return the version of each pod by the tag of its image: ``vllm/vllm-openai:v0.33.0``."""
    found = {}
    for one in series:
        tag = one.labels.get("image", "").partition("@")[0].rpartition(":")[2].removeprefix("v")
        if tag[:1].isdigit():
            found[one.labels.get("namespace", ""), one.labels.get("pod", "")] = tag[:20]
    return found


def _ratio(part: float | None, whole: float | None) -> float | None:
    if part is None or whole is None or whole < LEAST_TOKENS_PER_S:
        return None
    return _share(part / whole)


def _share(value: float | None) -> float | None:
    return None if value is None else round(min(1.0, max(0.0, value)), 3)


def _positive(value: float | None) -> float | None:
    return None if value is None or value < 0 else round(value, 3)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(max(0.0, value), digits)
