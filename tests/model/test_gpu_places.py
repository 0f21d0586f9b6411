"""Whose GPUs are whose: matched to servers by the host of their URLs."""

import json
from dataclasses import replace
from typing import Any

import pytest

from stormdeck.model.deck import Deck
from stormdeck.model.gpu_places import count_rows, gpu_places
from stormdeck.model.history.sampling import gpus_of
from stormdeck.model.request_path import path, server_gpus
from stormdeck.model.snapshots.discovery import DiscoverySnapshot, Found, ServerProcess
from stormdeck.model.snapshots.gpu import Gpu, GpuSnapshot, GpuState
from stormdeck.model.snapshots.gpu_hosts import GpuHost, GpuHosts, is_same_name
from stormdeck.model.snapshots.server import ServerKind, ServerState, VllmSnapshot
from stormdeck.model.status.document import status_json
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.statement import Statement
from stormdeck.ui.widgets.overview.gpus import GpuPanel

HERE = GpuSnapshot(GpuState.OK, gpus=(Gpu(0, "NVIDIA RTX 4090", 12),))
NONE_HERE = GpuSnapshot(GpuState.NO_DRIVER, "No NVIDIA driver on this machine.")
THERE = GpuSnapshot(GpuState.OK, driver="590", gpus=tuple(Gpu(n, "NVIDIA H200", 90 + n) for n in range(2)))
AWAY = GpuSnapshot(GpuState.NO_FIGURES, "http://gpu-box:9400/metrics: connection refused.")
BOX = GpuHost("http://gpu-box:9400/metrics", THERE)
OTHER = GpuHost("http://other:9835/metrics", replace(THERE, gpus=(Gpu(0, "NVIDIA L40S", 5),)))
SSH = ServerProcess(7, "ssh", ("ssh",), 1, None, "")


def deck(url, *hosts, gpu=NONE_HERE, **found):
    found.setdefault("is_local", "127.0.0.1" in url)
    servers = DiscoverySnapshot((Found(url, ServerKind.VLLM, "", **found),), done=True)
    return Deck(servers, vllm=VllmSnapshot(url, ServerState.UP), gpu=gpu, gpu_hosts=GpuHosts(hosts))


def told(one):
    return [(place.name, place.is_of_server, len(place.servers)) for place in gpu_places(one)]


@pytest.mark.parametrize(
    ("one", "places", "hop"),
    [
        (deck("http://gpu-box:8000", BOX), [("gpu-box", True, 1)], ("2 × H200", "90 %")),
        (deck("http://gpu-box:8000", OTHER, BOX), [("gpu-box", True, 1), ("other", False, 0)], ("2 × H200", "90 %")),
        (deck("http://gpu-box:8000", OTHER), [("other", False, 0)], ("GPU", "elsewhere")),
        (
            deck("http://gpu-box:8000", BOX, gpu=HERE),
            [("gpu-box", True, 1), ("", False, 0)],
            ("2 × H200", "90 %"),
        ),
        (deck("http://gpu-box:8000", replace(BOX, snapshot=AWAY)), [("gpu-box", True, 1)], ("GPU", "no figures")),
        (deck("http://127.0.0.1:8000", BOX, gpu=HERE), [("", True, 1), ("gpu-box", False, 0)], ("RTX 4090", "12 %")),
        (deck("http://127.0.0.1:8000", gpu=HERE), [("", True, 1)], ("RTX 4090", "12 %")),
    ],
    ids=["there", "two exporters", "of another", "and here", "exporter down", "server here", "no exporter"],
)
def test_a_card_belongs_to_the_server_of_its_host(one, places, hop):
    assert told(one) == places
    last = path(one)[-1]
    assert (last.name, last.figure) == hop


def test_an_exporter_on_this_machine_stands_in_for_the_driver():
    """In a container without the driver; where the driver is read, its figures are shown once."""
    local = GpuHost("http://localhost:9400/metrics", THERE)
    assert told(deck("http://127.0.0.1:8000", local)) == [(":9400", True, 1)]
    assert told(deck("http://127.0.0.1:8000", local, gpu=HERE)) == [("", True, 1)]
    assert server_gpus(deck("http://127.0.0.1:8000", local, gpu=HERE)) == HERE


