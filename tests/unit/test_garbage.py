"""When garbage is looked for."""

import gc

import pytest

from stormdeck.garbage import SELDOM, hold, resume


@pytest.fixture(autouse=True)
def as_before():
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def test_what_was_loaded_meanwhile_is_never_looked_through_again():
    hold()
    assert not gc.isenabled()
    resume()
    assert gc.isenabled()
    assert gc.get_threshold() == SELDOM
    assert gc.get_freeze_count() > 0


def test_nothing_changes_where_it_was_not_held():
    before = gc.get_threshold()
    resume()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
