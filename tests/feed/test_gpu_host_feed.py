"""The panel's feed polls the GPU exporters of other machines, each on its own."""

import asyncio

from places import TESTS
from servers import Imitation, Reply, free_url, serving
from stormdeck.feed.remote.gpu_hosts import GpuHostFeed
from stormdeck.model.snapshots.gpu import GpuState
from stormdeck.sources.net.http import HttpClient
from waiting import eventually

PAGE = (TESTS / "data/gpu/dcgm.prom").read_bytes()


def test_a_silent_exporter_holds_up_no_other():
    delivered, tasks = [], []

    def spawn(work):
        tasks.append(asyncio.ensure_future(work))
        return tasks[-1]

    async def scene():
        silent = Imitation({"/metrics": lambda _: None})
        rest = serving(silent), serving(Imitation({"/metrics": Reply(PAGE)})), HttpClient("1")
        async with rest[0] as hung, rest[1] as url, rest[2] as http:
            feed = GpuHostFeed((hung, url, free_url(), url), http, delivered.append, 2)
            feed.start(spawn)
            assert [one.snapshot.state for one in delivered[0].hosts] == [GpuState.ASKING] * 3
            await eventually(lambda: delivered[-1].hosts[1].snapshot.state is GpuState.OK)
            await eventually(lambda: delivered[-1].hosts[2].snapshot.state is GpuState.NO_FIGURES)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(scene())
    assert len(delivered[-1].hosts[1].snapshot.gpus) == 2


def test_without_exporters_nothing_is_delivered():
    delivered, tasks = [], []

    async def scene():
        async with HttpClient("1") as http:
            GpuHostFeed((), http, delivered.append, 2).start(tasks.append)

    asyncio.run(scene())
    assert (delivered, tasks) == ([], [])
