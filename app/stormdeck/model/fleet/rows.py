"""Build the rows of vLLM instances from answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from stormdeck.model.fleet.gpus import Gpus
from stormdeck.model.fleet.labels import Key
from stormdeck.model.fleet.queries import QUEUE_S, Name
from stormdeck.model.fleet.series import Series
from stormdeck.model.fleet.snapshot import GpuShare, Replica
from stormdeck.model.fleet.table import Instance, Table, natural
from stormdeck.model.fleet.values import positive, ratio, rounded, share

STALE_SCRAPES = 2.5
"""Scrape intervals after which a last sample no longer shows that an instance is up."""
USUAL_INTERVAL_S = 60.0
"""Prometheus's own default, where the interval is not known."""


def replicas(table: Table, now: float, interval_s: float | None) -> tuple[Replica, ...]:
    """Return a row for each instance, by model and name.

    One whose scrapes fail has no figures. One that is no longer scraped at all is left out: nothing says whether it
    should still be there.
    """
    failing, scraped = table.failing(), table.values(Name.SCRAPED)
    gpus, images = Gpus(table), _images(table.named(Name.IMAGE))
    stale_s = STALE_SCRAPES * (interval_s or USUAL_INTERVAL_S)
    shown = []
    for key in table.labels:
        at = scraped.get(key)
        is_fresh = at is not None and (key not in failing or now - at <= stale_s)
        if is_fresh or key in failing:
            shown.append((table.instance(key), key, is_fresh))
    shown.sort(key=lambda one: (one[0].model, one[0].order, one[0].text))
    figures, counts, rows = _Figures(table), dict[str, int](), []
    for instance, key, is_fresh in shown:
        number = counts[instance.model] = counts.get(instance.model, 0) + 1
        version = instance.version or images.get(instance.pod, "")
        gpu = gpus.of(instance)
        if is_fresh:
            rows.append(figures.row(key, instance, number, version, gpu))
        else:
            rows.append(_bare(instance, number, version, gpu, scraped.get(key)))
    return tuple(rows)


def _bare(instance: Instance, number: int, version: str, gpu: GpuShare | None, at: float | None) -> Replica:
    """Return the row of an instance that is down."""
    return Replica(
        key=instance.text,
        name=instance.name,
        model=instance.model,
        up=False,
        version=version,
        host=instance.host,
        gpu=gpu,
        scraped_at=at,
        number=number,
    )


class _Figures:
    """The values of all instances, by what was asked."""

    def __init__(self, table: Table) -> None:
        self._of = {name: table.values(name) for name in Name}

    def row(self, key: Key, instance: Instance, number: int, version: str, gpu: GpuShare | None) -> Replica:
        """Return the row of an instance that is up."""
        of = self._of
        asked, waiting = of[Name.QUERIES].get(key), of[Name.WAITING].get(key)
        waited, before = of[Name.QUEUED].get(key), of[Name.QUEUED_BEFORE].get(key)
        stays = waiting is not None and waited is not None and before is not None and waiting >= before
        return Replica(
            key=instance.text,
            name=instance.name,
            model=instance.model,
            up=True,
            running=of[Name.RUNNING].get(key),
            waiting=waiting,
            kv_cache=share(of[Name.KV].get(key)),
            prefix_hits=ratio(of[Name.HITS].get(key), asked),
            first_token_p95_s=positive(of[Name.P95].get(key)),
            tokens_per_s=rounded(of[Name.TOKENS].get(key), 1),
            requests_per_s=rounded(of[Name.REQUESTS].get(key), 3),
            preemptions_per_s=rounded(of[Name.PREEMPTIONS].get(key), 4),
            version=version,
            host=instance.host,
            gpu=gpu,
            scraped_at=of[Name.SCRAPED].get(key),
            number=number,
            first_token_p50_s=positive(of[Name.P50].get(key)),
            first_tokens=rounded(of[Name.FIRST].get(key), 1),
            prefix_tokens_per_s=rounded(asked, 1),
            prefix_hits_before=ratio(of[Name.HITS_BEFORE].get(key), of[Name.QUERIES_BEFORE].get(key)),
            waited_for_s=float(QUEUE_S) if stays else None,
        )


def numbered(rows: Iterable[Replica]) -> tuple[Replica, ...]:
    """Return the rows of several Prometheus servers with their places among all instances of their model."""
    counts: dict[str, int] = {}
    found = []
    for row in sorted(rows, key=lambda one: (one.model, natural(one.name), one.key)):
        counts[row.model] = counts.get(row.model, 0) + 1
        found.append(replace(row, number=counts[row.model]))
    return tuple(found)


def _images(series: Iterable[Series]) -> dict[tuple[str, str], str]:
    """Return the version of each pod by the tag of its image: ``vllm/vllm-openai:v0.33.0``."""
    found = {}
    for one in series:
        tag = one.labels.get("image", "").partition("@")[0].rpartition(":")[2].removeprefix("v")
        if tag[:1].isdigit():
            found[one.labels.get("namespace", ""), one.labels.get("pod", "")] = tag[:20]
    return found
