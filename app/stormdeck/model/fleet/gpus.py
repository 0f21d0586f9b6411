"""Find the GPUs of an instance among those that exporters report."""

from __future__ import annotations

from collections.abc import Iterable

from stormdeck.model.fleet.queries import Name
from stormdeck.model.fleet.snapshot import GpuShare
from stormdeck.model.fleet.table import Instance, Table
from stormdeck.model.fleet.values import rounded, share


class Gpus:
    """The GPUs of each pod and each host."""

    def __init__(self, table: Table) -> None:
        naming = table.naming
        self._shares: dict[object, GpuShare] = {}
        names = (Name.GPU_USE, Name.GPU_MEMORY, Name.GPU_POWER)
        others = {name: {naming.key(one.labels): one.value for one in table.named(name)} for name in names}
        of_host: dict[str, list[GpuShare]] = {}
        for one in table.named(Name.GPU_COUNT):
            key = naming.key(one.labels)
            found = GpuShare(
                round(one.value),
                share(others[Name.GPU_USE].get(key)),
                share(others[Name.GPU_MEMORY].get(key)),
                rounded(others[Name.GPU_POWER].get(key), 0),
            )
            # An exporter that attributes GPUs names the pod that uses them; a pod of its own is that of the exporter.
            if pod := one.labels.get("exported_pod"):
                self._shares[one.labels.get("exported_namespace", ""), pod] = found
            of_host.setdefault(naming.host_of(one.labels), []).append(found)
        self._shares |= {host: _joined(shares) for host, shares in of_host.items() if host}

    def of(self, instance: Instance) -> GpuShare | None:
        """Return the GPUs of an instance: those of its pod, else those of its host."""
        return self._shares.get(instance.pod) or self._shares.get(instance.host)


def _joined(shares: list[GpuShare]) -> GpuShare:
    if len(shares) == 1:
        return shares[0]
    count = sum(one.count for one in shares)

    def mean(values: Iterable[tuple[float | None, int]]) -> float | None:
        known = [(value, weight) for value, weight in values if value is not None]
        weights = sum(weight for _, weight in known)
        return share(sum(value * weight for value, weight in known) / weights) if weights else None

    power = [one.power_w for one in shares if one.power_w is not None]
    return GpuShare(
        count,
        mean((one.use, one.count) for one in shares),
        mean((one.memory, one.count) for one in shares),
        sum(power) if power else None,
    )