def test_forwarded_ports_are_matched_by_the_name_that_the_exporter_states():
    forwarded = GpuHost("http://127.0.0.1:9400/metrics", THERE, reported="gpu-box")
    assert told(deck("http://gpu-box.lan:8000", forwarded)) == [("gpu-box", True, 1)]
    tunnel = deck("http://127.0.0.1:8000", forwarded, gpu=HERE, is_local=False, holder=SSH)
    assert told(tunnel) == [("gpu-box", True, 1), ("", False, 0)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gpu-box", "GPU-Box", True),
        ("gpu-box", "gpu-box.lan", True),
        ("gpu-box.a", "gpu-box.b", False),
        ("10.0.0.5", "10", False),
        ("10.0.0.5", "10.0.0.5", True),
        ("gpu", "gpu-box", False),
        ("", "", False),
    ],
)
def test_names_of_one_machine(one, other, same):
    assert is_same_name(one, other) is same
    assert is_same_name(other, one) is same


def test_of_two_exporters_on_a_machine_the_one_with_figures_counts():
    down = GpuHost("http://gpu-box:9835/metrics", AWAY)
    assert GpuHosts((down, BOX)).of("http://gpu-box:8000") is BOX
    assert GpuHosts((down,)).of("http://gpu-box:8000") is down


def test_the_history_keeps_the_server_s_gpus():
    vllm = VllmSnapshot("http://gpu-box:8000", ServerState.UP)
    assert gpus_of(vllm, HERE, GpuHosts((BOX,))) is THERE
    assert gpus_of(vllm, HERE, GpuHosts((OTHER,))) is HERE
    assert gpus_of(None, HERE, GpuHosts((BOX,))) is HERE
    local = VllmSnapshot("http://127.0.0.1:8000", ServerState.UP)
    assert gpus_of(local, HERE, GpuHosts((GpuHost("http://localhost:9400", THERE),))) is HERE
    assert gpus_of(local, NONE_HERE, GpuHosts((GpuHost("http://localhost:9400", THERE),))) is THERE


def test_the_json_names_the_machines():
    document: dict[str, Any] = status_json(
        deck("http://gpu-box:8000", BOX, OTHER, gpu=HERE), (Statement(Health.OK, "All well"),)
    )
    json.dumps(document)
    assert [(one["host"], one["of_server"], one["index"]) for one in document["gpus"]] == [
        ("gpu-box", True, 0),
        ("gpu-box", True, 1),
        ("other", False, 0),
        (None, False, 0),
    ]
    assert [(one["name"], one["state"], one["servers"]) for one in document["gpu_hosts"]] == [
        ("gpu-box", "ok", ["http://gpu-box:8000"]),
        ("other", "ok", []),
    ]
    assert document["hops"][-1]["state"] == "ok"


def rows(one, width=100, height=12):
    panel = GpuPanel()
    panel.set_reactive(GpuPanel.deck, one)  # type: ignore[arg-type] # the class gives the reactive
    return [row.plain for row in panel.rows(width, height)]


def test_the_panel_has_a_title_for_each_machine():
    shown = rows(deck("http://gpu-box:8000", BOX, OTHER, gpu=HERE))
    titles = [row.split("  ")[0].strip() for row in shown if "GPU of" in row]
    assert titles == ["GPU of gpu-box", "GPU of other", "GPU of this machine"]
    assert not any("not here" in row for row in shown)


@pytest.mark.parametrize("height", range(1, 16))
@pytest.mark.parametrize("width", [38, 80, 120])
def test_the_panel_fits(width, height):
    one = deck("http://gpu-box:8000", BOX, OTHER, replace(BOX, url="http://third:1", snapshot=AWAY), gpu=HERE)
    shown = rows(one, width, height)
    assert len(shown) <= height
    assert shown[0].startswith("GPU of gpu-box") or height == 1


def test_a_missing_exporter_says_what_to_do():
    shown = rows(deck("http://gpu-box:8000", replace(BOX, snapshot=AWAY)))
    assert shown[0] == "GPU of gpu-box ○ no figures" or "no figures" in shown[0]
    assert "connection refused" in " ".join(shown)


def test_the_board_has_room_for_all_machines():
    assert count_rows(deck("http://127.0.0.1:8000", gpu=HERE)) == 1
    assert count_rows(deck("http://gpu-box:8000", BOX, OTHER, gpu=HERE)) == 2 + 1 + 1 + 2
