"""What the fleet costs, counted: a key or an answer draws no more rows than are seen, however many there are."""

from collections import Counter

import pytest

from fleets import large_fleet
from panel import deliver, in_loop, settled, show, until
from stormdeck.model.fleet import table
from stormdeck.model.fleet.labels import Naming
from stormdeck.model.fleet.queries import Name
from stormdeck.model.fleet.rows import replicas
from stormdeck.model.fleet.series import Series
from stormdeck.ui.widgets.fleet import list as fleet_list
from stormdeck.ui.widgets.fleet.detail import FleetDetail
from stormdeck.ui.widgets.fleet.list import FleetList

INSTANCES = 1000
SCREEN = (120, 40)


@pytest.fixture
def drawn(monkeypatch):
    """Return a counter of the rows that are drawn."""
    counted, original = Counter(), fleet_list.drawn

    def draw(one, frame):
        counted["rows"] += 1
        return original(one, frame)

    monkeypatch.setattr(fleet_list, "drawn", draw)
    return counted


async def open_fleet(pilot):
    """Show a large fleet; return its list."""
    await deliver(pilot, large_fleet(INSTANCES))
    await until(pilot, lambda: pilot.app.deck.fleet.replicas, "no fleet")
    await show(pilot, "fleet")
    await settled(pilot)
    return pilot.app.screen.query_one(FleetList)


@in_loop
async def test_the_first_rows_are_drawn_and_no_others(panel, drawn):
    async with panel().run_test(size=SCREEN) as pilot:
        shown = await open_fleet(pilot)
        assert 0 < drawn["rows"] <= 2 * shown.size.height


@pytest.mark.parametrize("key", ["down", "up", "pagedown", "pageup", "G", "g", "n"])
@in_loop
async def test_a_key_draws_no_more_rows_than_are_seen(panel, drawn, key):
    async with panel().run_test(size=SCREEN) as pilot:
        shown = await open_fleet(pilot)
        await pilot.press("down", "down")
        await settled(pilot)
        drawn.clear()
        await pilot.press(key)
        await settled(pilot)
        assert drawn["rows"] <= shown.size.height


@in_loop
async def test_a_step_draws_one_row_at_most(panel, drawn):
    async with panel().run_test(size=SCREEN) as pilot:
        shown = await open_fleet(pilot)
        await pilot.press("down")
        await settled(pilot)
        drawn.clear()
        for _ in range(3 * shown.size.height):
            await pilot.press("down")
        await settled(pilot)
        assert drawn["rows"] <= 3 * shown.size.height + 5


@in_loop
async def test_a_new_answer_draws_the_rows_that_are_seen(panel, drawn):
    async with panel().run_test(size=SCREEN) as pilot:
        shown = await open_fleet(pilot)
        drawn.clear()
        fresh = large_fleet(INSTANCES, seed=7)
        await deliver(pilot, fresh)
        await until(pilot, lambda: pilot.app.screen._fleet is fresh, "the answer is not shown")
        await settled(pilot)
        assert 0 < drawn["rows"] <= shown.size.height


@in_loop
async def test_an_answer_draws_nothing_while_another_area_is_shown(panel, drawn):
    async with panel().run_test(size=SCREEN) as pilot:
        await open_fleet(pilot)
        await show(pilot, "logs")
        drawn.clear()
        fresh = large_fleet(INSTANCES, seed=7)
        await deliver(pilot, fresh)
        await until(pilot, lambda: pilot.app.deck.fleet is fresh, "it did not arrive")
        await settled(pilot)
        assert drawn["rows"] == 0


@in_loop
async def test_the_number_of_widgets_does_not_grow_with_the_fleet(panel):
    async with panel().run_test(size=SCREEN) as pilot:
        await deliver(pilot, large_fleet(10, proxies=1))
        await until(pilot, lambda: pilot.app.deck.fleet.replicas, "no fleet")
        await show(pilot, "fleet")
        few = len(pilot.app.screen.query("*"))
        await deliver(pilot, large_fleet(INSTANCES))
        await until(pilot, lambda: len(pilot.app.deck.fleet.replicas) == INSTANCES, "it did not arrive")
        assert len(pilot.app.screen.query("*")) == few
        assert pilot.app.screen.query_one(FleetDetail)


def test_the_labels_of_an_instance_are_read_once(monkeypatch):
    read = Counter()
    original = table.text_of
    monkeypatch.setattr(table, "text_of", lambda *args: (read.update(["labels"]), original(*args))[1])
    known = table.Table(Naming(), "prom:9090")
    for _ in range(5):
        series = tuple(
            Series({"job": "vllm", "instance": f"gpu-{number}:8000", "model_name": "m"}, 100.0) for number in range(50)
        )
        known.take(Name.SCRAPED, series)
        assert len(replicas(known, 101.0, 5.0)) == 50
    assert read["labels"] == 50
