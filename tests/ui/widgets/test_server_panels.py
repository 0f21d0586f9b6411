"""The server's panel calls the server by its name, and the proxy's says where the client sends without one."""

from dataclasses import replace

import pytest

from panel import deliver, in_loop, rows_with
from samples import CALM, FOUND, VLLM, WELL
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from stormdeck.model.snapshots.server import ServedModel, ServerKind, ServerState

KINDS = [one for one in ServerKind if one.is_engine and one is not ServerKind.VLLM]
DIRECT = DiscoverySnapshot(tuple(one for one in FOUND.found if not one.kind.is_proxy), done=True)
WHY = "figures are read from others only"


def other(kind, **changes):
    models = (ServedModel("qwen3.5:27b"), ServedModel("gemma4"))
    return replace(VLLM, kind=kind, version="0.33.2", models=models, engine=None, detail=WHY, **changes)


@pytest.mark.parametrize("kind", KINDS)
@in_loop
async def test_a_server_without_figures_is_named_with_its_models(panel, kind):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, DIRECT, other(kind), CALM)
        app = pilot.app
        assert rows_with(app, f"{kind.value} 0.33.2")
        assert rows_with(app, f"{kind.value} :8000")
        assert rows_with(app, "qwen3.5:27b")
        assert rows_with(app, WHY)
        assert rows_with(app, f"No proxy: Claude Code sends to {kind.value} itself.")


@in_loop
async def test_a_name_of_another_network_is_no_outage(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        away = replace(VLLM, url="http://vllm:8000", state=ServerState.UNREACHABLE, detail="the name does not resolve")
        await deliver(pilot, WELL, FOUND, away, CALM)
        assert rows_with(pilot.app, "vLLM vllm:8000 is not reachable from here")
        assert not rows_with(pilot.app, "is down")


@in_loop
async def test_a_gateway_that_hides_the_figures_is_said_in_the_headline(panel):
    async with panel().run_test(size=(120, 40)) as pilot:
        hidden = replace(VLLM, engine=None, figures_hidden=True, detail="vLLM behind a gateway, figures hidden")
        await deliver(pilot, WELL, DIRECT, hidden, CALM)
        assert rows_with(pilot.app, "All well.  vLLM behind a gateway, figures hidden")
