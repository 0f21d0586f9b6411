"""Rows from answers: labels of different sites, engines of one instance, and what is not known."""

from typing import ClassVar

import pytest

from stormdeck.model.fleet.access import PrometheusAccess
from stormdeck.model.fleet.labels import Naming, naming_of
from stormdeck.model.fleet.proxies import proxies
from stormdeck.model.fleet.queries import Name
from stormdeck.model.fleet.rows import replicas
from stormdeck.model.fleet.series import Series
from stormdeck.model.fleet.snapshot import GpuShare
from stormdeck.model.fleet.table import Table

NOW = 1000.0
PLAIN = {"job": "vllm", "instance": "gpu-1:8000", "model_name": "qwen"}
POD = {
    "job": "ml/vllm",
    "instance": "10.0.0.7:8000",
    "namespace": "ml",
    "pod": "vllm-0",
    "node": "gpu-box",
    "model_name": "qwen",
}


def table(answers, naming=None):
    made = Table(naming or Naming(), "http://prom:9090")
    for name, series in answers.items():
        made.take(name, tuple(Series(labels, value) for labels, value in series))
    return made


def rows(answers, naming=None, now=NOW, interval_s=15.0):
    return replicas(table(answers, naming), now, interval_s)


def up(labels=PLAIN, **figures):
    """Return answers of one instance that was scraped just now."""
    values = {"scraped": NOW, "waiting": 0.0, **figures}
    return {Name[name.upper()]: [(labels, value)] for name, value in values.items()}


class TestNames:
    @pytest.mark.parametrize(
        ("labels", "name", "host"), [(PLAIN, "gpu-1:8000", "gpu-1"), (POD, "vllm-0", "gpu-box")], ids=["plain", "pod"]
    )
    def test_the_usual_labels_are_found(self, labels, name, host):
        (row,) = rows(up(labels))
        assert (row.name, row.host, row.model) == (name, host, "qwen")

    def test_labels_that_the_user_names_win(self):
        access = PrometheusAccess("http://prom:9090", model="served", instance="box", host="rack")
        labels = {**PLAIN, "served": "glm", "box": "b7", "rack": "r1"}
        (row,) = rows(up(labels), naming_of(access))
        assert (row.name, row.host, row.model) == ("b7", "r1", "glm")

    def test_a_label_that_is_hostile_is_only_text(self):
        (row,) = rows(up({**PLAIN, "model_name": "qwen\x1b]0;owned\x07" + "x" * 1000}))
        assert "\x1b" not in row.model
        assert len(row.model) <= 120

    def test_numbers_in_names_sort_by_value(self):
        seen = {Name.SCRAPED: [({**PLAIN, "instance": f"gpu-{n}:8000"}, NOW) for n in (10, 9, 1)]}
        assert [(one.number, one.name) for one in rows(seen)] == [
            (1, "gpu-1:8000"),
            (2, "gpu-9:8000"),
            (3, "gpu-10:8000"),
        ]

    def test_a_version_comes_from_a_label_or_the_image_of_the_pod(self):
        image = {"namespace": "ml", "pod": "vllm-0", "image": "registry:5000/vllm/vllm-openai:v0.33.0@sha256:ab"}
        assert rows({**up(POD), Name.IMAGE: [(image, 1.0)]})[0].version == "0.33.0"
        assert rows(up({**PLAIN, "version": "v0.32.0"}))[0].version == "0.32.0"
        latest = {**image, "image": "vllm/vllm-openai:latest"}
        assert rows({**up(POD), Name.IMAGE: [(latest, 1.0)]})[0].version == ""


class TestUp:
    def test_what_is_scraped_is_up_and_what_is_no_target_any_more_is_no_row(self):
        gone = {**PLAIN, "instance": "gpu-2:8000"}
        known = {Name.KNOWN: [(PLAIN, 0.0), (gone, 0.0)], Name.SCRAPED: [(PLAIN, NOW)]}
        assert [(one.name, one.up) for one in rows(known)] == [("gpu-1:8000", True)]

    def test_a_target_whose_scrape_fails_is_down_without_figures(self):
        failing = {"job": "vllm", "instance": "gpu-1:8000"}
        (row,) = rows({Name.KNOWN: [(PLAIN, 3.0)], Name.RUNNING: [], Name.DOWN: [(failing, 0.0)]})
        assert (row.up, row.model, row.running) == (False, "qwen", None)

    def test_a_target_that_never_was_a_vllm_is_no_row(self):
        assert rows({**up(), Name.DOWN: [({"job": "vllm", "instance": "node:9100"}, 0.0)]})[0].name == "gpu-1:8000"

    @pytest.mark.parametrize(("age", "expected"), [(20.0, True), (200.0, False)], ids=["one failed", "all failed"])
    def test_values_that_linger_do_not_hide_failing_scrapes(self, age, expected):
        failing = {"job": "vllm", "instance": "gpu-1:8000"}
        (row,) = rows({Name.SCRAPED: [(PLAIN, NOW - age)], Name.DOWN: [(failing, 0.0)]})
        assert row.up is expected

    def test_two_clusters_with_the_same_address_are_two(self):
        one, other = {**PLAIN, "cluster": "a"}, {**PLAIN, "cluster": "b"}
        failing = {"job": "vllm", "instance": "gpu-1:8000", "cluster": "b"}
        seen = rows({Name.SCRAPED: [(one, NOW)], Name.KNOWN: [(one, 0.0), (other, 0.0)], Name.DOWN: [(failing, 0.0)]})
        assert [row.up for row in seen] == [True, False]
        assert len({row.key for row in seen}) == 2

    def test_pods_that_are_gone_are_forgotten(self):
        made = table({Name.SCRAPED: [({**PLAIN, "instance": f"gpu-{n}:8000"}, NOW) for n in range(50)]})
        made.take(Name.SCRAPED, (Series(PLAIN, NOW),))
        made.take(Name.KNOWN, (Series(PLAIN, 0.0),))
        made.forget()
        assert len(made.labels) == 1


