"""The feed of the fleet: rows soon, each Prometheus by itself, nothing where none is given, nothing left behind."""

import asyncio
import contextlib

from recorded_prometheus import TAKEN, answering
from servers import Imitation, free_url, serving
from stormdeck.feed.fleet import FleetFeed
from stormdeck.feed.reducer import take
from stormdeck.model.deck import Deck
from stormdeck.model.fleet.access import PrometheusAccess
from stormdeck.model.fleet.past import FleetHistory
from stormdeck.model.fleet.snapshot import FleetState
from waiting import eventually


@contextlib.asynccontextmanager
async def running(*urls):
    shown = []
    feed = FleetFeed([PrometheusAccess(url) for url in urls], {}, shown.append, lambda: TAKEN)
    task = asyncio.ensure_future(feed.run())
    try:
        yield feed, shown
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_nothing_is_delivered_or_asked_where_no_prometheus_is_given():
    async def scene():
        async with running() as (feed, shown):
            await feed.run()
            assert shown == []
            assert isinstance(await feed.history("k", "", 0.0, 5.0), FleetHistory)

    asyncio.run(scene())


def test_rows_come_before_all_answers_and_then_what_is_wrong():
    async def scene():
        async with serving(answering()) as url, running(url) as (_, shown):
            await eventually(lambda: shown and len(shown[-1].statements) == 3)
            assert shown[0].state is FleetState.ASKING
            assert shown[0].sources == (url,)
            first = next(one for one in shown if one.replicas)
            assert first.replicas[0].first_token_p95_s is None
            deck = take(Deck(), shown[-1])
            assert deck.fleet == shown[-1]

    asyncio.run(scene())


def test_one_that_hangs_delays_no_other():
    async def scene():
        hangs = Imitation({}, lambda _asked: None)
        async with serving(hangs) as silent, serving(answering()) as url, running(silent, url) as (_, shown):
            await eventually(lambda: shown and len(shown[-1].replicas) == 5)
            assert shown[-1].state is FleetState.OK

    asyncio.run(scene())


def test_one_that_refuses_is_named_beside_the_other():
    async def scene():
        gone = free_url()
        async with serving(answering()) as url, running(gone, url) as (_, shown):
            await eventually(lambda: shown and shown[-1].note and len(shown[-1].replicas) == 5)
            assert shown[-1].state is FleetState.PARTLY
            assert gone.rpartition(":")[2] in shown[-1].note

    asyncio.run(scene())


def test_the_history_of_a_row_is_asked_of_the_prometheus_that_knows_it():
    async def scene():
        async with serving(answering()) as url, running(url) as (feed, shown):
            await eventually(lambda: shown and shown[-1].replicas)
            found = await feed.history(shown[-1].replicas[0].key, "running", TAKEN - 60, 5.0)
            # The recording has no range queries: an answer without samples says so.
            assert found.samples == ()
            assert found.note
            other = await feed.history("another", "running", TAKEN - 60, 5.0)
            assert other.note == "No Prometheus knows this instance"

    asyncio.run(scene())
