"""Write the queries about all instances at once, in PromQL.

vLLM's names: measured, 0.28 to 0.33 (docs/facts/vllm.md). LiteLLM's: read in 1.110.2,
``types/integrations/prometheus.py``. GPUs: NVIDIA's dcgm-exporter and nvidia_gpu_exporter (docs/facts/prometheus.md).

A query sums over the labels that are inside an instance, and keeps all others: so it needs no names of labels that
differ from site to site.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

INSIDE = ("engine",)
"""Labels that tell the engines of one instance apart (``--data-parallel-size``)."""
PROXY_INSIDE = (
    *("end_user", "hashed_api_key", "api_key_alias", "requested_model", "team", "team_alias", "user", "user_email"),
    *("user_alias", "status_code", "route", "client_ip", "user_agent", "model_id", "api_provider", "exception_status"),
    *("exception_class", "rate_limit_category", "rate_limit_type", "litellm_model_name", "model", "model_group"),
    *("api_base", "org_id", "org_alias", "project_id", "project_alias", "tag", "fallback_model", "stream"),
)
"""Labels that LiteLLM gives its metrics: what is left names the proxy."""
GPU_INSIDE = (
    *("gpu", "UUID", "uuid", "device", "modelName", "name", "pci_bus_id", "GPU_I_ID", "GPU_I_PROFILE", "err_code"),
    *("err_msg", "DCGM_FI_DRIVER_VERSION"),
)
WAITING = "vllm:num_requests_waiting"
KNOWN_S = 3600
"""How long ago an instance may have been scraped for the last time to be missed."""
LATE_S, COOLED_S = 300, 600
"""Over how long first tokens, hits and preemptions are counted; and cooldowns, in seconds."""
QUEUE_S = 600
"""How long requests must wait at every scrape for a queue that does not drain."""
BEFORE_S = 3600
"""How long a hit rate before is taken over, up to ``BEFORE_S / 3`` ago."""
LEAST_SCRAPES = 4
"""The least scrapes that a rate is taken over: two, and two that may fail."""
MOST_ROWS = 2000
"""Instances that are shown at most."""
MOST_AGENTS = 8
MOST_JOBS = 40
"""Jobs that a query names at most; above that, it asks for all."""


class Name(StrEnum):
    """What a query asks for."""

    COUNT = "count"
    RUNNING = "running"
    WAITING = "waiting"
    KV = "kv"
    TOKENS = "tokens"
    SCRAPED = "scraped"
    DOWN = "down"
    P95 = "p95"
    P50 = "p50"
    FIRST = "first"
    HITS = "hits"
    QUERIES = "queries"
    PREEMPTIONS = "preemptions"
    REQUESTS = "requests"
    KNOWN = "known"
    QUEUED = "queued"
    QUEUED_BEFORE = "queued before"
    HITS_BEFORE = "hits before"
    QUERIES_BEFORE = "queries before"
    PROXY_KNOWN = "proxies"
    PROXY_REQUESTS = "proxy requests"
    PROXY_FAILURES = "proxy failures"
    PROXY_AGENTS = "proxy agents"
    PROXY_COOLDOWNS = "proxy cooldowns"
    GPU_COUNT = "gpus"
    GPU_USE = "gpu use"
    GPU_MEMORY = "gpu memory"
    GPU_POWER = "gpu power"
    IMAGE = "image"


class Queries:
    """The queries for one Prometheus, with its labels that a series must have."""

    def __init__(self, only: Sequence[tuple[str, str]] = (), interval_s: float | None = None) -> None:
        self._only = [f"{label}={quoted(value)}" for label, value in only]
        least = LEAST_SCRAPES * (interval_s or 15.0)
        self._short, self._long = _span(max(60.0, least)), _span(max(LATE_S, least))

    def count(self) -> str:
        """Ask how many engines there are: one number, however many."""
        return f"count({self._s(WAITING)})"

    def fast(self) -> dict[Name, str]:
        """Ask for what changes with every scrape."""
        return {
            Name.RUNNING: self._total(self._s("vllm:num_requests_running")),
            Name.WAITING: self._total(self._s(WAITING)),
            Name.KV: _by("max", INSIDE, self._either("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc")),
            Name.TOKENS: self._total(self._rate("vllm:generation_tokens_total", self._short)),
            Name.SCRAPED: _by("max", INSIDE, f"timestamp({self._s(WAITING)})"),
        }

    def down(self, jobs: Iterable[str]) -> dict[Name, str]:
        """Ask which targets of these jobs cannot be scraped."""
        named = sorted(set(jobs))
        if not named:
            return {}
        matcher = f"job=~{quoted('|'.join(_literal(job) for job in named))}" if len(named) <= MOST_JOBS else ""
        return {Name.DOWN: f"{self._s('up', matcher)} == 0"}

    def slow(self) -> dict[Name, str]:
        """Ask for what is taken over minutes."""
        buckets = self._total(self._rate("vllm:time_to_first_token_seconds_bucket", self._long))
        return {
            Name.P95: f"histogram_quantile(0.95, {buckets})",
            Name.P50: f"histogram_quantile(0.5, {buckets})",
            Name.FIRST: self._total(f"increase({self._s('vllm:time_to_first_token_seconds_count')}[{self._long}])"),
            Name.HITS: self._total(self._cache("hits", self._long)),
            Name.QUERIES: self._total(self._cache("queries", self._long)),
            Name.PREEMPTIONS: self._total(self._rate("vllm:num_preemptions_total", self._long)),
            Name.REQUESTS: _by(
                "sum", (*INSIDE, "finished_reason"), self._rate("vllm:request_success_total", self._short)
            ),
        }

    def rare(self) -> dict[Name, str]:
        """Ask for what is compared with earlier."""
        before = f"{_span(BEFORE_S)}] offset {_span(BEFORE_S / 3)}"
        hits, queries = (self._cache(name, before, is_open=True) for name in ("hits", "queries"))
        return {
            Name.KNOWN: _by("max", INSIDE, f"last_over_time({self._s(WAITING)}[{_span(KNOWN_S)}])"),
            Name.QUEUED: self._total(f"min_over_time({self._s(WAITING)}[{_span(QUEUE_S)}])") + " > 0",
            Name.QUEUED_BEFORE: self._total(f"{self._s(WAITING)} offset {_span(QUEUE_S)}") + " > 0",
            Name.HITS_BEFORE: self._total(hits),
            Name.QUERIES_BEFORE: self._total(queries),
        }

    def proxies(self) -> dict[Name, str]:
        """Ask about LiteLLM: requests, failures by class, cooldowns and user agents."""
        requests = self._rate("litellm_proxy_total_requests_metric_total", self._long)
        failures = self._rate("litellm_proxy_failed_requests_metric_total", self._long)
        return {
            Name.PROXY_REQUESTS: _by("sum", PROXY_INSIDE, requests),
            Name.PROXY_FAILURES: _by("sum", _without("exception_class", "exception_status"), failures) + " > 0",
            Name.PROXY_AGENTS: _by("sum", _without("user_agent"), requests) + " > 0",
            Name.PROXY_COOLDOWNS: self._cooled(),
        }

    def proxies_known(self) -> dict[Name, str]:
        """Ask which LiteLLMs were scraped lately: the state of deployments has few series in any version."""
        asked = f"last_over_time({self._s('litellm_deployment_state')}[{_span(KNOWN_S)}])"
        return {Name.PROXY_KNOWN: _by("count", PROXY_INSIDE, asked)}

    def gpus(self) -> dict[Name, str]:
        """Ask for the GPUs of each exporter: use and memory as shares, power in watts."""
        used, free = self._s("DCGM_FI_DEV_FB_USED"), self._s("DCGM_FI_DEV_FB_FREE")
        smi_used, smi_all = self._s("nvidia_smi_memory_used_bytes"), self._s("nvidia_smi_memory_total_bytes")
        use, ratio = self._s("DCGM_FI_DEV_GPU_UTIL"), self._s("nvidia_smi_utilization_gpu_ratio")
        all_used = _by("sum", GPU_INSIDE, used)
        dcgm = f"{all_used} / ({all_used} + {_by('sum', GPU_INSIDE, free)})"
        smi = f"{_by('sum', GPU_INSIDE, smi_used)} / {_by('sum', GPU_INSIDE, smi_all)}"
        return {
            Name.GPU_COUNT: _by("count", GPU_INSIDE, f"{use} or {ratio}"),
            Name.GPU_USE: _by("avg", GPU_INSIDE, f"({use} / 100) or {ratio}"),
            Name.GPU_MEMORY: f"({dcgm}) or ({smi})",
            Name.GPU_POWER: _by(
                "sum", GPU_INSIDE, self._either("DCGM_FI_DEV_POWER_USAGE", "nvidia_smi_power_draw_watts")
            ),
        }

    def images(self) -> dict[Name, str]:
        """Ask for the images of pods, whose tag is the version: vLLM's metrics do not have it (measured, 0.33)."""
        asked = self._s("kube_pod_container_info", 'image=~".*(vllm|litellm).*"')
        return {Name.IMAGE: f"max by (namespace, pod, image) ({asked})"}

    def _s(self, name: str, more: str = "") -> str:
        """Return the selector of a metric."""
        matchers = ",".join([*([more] if more else []), *self._only])
        return f"{name}{{{matchers}}}" if matchers else name

    def _rate(self, name: str, span: str) -> str:
        return f"rate({self._s(name)}[{span}])"

    def _total(self, inner: str) -> str:
        return _by("sum", INSIDE, inner)

    def _either(self, name: str, older: str) -> str:
        return f"{self._s(name)} or {self._s(older)}"

    def _cache(self, name: str, span: str, *, is_open: bool = False) -> str:
        """Return the rate of the prefix cache's counters, under the newer name or that of up to 0.11."""
        end = span if is_open else f"{span}]"
        names = (f"vllm:prefix_cache_{name}_total", f"vllm:gpu_prefix_cache_{name}_total")
        return " or ".join(f"rate({self._s(one)}[{end})" for one in names)

    def _cooled(self) -> str:
        """Return the cooldowns of the last minutes.

        A counter that is first seen at 1 has no increase for Prometheus: it counts too, where its proxy was scraped
        before.
        """
        cooled, span = self._s("litellm_deployment_cooled_down_total"), _span(COOLED_S)
        before = f"{self._s('up')} offset {span}"
        new = f"({cooled} unless {cooled} offset {span}) and on (job, instance) {before}"
        kept = _without("litellm_model_name", "api_base", "exception_status")
        return f"{_by('sum', kept, f'(increase({cooled}[{span}]) > 0) or ({new})')} > 0"


def narrowed(query: str, most: int = MOST_ROWS) -> str:
    """Return a query for only the instances where most requests wait; all queries of one time choose the same."""
    return f"({query}) and topk({most}, {_by('sum', INSIDE, WAITING)})"


def exact(name: str, labels: Iterable[tuple[str, str]]) -> str:
    """Return the selector of the series of one instance."""
    return f"{name}{{{','.join(f'{label}={quoted(value)}' for label, value in labels)}}}"


def quoted(text: str) -> str:
    r"""Return a text as a string of PromQL.

    >>> print(quoted('a"b\\'))
    "a\"b\\"
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _literal(text: str) -> str:
    """Return a regular expression of RE2 that matches only a text."""
    return "".join(f"\\{c}" if c in r"\.+*?()|[]{}^$" else c for c in text)


def _by(function: str, inside: Sequence[str], inner: str) -> str:
    return f"{function} without ({', '.join(inside)}) ({inner})"


def _without(*kept: str) -> tuple[str, ...]:
    return tuple(label for label in PROXY_INSIDE if label not in kept)


def _span(seconds: float) -> str:
    """Return a duration of PromQL."""
    return f"{round(seconds)}s"
