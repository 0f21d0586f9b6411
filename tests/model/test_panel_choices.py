"""What is chosen in the panel: steps of the interval, panels on and off, and a file that cannot be trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stormdeck.model.overview_layout import PANELS
from stormdeck.model.panel_choices import (
    INTERVALS_S,
    PRESETS,
    Choices,
    interval_words,
    next_interval,
    preset_of,
    read_choices,
    toggled,
    write_choices,
)


@given(st.integers(1, 60), st.sampled_from([1, -1]))
def test_a_step_of_the_interval_goes_its_way_or_stays_at_the_end(now, step):
    after = next_interval(now, step)
    assert after in INTERVALS_S or after == now
    assert (after > now) == (step > 0 and now < INTERVALS_S[-1])
    assert (after < now) == (step < 0 and now > INTERVALS_S[0])


def test_the_words_promise_no_interval_that_is_not_held():
    assert interval_words(5) == "Polling servers every 5 s; less often while quiet, failing or out of focus."


@given(st.lists(st.sampled_from(PANELS), min_size=1, unique=True).map(tuple), st.sampled_from(PANELS))
def test_a_panel_is_added_or_removed_and_one_always_stays(panels, name):
    after = toggled(panels, name)
    assert after
    if panels != (name,):
        assert (name in after) is (name not in panels)
        assert [one for one in after if one != name] == [one for one in panels if one != name]


@given(st.lists(st.sampled_from(PANELS), min_size=1, unique=True))
def test_what_is_written_is_read_back(names):
    panels = tuple(name for name in PANELS if name in names)
    choices = Choices(panels, "compact", 5)
    assert read_choices(write_choices(choices)) == choices
    assert read_choices(write_choices(Choices())) == Choices()


DAMAGED = (
    "",
    "{",
    "[]",
    "7",
    "[" * 5000,
    '{"panels": "log"}',
    '{"panels": [["log"], 3]}',
    '{"panels": []}',
    '{"density": "airy", "poll": 0}',
    '{"density": [], "poll": true}',
    '{"poll": 1.5}',
    '{"poll": 61}',
)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_no_choice(text):
    assert read_choices(text) == Choices()


def test_every_preset_has_its_name_and_is_made_of_panels():
    for name, panels in PRESETS.items():
        assert preset_of(panels) == name
        assert set(panels) <= set(PANELS)
    assert preset_of(("log", "verdict")) == ""
