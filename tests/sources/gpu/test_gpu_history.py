"""The history of the last minute keeps its time axis."""

import pytest

from stormdeck.sources.gpu.history import HELD, History


def test_the_last_sixty_values_are_kept_oldest_first():
    history = History(1.0)
    for second in range(100):
        seen = history.add(float(second), second)
    assert seen == tuple(range(40, 100))


def test_a_value_stands_for_the_few_intervals_since_the_one_before():
    history = History(2.0)
    history.add(0.0, 1)
    assert history.add(8.1, 2) == (1, 2, 2, 2, 2)


def test_more_intervals_without_a_value_are_a_gap():
    history = History(2.0)
    history.add(0.0, 1)
    assert history.add(2.0 * HELD + 2.1, 2) == (1, *[None] * HELD, 2)


def test_a_long_absence_leaves_one_minute_of_gap():
    history = History(1.0)
    history.add(0.0, 1)
    assert history.add(86_400.0, 2) == (None,) * 59 + (2,)


def test_a_value_that_comes_early_replaces_the_last():
    history = History(1.0)
    history.add(0.0, 1)
    history.add(1.0, 2)
    assert history.add(1.3, 3) == (1, 3)


@pytest.mark.parametrize("pace", [0.96, 1.04], ids=["early", "late"])
def test_looks_a_little_off_do_not_tear_the_strip(pace):
    history = History(1.0)
    seen = [history.add(second * pace, second) for second in range(20)][-1]
    assert seen == tuple(range(20))