class TestFigures:
    def test_shares_and_rates_are_rounded(self):
        (row,) = rows(up(running=3.0, kv=0.98765, tokens=120.04, hits=60.0, queries=80.0, p95=4.1234, first=38.4))
        assert (row.running, row.kv_cache, row.tokens_per_s) == (3.0, 0.988, 120.0)
        assert (row.prefix_hits, row.first_token_p95_s, row.first_tokens) == (0.75, 4.123, 38.4)

    def test_a_hit_rate_of_no_prompts_is_unknown(self):
        assert rows(up(hits=0.0, queries=0.0))[0].prefix_hits is None

    def test_a_query_without_an_answer_leaves_no_old_figure(self):
        made = table(up(p95=4.0))
        made.drop(Name.P95)
        assert replicas(made, NOW, 15.0)[0].first_token_p95_s is None

    @pytest.mark.parametrize(
        ("figures", "expected"),
        [
            ({"waiting": 4.0, "queued": 1.0, "queued_before": 3.0}, 600.0),
            ({"waiting": 2.0, "queued": 1.0, "queued_before": 3.0}, None),
            ({"waiting": 4.0, "queued": 1.0}, None),
            ({"waiting": 4.0, "queued_before": 3.0}, None),
        ],
        ids=["stays", "shorter", "young", "was empty"],
    )
    def test_a_queue_that_does_not_drain(self, figures, expected):
        assert rows(up(**figures))[0].waited_for_s == expected

    def test_gpus_are_those_of_the_host_or_of_the_pod(self):
        of_host = {"job": "dcgm", "instance": "10.0.0.7:9400", "Hostname": "gpu-box"}
        gpus = {Name.GPU_COUNT: [(of_host, 8.0)], Name.GPU_USE: [(of_host, 0.5)], Name.GPU_POWER: [(of_host, 4000.2)]}
        assert rows({**up(POD), **gpus})[0].gpu == GpuShare(8, 0.5, None, 4000.0)
        assert rows({**up(PLAIN), **gpus})[0].gpu is None
        of_pod = {**of_host, "exported_namespace": "ml", "exported_pod": "vllm-0"}
        both = {**gpus, Name.GPU_COUNT: [(of_host, 6.0), (of_pod, 2.0)]}
        assert rows({**up(POD), **both})[0].gpu == GpuShare(2)


class TestProxies:
    BASE: ClassVar[dict] = {"job": "litellm", "instance": "proxy:4000"}

    def test_failures_by_class_cooldowns_and_agents(self):
        seen = table(
            {
                Name.PROXY_REQUESTS: [(self.BASE, 2.5)],
                Name.PROXY_FAILURES: [
                    ({**self.BASE, "exception_class": "Openai.RateLimitError", "exception_status": "429"}, 0.5),
                    ({**self.BASE, "exception_class": "None", "exception_status": "None"}, 0.1),
                ],
                Name.PROXY_COOLDOWNS: [
                    ({**self.BASE, "litellm_model_name": "qwen", "api_base": "http://gpu-1:8000/v1"}, 1.0)
                ],
                Name.PROXY_AGENTS: [({**self.BASE, "user_agent": f"agent-{n}"}, float(n)) for n in range(20)],
            }
        )
        (row,) = proxies(seen, "http://prom:9090", {})
        assert row.requests_per_s == 2.5
        assert row.failures_per_s == {"RateLimitError 429": 0.5, "unknown": 0.1}
        assert row.cooldowns == ("qwen at http://gpu-1:8000/v1",)
        assert list(row.user_agents)[:2] == ["agent-19", "agent-18"]
        assert len(row.user_agents) == 8

    def test_one_whose_scrape_fails_is_down(self):
        seen = table({Name.DOWN: [(self.BASE, 0.0)]})
        remembered: dict = {tuple(sorted(self.BASE.items())): self.BASE}
        assert [one.up for one in proxies(seen, "http://prom:9090", remembered)] == [False]
        assert proxies(table({}), "http://prom:9090", remembered) == ()
