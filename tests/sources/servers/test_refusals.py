"""Whether a server refuses connections, from its last snapshot."""

from dataclasses import replace

import pytest

from samples import PROXY, VLLM, VLLM_PROCESS
from stormdeck.model.snapshots.failure import CUT_WORDS
from stormdeck.model.snapshots.server import ServerState, refuses_connections
from stormdeck.sources.net.failure import Failure, FailureKind, refused
from stormdeck.sources.servers import polled
from stormdeck.sources.servers.polled import without_connection


@pytest.mark.parametrize("server", [VLLM, PROXY], ids=["vllm", "proxy"])
@pytest.mark.parametrize(
    ("is_alive", "answered"), [(False, True), (True, True), (True, False)], ids=["ended", "stopping", "loading"]
)
def test_a_port_where_nothing_listens_refuses(monkeypatch, server, is_alive, answered):
    monkeypatch.setattr(polled, "is_alive", lambda process: is_alive)
    failure = refused(8000)
    state, detail = without_connection(VLLM_PROCESS, failure, failure.text, answered=answered)
    assert refuses_connections(replace(server, state=state, detail=detail))


@pytest.mark.parametrize(
    ("state", "detail"),
    [(ServerState.UP, ""), (ServerState.DOWN, "no whole answer in time"), (ServerState.DEGRADED, "requests hang")],
)
def test_a_server_that_is_slow_or_ill_refuses_none(state, detail):
    assert not refuses_connections(replace(VLLM, state=state, detail=detail))


CUTS = {"ended": (False, True, ServerState.DOWN), "loads": (True, False, ServerState.STARTING)}
CUTS |= {"answered before": (True, True, ServerState.SILENT)}


@pytest.mark.parametrize(("is_alive", "answered", "expected"), CUTS.values(), ids=CUTS)
def test_a_port_that_cuts_connections_refuses_none(monkeypatch, is_alive, answered, expected):
    """As what publishes the port of a container does, until the server in it listens."""
    monkeypatch.setattr(polled, "is_alive", lambda process: is_alive)
    failure = Failure(FailureKind.CUT, CUT_WORDS, accepted=True)
    state, detail = without_connection(VLLM_PROCESS, failure, failure.text, answered=answered)
    assert state is expected
    assert not refuses_connections(replace(VLLM, state=state, detail=detail))
