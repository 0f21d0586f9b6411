"""GPUs stand behind a server of this machine only."""

from dataclasses import replace
from typing import Any

import pytest

from stormdeck.model.deck import Deck
from stormdeck.model.request_path import gpus_elsewhere, path
from stormdeck.model.snapshots.discovery import Contained, DiscoverySnapshot, Found, ServerProcess
from stormdeck.model.snapshots.gpu import Gpu, GpuSnapshot, GpuState
from stormdeck.model.snapshots.server import ProxySnapshot, ServerKind, ServerState, VllmSnapshot
from stormdeck.model.status.document import status_json
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.statement import Statement
from stormdeck.ui.widgets.overview.gpus import GpuPanel

GPU = GpuSnapshot(GpuState.OK, gpus=(Gpu(0, "NVIDIA RTX 4090", 12),))
SSH = ServerProcess(7, "ssh", ("ssh",), 1, None, "")
INNER = ServerProcess(37, "vllm", ("vllm", "serve", "q"), 1, None, "", ServerKind.VLLM, has_own_network=True)


def deck(url, **found):
    servers = DiscoverySnapshot((Found(url, ServerKind.VLLM, "", **found),), done=True)
    return Deck(servers, vllm=VllmSnapshot(url, ServerState.UP), gpu=GPU)


@pytest.mark.parametrize(
    ("one", "where", "hop"),
    [
        (deck("http://127.0.0.1:8000"), "", ("RTX 4090", "12 %")),
        (deck("http://gpu-box:8000", is_local=False), "at gpu-box", ("GPU", "elsewhere")),
        (deck("http://127.0.0.1:8000", is_local=False, holder=SSH), "behind ssh (pid 7)", ("GPU", "elsewhere")),
        (Deck(gpu=GPU), "", ("RTX 4090", "12 %")),
    ],
    ids=["here", "another machine", "a tunnel", "no server"],
)
def test_whose_gpus_they_are(one, where, hop):
    assert gpus_elsewhere(one) == where
    last = path(one)[-1]
    assert (last.name, last.figure) == hop


def test_the_servers_before_the_gpus_count_and_not_the_proxy():
    """A proxy elsewhere with a vLLM here, and the other way round."""
    for is_local, where in ((True, ""), (False, "at gpu-box")):
        url = "http://127.0.0.1:8000" if is_local else "http://gpu-box:8000"
        one = deck(url, is_local=is_local)
        proxy = Found("http://other:4000", ServerKind.LITELLM, "", is_local=not is_local)
        snapshot = ProxySnapshot("http://other:4000", ServerKind.LITELLM, ServerState.UP)
        one = replace(one, discovery=replace(one.discovery, found=(proxy, *one.discovery.found)), proxy=snapshot)
        assert gpus_elsewhere(one) == where


def test_a_proxy_elsewhere_hides_no_server_in_a_container_here():
    proxy = ProxySnapshot("http://other:4000", ServerKind.LITELLM, ServerState.UP)
    found = DiscoverySnapshot((Found(proxy.url, proxy.kind, "", is_local=False),), done=True)
    assert gpus_elsewhere(Deck(found, proxy=proxy)) == "at other"
    inner = (Contained(INNER, "a container", 8000),)
    assert gpus_elsewhere(Deck(replace(found, contained=inner), proxy=proxy)) == ""


def test_the_json_says_where_to_look():
    document: dict[str, Any] = status_json(
        deck("http://gpu-box:8000", is_local=False), (Statement(Health.OK, "All well"),)
    )
    assert [one["of_server"] for one in document["gpus"]] == [False]
    assert "--host, --gpu-metrics, or nvidia-smi on its machine" in document["hops"][-1]["detail"]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (deck("http://127.0.0.1:8000"), "GPU"),
        (deck("http://gpu-box:8000", is_local=False), "GPU of this machine"),
        (replace(deck("http://gpu-box:8000", is_local=False), gpu=GpuSnapshot(GpuState.NO_DRIVER, "None.")), "GPU"),
    ],
    ids=["here", "elsewhere", "elsewhere, none here"],
)
def test_the_panel_sets_them_apart(one, words):
    panel = GpuPanel()
    panel.set_reactive(GpuPanel.deck, one)  # type: ignore[arg-type] # the class gives the reactive
    rows = [row.plain for row in panel.rows(100, 8)]
    assert rows[0].startswith(words)
    assert any("the server is at gpu-box, not here" in row.lower() for row in rows) is bool(gpus_elsewhere(one))
