"""``stormdeck status`` with a Prometheus: what is wrong in the fleet, and nothing of it where none is given."""

import json

import pytest

from command_home import Home
from recorded_prometheus import answering
from served import WITH_MESSAGES, client_settings, served
from servers import free_url, vllm


@pytest.fixture
def home(tmp_path, capsys, monkeypatch, only_what_is_named):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return Home(tmp_path, capsys, monkeypatch)


def status(home, url, *more):
    home.write(client_settings(url))
    code, out, _ = home.run("status", "--json", "--vllm", url, *more)
    return code, json.loads(out)


def test_the_fleet_is_in_the_document_and_what_is_wrong_in_the_headline(home):
    with served(vllm(**WITH_MESSAGES), answering()) as (url, prometheus):
        code, said = status(home, url, "--prometheus", prometheus)
    fleet = said["fleet"]
    assert (code, said["state"]) == (1, "degraded")
    assert said["headline"]["text"].startswith("replica 5 of Qwen3.5-27B (gpu-box:8005) is down")
    assert fleet["state"] == "ok"
    assert fleet["sources"] == [prometheus]
    assert fleet["models"][0] | {"running": 0.0} == fleet["models"][0]
    assert (fleet["models"][0]["replicas"], fleet["models"][0]["down"]) == (5, 1)
    assert [one["name"] for one in fleet["replicas"][:2]] == ["gpu-box:8005", "gpu-box:8003"]
    assert fleet["statements"][0]["state"] == "down"
    assert fleet["proxies"][0]["cooldowns"] == ["Dead at http://127.0.0.1:8109/v1/chat/completions"]


def test_a_prometheus_that_does_not_answer_is_a_warning_with_the_next_step(home):
    gone = free_url()
    with served(vllm(**WITH_MESSAGES)) as (url,):
        _, said = status(home, url, "--prometheus", gone)
    assert said["fleet"]["state"] == "refused"
    assert said["headline"]["text"].startswith(f"Prometheus :{gone.rpartition(':')[2]}: connection refused")
    assert said["statements"][0]["next"] == "start it, or check host and port"


def test_nothing_is_said_of_a_fleet_where_no_prometheus_is_given(home):
    with served(vllm(**WITH_MESSAGES)) as (url,):
        _, said = status(home, url)
    assert said["fleet"] is None
    assert "leet" not in json.dumps(said["statements"])


def test_a_secret_is_never_printed(home, monkeypatch):
    monkeypatch.setenv("PROM_TOKEN", "t0p-s3cret")
    with served(vllm(**WITH_MESSAGES), answering()) as (url, prometheus):
        _, said = status(home, url, "--prometheus", f"{prometheus},bearer=env:PROM_TOKEN")
    assert said["fleet"]["state"] == "ok"
    assert "s3cret" not in json.dumps(said)
