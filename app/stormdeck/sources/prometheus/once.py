"""Ask all Prometheus servers once, for commands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from stormdeck.model.fleet.access import PrometheusAccess
from stormdeck.model.fleet.snapshot import FleetSnapshot, FleetState
from stormdeck.model.fleet.whole import SourceAnswer, joined
from stormdeck.sources.prometheus.source import PrometheusSource


def ask_once(accesses: Sequence[PrometheusAccess], environ: Mapping[str, str], total_s: float) -> FleetSnapshot:
    """Return what all know within ``total_s`` seconds; what came by then counts. Never raises."""
    return asyncio.run(_ask_all(accesses, environ, total_s))


async def _ask_all(accesses: Sequence[PrometheusAccess], environ: Mapping[str, str], total_s: float) -> FleetSnapshot:
    return joined(await asyncio.gather(*(_ask(one, environ, total_s) for one in accesses)))


async def _ask(access: PrometheusAccess, environ: Mapping[str, str], total_s: float) -> SourceAnswer:
    source = PrometheusSource(access, environ, total_s)
    answer = SourceAnswer(access.url, FleetState.SLOW, f"no answer within {total_s:g} s", "ask it in its own page")
    try:
        async with asyncio.timeout(total_s):
            async for known in source.rounds(time.time(), whole=True):
                answer = known
    except TimeoutError:
        pass
    finally:
        await source.aclose()
    return answer
