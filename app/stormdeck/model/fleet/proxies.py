"""Build the rows of LiteLLM proxies from answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from stormdeck.model.fleet.labels import Key, has_all, shown, text_of
from stormdeck.model.fleet.queries import MOST_AGENTS, PROXY_INSIDE, Name
from stormdeck.model.fleet.series import Labels, Series
from stormdeck.model.fleet.snapshot import ProxyRow
from stormdeck.model.fleet.table import Table

_MOST_CLASSES = 12
_MOST_COOLDOWNS = 8
_NONE = {"", "None"}
"""What LiteLLM writes for a label that has no value (read, 1.110.2)."""

Rates = dict[Key, dict[str, float]]


def proxies(table: Table, place: str, remembered: dict[Key, Labels]) -> tuple[ProxyRow, ...]:
    """Return a row for each proxy, by name; ``remembered`` keeps those seen, since one that is down has no figures."""
    known, labels = _by_proxy(table.named(Name.PROXY_KNOWN), ())
    requests, of_requests = _by_proxy(table.named(Name.PROXY_REQUESTS), ())
    failures, of_failures = _by_proxy(table.named(Name.PROXY_FAILURES), ("exception_class", "exception_status"))
    agents, _ = _by_proxy(table.named(Name.PROXY_AGENTS), ("user_agent",))
    cooled, of_cooled = _by_proxy(table.named(Name.PROXY_COOLDOWNS), ("litellm_model_name", "api_base"))
    remembered |= {**of_cooled, **labels, **of_failures, **of_requests}
    failing = [one.labels for one in table.named(Name.DOWN)]
    rows = []
    for key, named in remembered.items():
        fails = any(_is_target(named, one) for one in failing)
        if not fails and key not in requests and key not in known and key not in cooled:
            continue
        rate = sum(requests[key].values()) if key in requests else None
        rows.append(
            ProxyRow(
                key=text_of(place, key),
                name=table.naming.name_of(named),
                up=not fails,
                requests_per_s=None if fails or rate is None else round(rate, 3),
                failures_per_s={} if fails else _largest(failures.get(key, {}), _MOST_CLASSES),
                cooldowns=() if fails else tuple(_largest(cooled.get(key, {}), _MOST_COOLDOWNS)),
                user_agents={} if fails else _largest(agents.get(key, {}), MOST_AGENTS),
                version=table.naming.version_of(named),
            )
        )
    return tuple(sorted(rows, key=lambda one: (one.name, one.key)))


def _is_target(labels: Labels, target: Labels) -> bool:
    return all(labels.get(name) == target.get(name) for name in ("job", "instance")) and has_all(labels, target)


def _by_proxy(series: Iterable[Series], kept: tuple[str, ...]) -> tuple[Rates, dict[Key, Labels]]:
    """Return the sums by proxy and by the labels that are kept, and the labels of each proxy."""
    found: Rates = defaultdict(lambda: defaultdict(float))
    labels: dict[Key, Labels] = {}
    for one in series:
        outer = {name: value for name, value in one.labels.items() if name not in PROXY_INSIDE}
        key = tuple(sorted(outer.items()))
        labels[key] = outer
        found[key][_words(one.labels, kept)] += one.value
    return {key: dict(values) for key, values in found.items()}, labels


def _words(labels: Labels, kept: tuple[str, ...]) -> str:
    """Return what kept labels say: ``RateLimitError 429``, ``hosted_vllm/qwen at http://gpu-1:8000/v1``."""
    values = [shown(value) for name in kept if (value := labels.get(name, "")) not in _NONE]
    if "exception_class" in kept and values:
        # With the provider before it: Hosted_vllm.InternalServerError (measured, 1.110.2).
        values[0] = values[0].rpartition(".")[2]
    return (" at " if "api_base" in kept else " ").join(values) or "unknown" * bool(kept)


def _largest(values: Mapping[str, float], most: int) -> dict[str, float]:
    ordered = sorted(values.items(), key=lambda item: (-item[1], item[0]))
    return {name: round(value, 4) for name, value in ordered[:most]}
