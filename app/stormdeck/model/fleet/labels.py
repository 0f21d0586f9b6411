"""Find what the labels of a series name: they differ from site to site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from stormdeck.model.fleet.access import PrometheusAccess
from stormdeck.model.fleet.series import Labels
from stormdeck.model.masking.lines import mask_text
from stormdeck.model.text import clean

MODELS = ("model_name", "model", "served_model_name")
"""vLLM's own label first; the others come from relabelling."""
_PODS = ("pod", "pod_name", "kubernetes_pod_name", "exported_pod")
_NAMES = (*_PODS, "instance", "exported_instance", "host", "job")
_HOSTS = ("node", "Hostname", "hostname", "nodename", "kubernetes_node", "node_name", "host")
_VERSIONS = ("vllm_version", "litellm_version", "app_kubernetes_io_version", "version")
_GATHERED = {"prometheus", "prometheus_replica", "receive", "tenant_id"}
"""Labels of the Prometheus that scraped, which the same instance may have twice."""
_LONGEST = 120

Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Naming:
    """How the labels of one Prometheus are read."""

    model: tuple[str, ...] = MODELS
    name: tuple[str, ...] = _NAMES
    host: tuple[str, ...] = _HOSTS

    def key(self, labels: Labels) -> Key:
        """Return what identifies an instance: all labels but that of the model."""
        return tuple(sorted(item for item in labels.items() if item[0] not in self.model))

    def model_of(self, labels: Labels) -> str:
        """Return the model that a series is about, empty if no label names it."""
        return _first(labels, self.model)

    def name_of(self, labels: Labels) -> str:
        """Return what a user calls an instance: its pod, or ``host:port``."""
        return _first(labels, self.name) or "unnamed"

    def host_of(self, labels: Labels) -> str:
        """Return the host of an instance or an exporter, without a port."""
        return _first(labels, self.host) or host_part(labels.get("instance", ""))

    def pod_of(self, labels: Labels) -> tuple[str, str]:
        """Return namespace and pod, each empty if no label names it."""
        return _first(labels, ("namespace", "exported_namespace", "kubernetes_namespace")), _first(labels, _PODS)

    def version_of(self, labels: Labels) -> str:
        """Return the version that a label of the target names, empty if none does."""
        return _first(labels, _VERSIONS).removeprefix("v")


def naming_of(access: PrometheusAccess) -> Naming:
    """Return how labels are read, with those that the user named first."""

    def chosen(own: str, usual: tuple[str, ...]) -> tuple[str, ...]:
        return (own, *usual) if own else usual

    return Naming(chosen(access.model, MODELS), chosen(access.instance, _NAMES), chosen(access.host, _HOSTS))


def host_part(instance: str) -> str:
    """Return the host of ``host:port``, also of ``[::1]:8000``.

    >>> host_part("gpu-1:8000"), host_part("[::1]:8000"), host_part("gpu-1")
    ('gpu-1', '::1', 'gpu-1')
    """
    if instance.startswith("["):
        return instance[1:].partition("]")[0]
    host, separator, port = instance.rpartition(":")
    return host if separator and port.isdecimal() and ":" not in host else instance


def has_all(labels: Labels, wanted: Mapping[str, str]) -> bool:
    """Return whether two series that share labels have the same values there."""
    return all(labels.get(name, value) == value for name, value in wanted.items())


def jobs_of(every: Iterable[Key]) -> set[str]:
    """Return the jobs of instances."""
    return {value for key in every for name, value in key if name == "job"}


def text_of(place: str, key: Key) -> str:
    """Return a key as a text that is unique among all Prometheus servers."""
    return place + "{" + ",".join(f"{name}={value}" for name, value in key if name not in _GATHERED) + "}"


def _first(labels: Labels, names: Iterable[str]) -> str:
    return next((shown(value) for name in names if (value := labels.get(name))), "")


@lru_cache(maxsize=8192)
def shown(value: str) -> str:
    """Return the value of a label without control characters and secrets, shortened; kept, as it comes again."""
    return mask_text(clean(value[: 4 * _LONGEST]))[:_LONGEST]
