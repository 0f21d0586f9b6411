"""Whether a server refuses connections, from its last snapshot."""

from dataclasses import replace

import pytest

from samples import PROXY, VLLM, VLLM_PROCESS
from stormdeck.model.snapshots.server import ServerState, refuses_connections
from stormdeck.sources.net.failure import refused
from stormdeck.sources.processes import scan
from stormdeck.sources.processes.scan import refused_by


@pytest.mark.parametrize("server", [VLLM, PROXY], ids=["vllm", "proxy"])
@pytest.mark.parametrize(
    ("is_alive", "answered"), [(False, True), (True, True), (True, False)], ids=["ended", "stopping", "loading"]
)
def test_a_port_where_nothing_listens_refuses(monkeypatch, server, is_alive, answered):
    monkeypatch.setattr(scan, "is_alive", lambda process: is_alive)
    state, detail = refused_by(VLLM_PROCESS, refused(8000).text, answered=answered)
    assert refuses_connections(replace(server, state=state, detail=detail))


@pytest.mark.parametrize(
    ("state", "detail"),
    [(ServerState.UP, ""), (ServerState.DOWN, "no whole answer in time"), (ServerState.DEGRADED, "requests hang")],
)
def test_a_server_that_is_slow_or_ill_refuses_none(state, detail):
    assert not refuses_connections(replace(VLLM, state=state, detail=detail))
