"""What was chosen in the panel holds at the next start, unless an option says otherwise."""

import pytest

from stormdeck.model.panel_choices import Choices
from stormdeck.options import load
from stormdeck.options.choices import ChoiceKeeper, with_choices
from stormdeck.sources.state.choices import ChoiceStore

CHOSEN = Choices(("verdict", "log"), "compact", 10)


@pytest.fixture
def store(tmp_path):
    return ChoiceStore(tmp_path / "state" / "choices.json")


def test_a_choice_stands_in_for_the_default_alone():
    free = with_choices(load({}, {}).options, CHOSEN)
    assert (free.panels, free.density, free.poll) == (("verdict", "log"), "compact", 10)
    given = with_choices(load({"poll": ["3"]}, {"STORMDECK_PANELS": "log,gpus"}).options, CHOSEN)
    assert (given.panels, given.density, given.poll) == (("log", "gpus"), "compact", 3)


def test_choices_are_kept_one_by_one_into_what_another_panel_chose(store):
    one, other = (ChoiceKeeper(load({}, {}).options, store) for _ in range(2))
    assert (one.keep("poll", 5), other.keep("density", "compact")) == ("", "")
    assert store.load() == Choices(None, "compact", 5)


def test_what_an_option_sets_is_not_kept_and_that_is_said(store):
    keeper = ChoiceKeeper(load({"poll": ["3"]}, {}).options, store)
    assert keeper.keep("poll", 10) == "Until you quit: at the next start --poll sets poll."
    assert store.load() == Choices()


def test_a_read_only_panel_keeps_nothing(store):
    keeper = ChoiceKeeper(load({"readonly": ["on"]}, {}).options, store)
    assert "read only (--readonly)" in keeper.keep("poll", 10)
    assert store.load() == Choices()


def test_a_file_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "state").write_text("a file where the folder would be")
    store = ChoiceStore(tmp_path / "state" / "choices.json")
    assert ChoiceKeeper(load({}, {}).options, store).keep("poll", 10).startswith("This is not kept for the next start")
