"""Alerting rules for Prometheus, by stormdeck's metrics, vLLM's and LiteLLM's.

A hung engine keeps its health, models and metrics green, with no request running, while requests time out (measured,
0.32): only a request that waits while vLLM's counters stand still shows it.
"""

from __future__ import annotations

from typing import Any

from stormdeck.model.exporter import metrics as m

GROUP = "stormdeck"


def rules() -> dict[str, Any]:
    """Return the content of a rules file."""
    return {"groups": [{"name": GROUP, "rules": [*_client(), *_engine(), *_proxy()]}]}


def _rule(name: str, expr: str, lasts: str, severity: str, summary: str, description: str) -> dict[str, object]:
    rule: dict[str, object] = {"alert": name, "expr": expr}
    if lasts:
        rule["for"] = lasts
    annotations = {"summary": summary, "description": description}
    return rule | {"labels": {"severity": severity}, "annotations": annotations}


def _client() -> list[dict[str, object]]:
    return [
        _rule(
            "StormdeckRetryStorm",
            f"{m.STORMS_ACTIVE.series} > 0",
            "30s",
            "warning",
            "Claude Code sends the same request again and again ({{ $labels.instance }})",
            "{{ $value }} turns were sent three times or more and have no answer yet. "
            "The panel's storms, or `stormdeck watch`, show the cause.",
        ),
        _rule(
            "StormdeckGaveUp",
            f"increase({m.GIVE_UPS.series}[10m]) > 0",
            "",
            "critical",
            "Claude Code gave up on a request ({{ $labels.instance }})",
            "A user saw an error after all attempts had failed. `stormdeck timeline` lists the storms.",
        ),
    ]


def _engine() -> list[dict[str, object]]:
    model = "sum by (instance, model_name)"
    hits, queries = "vllm:prefix_cache_hits_total", "vllm:prefix_cache_queries_total"
    rate_now = f"{model} (rate({hits}[10m])) / {model} (rate({queries}[10m]))"
    rate_before = f"{model} (rate({hits}[1h] offset 20m)) / {model} (rate({queries}[1h] offset 20m))"
    return [
        _rule(
            "StormdeckEngineHung",
            f"max by (instance) ({m.OLDEST.series}) > 120\n"
            f'and on (instance) {m.HOP_UP.series}{{hop="server"}} == 1\n'
            "and on () sum(rate(vllm:generation_tokens_total[2m])) == 0\n"
            "and on () sum(rate(vllm:prompt_tokens_total[2m])) == 0",
            "1m",
            "critical",
            "A request waits, vLLM's health is green, and no token is computed ({{ $labels.instance }})",
            "The oldest request waits for {{ $value }} s while vLLM's counters of tokens stand still. /health of a "
            "hung engine answers 200: send one request with max_tokens 1, and restart vLLM if it does not answer. "
            "With several vLLM instances this fires only when all stand still.",
        ),
        _rule(
            "StormdeckCacheCold",
            f"{rate_now} < 0.2\nand {rate_before} > 0.5\nand {model} (rate({queries}[10m])) > 100",
            "5m",
            "warning",
            "The prefix cache of {{ $labels.model_name }} has gone cold ({{ $labels.instance }})",
            "{{ $value | humanizePercentage }} of the prompt tokens were cached in the last ten minutes, more than "
            "half an hour before: prompts are read anew. A changed prefix, a restart or a full cache does that.",
        ),
        _rule(
            "StormdeckQueueNotDraining",
            f"min_over_time(({model} (vllm:num_requests_waiting))[10m:1m]) > 0\n"
            f"and {model} (vllm:num_requests_waiting) >= {model} (vllm:num_requests_waiting offset 10m)",
            "2m",
            "warning",
            "The queue of {{ $labels.model_name }} does not drain ({{ $labels.instance }})",
            "At least {{ $value }} requests have waited in vLLM for ten minutes, and there are no fewer than then.",
        ),
    ]


def _proxy() -> list[dict[str, object]]:
    failed = 'litellm_proxy_failed_requests_metric_total{exception_status="429"}'
    return [
        _rule(
            "StormdeckCooldownMasking",
            f"sum by (instance) (rate({failed}[5m])) > 0\n"
            "and sum by (instance) (increase(litellm_deployment_cooled_down_total[10m])) > 0",
            "",
            "warning",
            "LiteLLM answers 429 by itself while a deployment is in cooldown ({{ $labels.instance }})",
            "The 429 may hide the error that began the cooldown, such as a 401 or 404: look for the first failure "
            "before it in LiteLLM's log.",
        ),
    ]
