"""Sentences about the fleet: said where the figures prove them, and not otherwise."""

import pytest

from stormdeck.model.fleet.order import in_order
from stormdeck.model.fleet.outliers import odds_of, outliers
from stormdeck.model.fleet.snapshot import FleetState, FleetStatement, ProxyRow, Replica
from stormdeck.model.fleet.statements import statements
from stormdeck.model.fleet.whole import SourceAnswer, joined


def replica(number, p50=0.5, p95=0.7, first=60.0, **more):
    given = {"up": True, "running": 2.0, "waiting": 0.0, "first_token_p50_s": p50, "first_token_p95_s": p95}
    return Replica(
        **{
            "key": f"k{number}",
            "name": f"gpu-{number}:8000",
            "model": "qwen",
            "number": number,
            "first_tokens": first,
            **given,
            **more,
        }
    )


def texts(*rows, proxies=()):
    return [one.text for one in statements(rows, proxies)]


class TestOutliers:
    def test_the_slow_one_is_named_with_its_factor(self):
        said = texts(replica(1, 1.0, 1.6), replica(2, 1.0, 1.7), replica(3, 4.1, 8.0), replica(4, 1.1, 1.8))
        assert said == [
            "replica 3 of qwen (gpu-3:8000): first token 4.1 s, 4 times its siblings' 1.0 s (medians of 5 min)"
        ]

    @pytest.mark.parametrize(
        "rows",
        [
            (replica(1), replica(2, 4.1, 8.0)),
            (replica(1), replica(2), replica(3, 4.1, 8.0, first=15.0)),
            (replica(1, first=3.0), replica(2, first=3.0), replica(3, 4.1, 8.0)),
            (replica(1, 0.01, 0.02), replica(2, 0.01, 0.02), replica(3, 0.2, 0.3)),
            (replica(1, 1.0, 9.0), replica(2, 1.0, 9.0), replica(3, 4.1, 9.0)),
            (replica(1, 1.0, 2.4), replica(2, 1.0, 2.4), replica(3, 2.2, 2.4)),
            (replica(1), replica(2), replica(3, 4.1, 8.0, up=False)),
            (replica(1), replica(2), replica(3, None, None)),
        ],
        ids=["one sibling", "few of its own", "few of theirs", "still quick", "wide", "one bucket", "down", "unknown"],
    )
    def test_nothing_is_said_without_proof(self, rows):
        assert outliers(rows) == []

    def test_models_are_not_compared(self):
        rows = (replica(1), replica(2), replica(3, 4.1, 8.0, model="glm"))
        assert texts(*rows) == []

    def test_more_instances_need_more_proof(self):
        few = [replica(n) for n in range(1, 4)] + [replica(4, 4.1, 8.0, first=26.0)]
        many = [replica(n) for n in range(1, 400)] + [replica(400, 4.1, 8.0, first=26.0)]
        assert len(outliers(few)) == 1
        assert outliers(many) == []

    def test_odds_fall_with_the_number(self):
        assert odds_of(20) < odds_of(10) < odds_of(4) < 1
        assert odds_of(0) == 1


class TestDown:
    def test_one_several_and_all(self):
        rows = [replica(1), *(replica(n, up=False) for n in range(2, 7))]
        assert texts(rows[0], rows[1]) == [
            "replica 2 of qwen (gpu-2:8000) is down: Prometheus's scrapes of it fail",
        ]
        assert texts(*rows) == [
            "5 of 6 replicas of qwen are down, their scrapes fail: gpu-2:8000, gpu-3:8000, gpu-4:8000 and 2 more"
        ]
        assert texts(*rows[1:4])[0].startswith("All 3 replicas of qwen are down")
        assert texts(rows[1]) == ["qwen (gpu-2:8000) is down: Prometheus's scrapes of it fail"]

    def test_errors_come_first(self):
        found = statements([replica(1, waiting=4.0, waited_for_s=600.0), replica(2, up=False)], [])
        assert [one.error for one in found] == [True, False]


def test_a_queue_that_does_not_drain_beside_idle_siblings():
    (said,) = texts(replica(1), replica(2, waiting=7.0, running=8.0, waited_for_s=600.0))
    assert said == (
        "The queue of replica 2 of qwen (gpu-2:8000) does not drain: 7 requests wait, some at every scrape for 10 min; "
        "1 sibling has no queue and runs half as many at most"
    )


def test_preemptions_name_the_full_cache():
    assert texts(replica(1, preemptions_per_s=0.1, kv_cache=0.99)) == [
        "qwen (gpu-1:8000) preempts requests and computes them again: about 30 in 5 min, KV cache 99 % full"
    ]
    assert texts(replica(1, preemptions_per_s=0.001)) == []


@pytest.mark.parametrize(
    ("now", "before", "tokens", "is_said"),
    [(0.1, 0.8, 500.0, True), (0.3, 0.8, 500.0, False), (0.1, 0.4, 500.0, False), (0.1, 0.8, 5.0, False)],
)
def test_a_cache_that_has_gone_cold(now, before, tokens, is_said):
    said = texts(replica(1, prefix_hits=now, prefix_hits_before=before, prefix_tokens_per_s=tokens))
    words = "The prefix cache of qwen (gpu-1:8000) has gone cold: 10 % hits in 5 min, 80 % in the hour before"
    assert said == [words] * is_said


def test_a_proxy_that_is_down_and_one_that_cools_down():
    down, cools = ProxyRow("a", "proxy-1:4000", up=False), ProxyRow("b", "proxy-2:4000", up=True, cooldowns=("qwen",))
    first, second = texts(proxies=[cools, down])
    assert first == "LiteLLM proxy-1:4000 is down: Prometheus's scrapes of it fail"
    assert second.startswith("LiteLLM proxy-2:4000 put qwen into cooldown in the last 10 min")


def test_rows_are_grouped_and_what_is_wrong_comes_first():
    rows = [replica(1), replica(2, waiting=3.0), replica(3), replica(1, model="glm", key="g1")]
    said = [FleetStatement("x", error=True, keys=("g1",)), FleetStatement("y", keys=("k3",))]
    assert [one.key for one in in_order(rows, said)] == ["g1", "k3", "k2", "k1"]


def test_replicas_of_several_prometheus_servers_are_numbered_together():
    one = SourceAnswer("http://a:9090", FleetState.OK, replicas=(replica(1, key="a1"),), taken_at=1.0)
    other = SourceAnswer(
        "http://b:9090", FleetState.OK, replicas=(replica(1, key="b1", name="gpu-9:8000"),), taken_at=2.0
    )
    fleet = joined([one, other])
    assert {(row.key, row.number) for row in fleet.replicas} == {("a1", 1), ("b1", 2)}
    assert fleet.taken_at == 2.0
    waiting = joined([one, SourceAnswer("http://b:9090")])
    assert waiting.state is FleetState.OK
    assert joined([SourceAnswer("http://b:9090")]).state is FleetState.ASKING


def test_a_thousand_instances_are_judged_without_comparing_each_with_each(monkeypatch):
    asked = []
    monkeypatch.setattr("stormdeck.model.fleet.outliers._lowest", lambda value: asked.append(value) or 0.0)
    outliers([replica(n, 0.5 + n / 100, 9.0) for n in range(1000)])
    assert len(asked) <= 1000
