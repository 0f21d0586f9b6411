"""``stormdeck status --gpu-metrics``: the GPUs of the server's machine over HTTP."""

import json

import pytest

from command_home import Home
from places import TESTS
from served import WITH_MESSAGES, client_settings, served
from servers import Imitation, Reply, free_url, vllm
from stormdeck.__main__ import main

PAGE = (TESTS / "data/gpu/dcgm.prom").read_bytes()

pytestmark = pytest.mark.usefixtures("only_what_is_named")


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    return Home(tmp_path, capsys, monkeypatch)


def status(home, exporter, *more):
    with served(vllm(**WITH_MESSAGES), Imitation({"/metrics": exporter})) as (url, metrics):
        home.write(client_settings(url))
        _, out, err = home.run("status", "--json", "--no-gpu", "--gpu-metrics", metrics, *more)
    return json.loads(out), err


def test_the_server_s_gpus_are_in_the_status(home):
    said, _ = status(home, Reply(PAGE))
    assert [(one["host"], one["name"], one["utilization_percent"], one["of_server"]) for one in said["gpus"]] == [
        ("gpu-box", "NVIDIA H200", 97, True),
        ("gpu-box", "NVIDIA H200", 0, True),
    ]
    assert said["hops"][-1]["kind"] == "gpu"
    assert said["hops"][-1]["state"] == "ok"


def test_an_exporter_without_figures_says_why(home):
    said, _ = status(home, Reply({"detail": "Not Found"}, 404))
    (host,) = said["gpu_hosts"]
    assert host["state"] == "no figures"
    assert "Name the page of the exporter" in host["detail"]
    assert said["gpus"] == []
    assert said["state"] == "ok", "an exporter that is away is no fault of the stack"


def test_several_exporters_are_asked_side_by_side(home):
    gone = free_url()
    said, _ = status(home, Reply(PAGE), "--gpu-metrics", gone, "--gpu-metrics", f"{gone}/other")
    assert [one["state"] for one in said["gpu_hosts"]] == ["ok", "no figures", "no figures"]


def test_a_url_with_a_password_is_refused(capsys):
    assert main(["status", "--gpu-metrics", "http://me:secret@gpu-box:9400/metrics"]) == 2
    said = capsys.readouterr().err
    assert "secrets do not belong here" in said
    assert "secret@" not in said


def test_a_variable_names_several(home, monkeypatch):
    with served(Imitation({"/metrics": Reply(PAGE)})) as (url,):
        monkeypatch.setenv("STORMDECK_GPU_METRICS", f"{url},{url}/metrics")
        home.write("{}")
        _, out, _ = home.run("status", "--json", "--no-gpu")
    assert len(json.loads(out)["gpu_hosts"]) == 2
