"""Samples over real HTTP, read back by the parsers of prometheus_client."""

import socket
import threading

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from stormdeck.model.exporter import metrics
from stormdeck.model.exporter.metrics import Sample
from stormdeck.sources.net.exposition import Exposition

SAMPLES = [
    Sample(metrics.ATTEMPTS, (), 31),
    Sample(metrics.STORMS_BEGUN, ("500", "likely"), 2),
    Sample(metrics.STORMS_BEGUN, ("reset", "sure"), 1),
    Sample(metrics.HOP_UP, ("server",), 0),
]


@pytest.fixture
def served():
    exposition = Exposition("127.0.0.1", 0, lambda: SAMPLES)
    yield exposition
    exposition.close()


@pytest.mark.parametrize(
    ("accept", "kind", "parse"),
    [
        ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text", parse_openmetrics),
        ("text/plain", "text/plain", parse_text),
        ("*/*", "text/plain", parse_text),
    ],
)
def test_what_is_served_is_read_back(served, accept, kind, parse):
    answer = httpx.get(f"http://127.0.0.1:{served.port}/metrics", headers={"Accept": accept}, trust_env=False)
    assert answer.headers["content-type"].startswith(kind)
    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in parse(answer.text)
        for sample in family.samples
    }
    assert found == {
        ("stormdeck_attempts_total",): 31,
        ("stormdeck_storms_begun_total", "500", "likely"): 2,
        ("stormdeck_storms_begun_total", "reset", "sure"): 1,
        ("stormdeck_hop_up", "server"): 0,
    }


def test_a_taken_port_and_a_host_that_is_none_are_errors_and_leave_no_thread():
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Exposition("127.0.0.1", taken.getsockname()[1], list)
    for host in ("256.1.1.1.", "a" * 70):
        with pytest.raises(OSError, match=r"."):
            Exposition(host, 0, list)
    assert threading.active_count() == before
