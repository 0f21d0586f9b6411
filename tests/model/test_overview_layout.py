"""The panels of the overview: at every size and with every choice of panels, none covers another."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.overview_layout import PANELS, LayoutPreferences, arrange

SIZES = [(40, 10), (60, 18), (80, 22), (120, 38), (200, 58)]
some_panels = st.lists(st.sampled_from(PANELS), unique=True, min_size=1).map(tuple)


def apart(one, other):
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


@settings(max_examples=120, deadline=None)
@given(
    width=st.integers(1, 240),
    height=st.integers(1, 70),
    panels=some_panels,
    compact=st.booleans(),
    gpus=st.integers(0, 16),
)
def test_no_panel_leaves_the_pane_or_covers_another(width, height, panels, compact, gpus):
    boxes = arrange(width, height, LayoutPreferences(panels, compact), gpus)
    for box in boxes.values():
        assert min(box.width, box.height) > 0
        assert min(box.x, box.y) >= 0
        assert box.x + box.width <= width
        assert box.y + box.height <= height
    assert all(apart(one, other) for one, other in combinations(boxes.values(), 2))
    assert set(boxes) <= set(LayoutPreferences(panels).boxes)
    assert boxes


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_log_ends_at_the_bottom_and_the_verdict_begins_at_the_top(size):
    width, height = size
    boxes = arrange(width, height, LayoutPreferences(), 2)
    assert (boxes["verdict"].x, boxes["verdict"].y) == (0, 0)
    assert boxes["log"].y + boxes["log"].height == height
    assert boxes["log"].width == width


@pytest.mark.parametrize(("size", "gpus"), [((80, 22), 8), ((120, 38), 8), ((200, 58), 16)], ids=["80", "120", "200"])
def test_a_machine_with_many_gpus_has_a_row_for_each(size, gpus):
    width, height = size
    assert arrange(width, height, LayoutPreferences(), gpus)["gpus"].height >= gpus + 1


def test_what_is_named_first_stands_first():
    preferences = LayoutPreferences(("log", "servers", "gpus", "requests", "storms"))
    wide, narrow = arrange(120, 38, preferences, 2), arrange(60, 40, preferences, 2)
    assert "verdict" not in wide
    assert wide["log"].y == 0
    assert wide["engine"].x == 0 < wide["requests"].x
    order = sorted(narrow, key=lambda name: narrow[name].y)
    assert order == [name for name in preferences.boxes if name in narrow]


def test_compact_leaves_the_log_the_blank_rows():
    normal, compact = arrange(120, 38, LayoutPreferences(), 2), arrange(120, 38, LayoutPreferences(compact=True), 2)
    assert compact["log"].height == normal["log"].height + 4
    assert compact.keys() == normal.keys()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_zoomed_panel_has_all_that_the_verdict_leaves(size):
    width, height = size
    boxes = arrange(width, height, LayoutPreferences(zoomed="gpus"), 2)
    assert boxes["gpus"].width == width
    assert sum(box.height for box in boxes.values()) == size[1]
    assert set(boxes) <= {"verdict", "gpus"}


def test_without_the_log_the_history_gets_the_rows_to_spare():
    boxes = arrange(200, 57, LayoutPreferences(("verdict", "servers", "gpus", "history")), 2)
    assert boxes["history"].height > 20
    assert boxes["gpus"].height == 3
