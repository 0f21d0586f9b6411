"""The rules and the dashboard ask only for what exists."""

import json
import re

from stormdeck.model.exporter.alerts import rules
from stormdeck.model.exporter.dashboard import dashboard
from stormdeck.model.exporter.metrics import METRICS

SERIES = {one.series: one for one in METRICS}
OTHERS = {
    "vllm:generation_tokens_total",
    "vllm:prompt_tokens_total",
    "vllm:prefix_cache_hits_total",
    "vllm:prefix_cache_queries_total",
    "vllm:num_requests_waiting",
    "litellm_proxy_failed_requests_metric_total",
    "litellm_deployment_cooled_down_total",
}
"""By docs/facts/vllm.md and docs/facts/proxies.md."""
NAME = re.compile(r"\b(?:stormdeck_|vllm:|litellm_)\w+")


def alerts():
    return rules()["groups"][0]["rules"]


def test_rules_use_names_that_exist():
    used = {name for one in alerts() for name in NAME.findall(one["expr"])}
    assert used <= SERIES.keys() | OTHERS
    assert used >= OTHERS


def test_every_rule_says_what_is_wrong_and_what_to_do():
    names = [one["alert"] for one in alerts()]
    assert len(names) == len(set(names)) == 6
    for one in alerts():
        assert one["labels"]["severity"] in {"warning", "critical"}
        assert one["annotations"].keys() == {"summary", "description"}


def test_panels_have_ids_of_their_own_places_of_their_own_and_metrics_that_exist():
    content = json.loads(json.dumps(dashboard()))
    panels = content["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    cells = [
        (column, row)
        for one in panels
        for column in range(one["gridPos"]["x"], one["gridPos"]["x"] + one["gridPos"]["w"])
        for row in range(one["gridPos"]["y"], one["gridPos"]["y"] + one["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(column for column, _ in cells) == 23
    used = {name for one in panels for target in one["targets"] for name in NAME.findall(target["expr"])}
    assert used <= SERIES.keys()
    assert SERIES.keys() - used == {"stormdeck_build_info", "stormdeck_logs"}


def test_legends_and_groups_name_labels_that_the_metric_has():
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            (name,) = set(NAME.findall(target["expr"]))
            labels = {*SERIES[name].labels, "instance"}
            grouped = re.findall(r"by \(([^)]*)\)", target["expr"])
            asked = {one.strip() for group in grouped for one in group.split(",")}
            assert asked | set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= labels
