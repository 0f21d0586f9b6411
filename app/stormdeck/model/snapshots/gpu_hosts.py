"""Hold the GPUs of other machines, as exporters there report them."""

from __future__ import annotations

from dataclasses import dataclass

from stormdeck.model.snapshots.gpu import GpuSnapshot
from stormdeck.model.urls import host_of, is_loopback, port_of


@dataclass(frozen=True, slots=True)
class GpuHost:
    """The GPUs of one machine."""

    url: str
    """What was asked for them: the exporter's page."""
    snapshot: GpuSnapshot
    reported: str = ""
    """The machine's name as the exporter itself states it; empty if it does not."""

    @property
    def name(self) -> str:
        """Return the machine's short name: the host of the URL, or what is behind a forwarded port."""
        host = host_of(self.url)
        if host and not is_loopback(host):
            return host
        return self.reported or f":{port_of(self.url)}"

    def has(self, url: str) -> bool:
        """Return whether the server at a URL runs on this machine, by the host of both."""
        host, own = host_of(url), host_of(self.url)
        if is_loopback(host):
            return is_loopback(own)
        return host == own or is_same_name(host, self.reported)


@dataclass(frozen=True, slots=True)
class GpuHosts:
    """All machines whose GPUs are read from an exporter, in the order in which the user named them."""

    hosts: tuple[GpuHost, ...] = ()

    def of(self, url: str) -> GpuHost | None:
        """Return the machine of a server; of several exporters there, the first one that has figures."""
        found = [one for one in self.hosts if one.has(url)]
        return next((one for one in found if one.snapshot.gpus), next(iter(found), None))


def is_same_name(one: str, other: str) -> bool:
    """Return whether two host names are the same, where one may lack its domain.

    >>> is_same_name("gpu-box.lan", "GPU-BOX"), is_same_name("10.0.0.5", "10"), is_same_name("", "")
    (True, False, False)
    """
    first, second = one.lower().rstrip("."), other.lower().rstrip(".")
    if first == second:
        return bool(first)
    if first.replace(".", "").isdigit() or second.replace(".", "").isdigit():
        return False
    short = [name for name in (first, second) if "." not in name]
    return len(short) == 1 and bool(short[0]) and first.partition(".")[0] == second.partition(".")[0]
