"""The panel's view of running recorders: what is in flight, and the meter's evidence."""

import asyncio
from dataclasses import replace

from stormdeck.feed.wire import WireFeed
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.model.wire.exchange import Exchange, Outcome
from stormdeck.model.wire.request import Kind
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.wire.journal import Journal
from waiting import eventually

NOW = 1_800_000_000.0


def test_requests_in_flight_come_and_go_with_the_recorder(tmp_path):
    async def scene():
        watcher, meter, seen = FileWatcher(step_ms=10), TrafficMeter(), []
        running = asyncio.ensure_future(WireFeed(tmp_path / "wire", meter, seen.append, watcher).run())
        await eventually(lambda: watcher._watches)
        journal = Journal(tmp_path / "wire", "1")
        begun = Exchange("1", NOW, Kind.MAIN, "s", "main", "k", turn="1")
        journal.note(begun)
        await eventually(lambda: seen and seen[-1].in_flight == (begun,))
        assert seen[-1].recorders == 1
        journal.note(replace(begun, outcome=Outcome.STATUS, status=500, ended=NOW + 1))
        again = Exchange("2", NOW + 2, Kind.MAIN, "s", "main", "k", turn="1", attempt=2)
        journal.note(again)
        await eventually(lambda: seen[-1].in_flight == (again,))
        assert meter.snapshot(NOW + 3).retries == 1
        journal.close()
        await eventually(lambda: seen[-1].recorders == 0)
        assert not seen[-1].in_flight
        running.cancel()
        watcher.stop()

    asyncio.run(scene())
