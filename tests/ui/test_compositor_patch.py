"""A partial update draws the same as a whole one, and asks only what is seen of a change for its lines."""

import inspect
from dataclasses import replace

import pytest
from textual._compositor import Compositor
from textual.geometry import Region
from textual.widget import Widget

from panel import AREAS, deliver, in_loop, settled, show, until
from samples import CALM, FOUND, GPUS, NOW, PROXY, VLLM, WELL, WRONG
from stormdeck.ui.textual_patches.compositor import ChangesCompositor, _by_columns

SIZES = [(120, 40), (80, 24), (40, 12)]


def source(function):
    return inspect.getsource(inspect.unwrap(function))


def test_textual_still_renders_all_between_the_first_and_the_last_changed_region():
    assert "crop_overlaps(clip)" in source(Compositor._get_renders)
    assert "Region.from_union(update_regions)" in source(Compositor.render_partial_update)
    assert "self._get_renders(crop)" in source(Compositor._render_chops)
    assert "Upstream: " in inspect.getdoc(ChangesCompositor)


def test_rows_of_the_same_columns_are_one_region():
    rows = [Region(2, y, 10, 1) for y in (7, 3, 4)]
    assert set(_by_columns([*rows, Region(0, 9, 40, 2)])) == {Region(2, 3, 10, 5), Region(0, 9, 40, 2)}


@pytest.fixture
def compared(monkeypatch):
    """The partial updates so far; each is compared with the whole screen."""
    updates, partial = [], ChangesCompositor.render_partial_update

    def render_and_compare(self):
        update = partial(self)
        if update is not None:
            whole = self._render_chops(self.size.region, lambda _y: True)
            for y, left, right in update.spans:
                for end, (x, strip) in zip(update.chop_ends[y], whole[y].items(), strict=False):
                    if x < right and end > left:
                        drawn = update.chops[y][x]
                        assert drawn is not None, (y, x)
                        assert [*drawn] == [*strip], (y, x)
            updates.append(update)
        return update

    monkeypatch.setattr(ChangesCompositor, "render_partial_update", render_and_compare)
    return updates


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("area", AREAS)
@in_loop
async def test_a_partial_update_is_what_the_whole_screen_shows(panel, compared, area, size):
    async with panel().run_test(size=size) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, CALM)
        await show(pilot, area)
        for number in range(3):
            await deliver(pilot, replace(VLLM, latency_ms=9 + number), replace(CALM, requests_per_minute=9.0 + number))
            pilot.app.book.add("a.log", [f"ERROR line {number}"], NOW, {})
            pilot.app.notify_lines()
            await deliver(pilot, WRONG if number % 2 else WELL)
            await pilot.press("down", "question_mark", "escape", "up")
        await settled(pilot)
        assert compared


@in_loop
async def test_a_new_figure_asks_few_widgets_for_few_rows(panel, monkeypatch):
    asked, original = [], Widget.render_lines
    monkeypatch.setattr(Widget, "render_lines", lambda self, crop: (asked.append(crop), original(self, crop))[1])
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, WELL, FOUND, VLLM, PROXY, GPUS, CALM)
        await show(pilot, "overview")
        await settled(pilot)
        asked.clear()
        pilot.app.deliver(replace(VLLM, latency_ms=99))
        await until(pilot, lambda: asked, "nothing is drawn")
        await pilot.pause()
        assert len(asked) <= 6
        assert sum(crop.height for crop in asked) <= 40
