"""Five stand-in vLLMs behind a real Prometheus: one slowed, one killed, and the sentences about them."""

import asyncio
import contextlib
import os
import time

import pytest
import yaml

from demo_servers import MODEL, running
from fleet_stand_ins import LITELLM, REQUESTS, Fleet
from prometheus_servers import HAS_PROMETHEUS, HAS_VICTORIA, prometheus, victoria
from served import served
from servers import Imitation, Reply
from stormdeck.commands.export.documents import rules_yaml
from stormdeck.model.fleet.access import PrometheusAccess
from stormdeck.model.fleet.past import FLEET_FIGURES
from stormdeck.model.fleet.snapshot import FleetState
from stormdeck.sources.prometheus.history import history
from stormdeck.sources.prometheus.once import ask_once
from stormdeck.sources.prometheus.source import PrometheusSource
from waiting import until

needs_prometheus = pytest.mark.skipif(
    not HAS_PROMETHEUS, reason="needs prometheus: apt-get install prometheus, or Prometheus's own archive"
)
SLOWED, COUNT = 2, 5
KILLED = {"prometheus": 4, "victoria": 3}
"""Which one is killed while it is watched by which engine."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        servers = []
        for number in range(COUNT):
            folder = tmp_path_factory.mktemp(f"vllm{number}")
            control = folder / "fault"
            control.write_text("slow" if number == SLOWED else "none")
            servers.append(stack.enter_context(running("vllm", folder, "--control", str(control), "--speed", "20")))
        yield Fleet(servers)


@pytest.fixture(scope="module", params=["prometheus", "victoria"])
def engine(request, fleet, tmp_path_factory):
    """Run a Prometheus or a VictoriaMetrics that has scraped all of them, with and without requests."""
    if request.param == "prometheus" and not HAS_PROMETHEUS:
        pytest.skip("needs prometheus: apt-get install prometheus")
    if request.param == "victoria" and not HAS_VICTORIA:
        pytest.skip("needs victoria-metrics: apt-get install victoria-metrics")
    start = prometheus if request.param == "prometheus" else victoria
    with served(Imitation({"/metrics": Reply(LITELLM)})) as (proxy,):
        jobs = {"vllm": {one: {} for one in fleet.targets}, "litellm": {proxy.removeprefix("http://"): {}}}
        with start(tmp_path_factory.mktemp(request.param), jobs) as server:
            until(lambda: len(server.value("vllm:num_requests_waiting")) >= COUNT - 1, server.log.read_text)
            until(lambda: len(server.value("up")) == COUNT + 1, server.log.read_text)
            fleet.work()
            counted = "sum by (instance) (increase(vllm:time_to_first_token_seconds_count[5m]))"
            until(lambda: sum(value > REQUESTS * 0.7 for value in server.value(counted).values()) >= COUNT - 1)
            server.killed = KILLED[request.param]
            yield server


def ask(server):
    return ask_once([PrometheusAccess(server.url)], os.environ, 60.0)


def test_a_slowed_replica_is_named_beside_its_siblings(engine, fleet):
    found = until(lambda: (one := ask(engine)).statements and one)
    assert found.state is FleetState.OK, found.note
    slow = [one for one in found.statements if "first token" in one.text]
    assert len(slow) == 1
    assert f"({fleet.targets[SLOWED]}): first token" in slow[0].text
    assert "times its siblings'" in slow[0].text
    named = next(one for one in found.replicas if one.key == slow[0].keys[0])
    assert slow[0].text.startswith(f"replica {named.number} of {MODEL} ")
    assert found.interval_s == 1.0
    assert found.replicas[0].model == MODEL
    assert {one.up for one in found.replicas} == {True}


def test_the_proxy_is_a_row_with_its_failures_and_user_agents(engine):
    found = until(lambda: (one := ask(engine)).proxies and one)
    (proxy,) = found.proxies
    assert proxy.up is True
    assert proxy.requests_per_s == 0.0


def test_the_history_of_an_instance_has_all_figures(engine, fleet):
    async def asked():
        source = PrometheusSource(PrometheusAccess(engine.url), os.environ)
        try:
            async for answer in source.rounds(time.time(), whole=True):
                rows = answer.replicas
            row = next(one for one in rows if one.name == fleet.targets[0])
            whole = await history(source, row.key, "", time.time() - 120, time.time(), 5)
            one = await history(source, row.key, "ttft_p95_s", time.time() - 120, time.time(), 5)
            return whole, one, await history(source, "gone", "", time.time() - 60, time.time(), 5)
        finally:
            await source.aclose()

    def filled():
        whole, one, gone = asyncio.run(asked())
        return all(any(sample.of(name) is not None for sample in whole.samples) for name in FLEET_FIGURES) and (
            whole,
            one,
            gone,
        )

    whole, one, gone = until(filled)
    assert not whole.note
    assert all(sample.at % 5 == 0 for sample in whole.samples)
    assert all(sample.of("running") is None for sample in one.samples)
    assert max(sample.of("ttft_p95_s") or 0 for sample in one.samples) > 0
    assert gone.samples == ()
    assert gone.note


def test_a_killed_replica_is_down(engine, fleet):
    name = fleet.targets[engine.killed]
    seen = until(lambda: (one := ask(engine)).replicas and one)
    assert name in {one.name for one in seen.replicas}
    fleet.servers[engine.killed].process.kill()
    down = f"({name}) is down: Prometheus's scrapes of it fail"
    found = until(lambda: next((one for one in [ask(engine)] if any(down in two.text for two in one.statements)), None))
    assert found.statements[0].error
    assert down in found.statements[0].text
    assert found.replicas[0].name == name
    assert found.replicas[0].up is False
    assert len(found.replicas) == len(seen.replicas)


def fast_rules():
    """Return the rules with their waits shortened, and nothing else changed: the test does not wait for minutes."""
    rules = yaml.safe_load(rules_yaml())
    for group in rules["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            rule.pop("for", None)
    return yaml.safe_dump(rules)


def rising(begun):
    """Return what an exporter and a LiteLLM show while a storm runs: two counters rise."""

    def page(_asked):
        count = 1 + int(time.monotonic() - begun)
        proxy = 'litellm_deployment_cooled_down_total{litellm_model_name="qwen"}'
        failed = 'litellm_proxy_failed_requests_metric_total{exception_status="429"}'
        return Reply(
            f'stormdeck_storms_active 2\nstormdeck_hop_up{{hop="server"}} 1\nstormdeck_give_ups_total {count}\n'
            f"{proxy} {count}\n{failed} {count}\n"
        )

    return page


@needs_prometheus
def test_the_alerts_of_a_storm_fire_in_the_real_prometheus_and_no_other(tmp_path):
    rules = tmp_path / "rules.yml"
    rules.write_text(fast_rules())
    expected = {"StormdeckRetryStorm", "StormdeckGaveUp", "StormdeckCooldownMasking"}
    with served(Imitation({"/metrics": rising(time.monotonic())})) as (exporter,):
        target = exporter.removeprefix("http://")
        with prometheus(tmp_path, {"stormdeck": {target: {}}}, rules=[rules]) as server:

            def firing():
                asked = {"query": 'ALERTS{alertstate="firing"}'}
                answer = server.http.get(f"{server.url}/api/v1/query", params=asked).json()
                return {one["metric"]["alertname"] for one in answer["data"]["result"]}

            until(lambda: firing() >= expected, server.log.read_text)
            assert firing() == expected
