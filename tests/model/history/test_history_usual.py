"""Whether a figure is off from usual: never by steady noise, always by a clear shift, and with the odds of it."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.history.usual import SURE, chance_of, median, shift

NOW = 1_795_269_720
LATE, SLOW = 1.5, 0.6


def values(numbers, until=NOW, every=60):
    first = until - every * len(numbers)
    return [(first + every * place, number) for place, number in enumerate(numbers)]


def noise(seed, count, spread):
    random = Random(seed)  # noqa: S311 - noise
    return [2.3 * math.exp(random.gauss(0, spread)) for _ in range(count)]


@pytest.mark.parametrize("spread", [0.05, 0.2, 0.4, 0.8])
@pytest.mark.parametrize("seed", range(3))
def test_steady_noise_is_never_unusual(seed, spread):
    """Fixed seeds: chance alone passes once in a million minutes, so that free ones would fail some day."""
    numbers = noise(seed, 250, spread)
    for count in range(1, len(numbers)):
        for factor in (LATE, SLOW):
            assert shift(values(numbers[:count]), NOW, factor) is None


@pytest.mark.parametrize("seed", range(3))
def test_a_slow_wave_of_a_fifth_is_usual(seed):
    numbers = [one * (1 + 0.2 * math.sin(at / 30)) for at, one in enumerate(noise(seed, 400, 0.1))]
    assert not any(shift(values(numbers[:count]), NOW, LATE) for count in range(1, len(numbers)))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), factor=st.floats(2.0, 20.0), before=st.integers(60, 500), run=st.integers(5, 30))
def test_a_clear_shift_is_found_with_its_size_and_its_beginning(seed, factor, before, run):
    usual = noise(seed, before, 0.1)
    late = [one * factor for one in noise(seed + 1, run, 0.1)]
    found = shift(values(usual + late), NOW, LATE)
    assert found is not None
    assert found.usual == median(usual)
    assert found.now == median(late[-3:])
    assert found.since == NOW - 60 * run
    assert found.before == before
    assert found.chance <= SURE


@settings(derandomize=True, deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.05, 0.4), before=st.integers(60, 500), run=st.integers(5, 30))
def test_a_fall_is_found_as_a_rise_is(seed, factor, before, run):
    usual = noise(seed, before, 0.1)
    slow = [one * factor for one in noise(seed + 1, run, 0.1)]
    found = shift(values(usual + slow), NOW, SLOW)
    assert found is not None
    assert (found.usual, found.since) == (median(usual), NOW - 60 * run)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(numbers=st.lists(st.floats(0, 1e6), max_size=120), factor=st.sampled_from([LATE, SLOW, 0.5, 3.0]))
def test_whatever_the_values_what_is_found_is_true_of_them(numbers, factor):
    found = shift(values(numbers), NOW, factor)
    if found is not None:
        run = [one for at, one in values(numbers) if at >= found.since]
        usual = median(numbers[: len(numbers) - len(run)])
        assert found.usual == usual
        assert all((one >= usual * factor) if factor > 1 else (one <= usual * factor) for one in run)
        assert len(run) >= 3
        assert found.before >= 20


def test_few_minutes_say_nothing():
    assert shift(values([2.0] * 19 + [9.0] * 5), NOW, LATE) is None
    assert shift(values([2.0] * 300 + [9.0] * 2), NOW, LATE) is None
    assert shift([], NOW, LATE) is None


def test_three_minutes_are_enough_where_much_is_known_but_not_where_little_is():
    assert shift(values([2.0] * 200 + [9.0] * 3), NOW, LATE) is not None
    assert shift(values([2.0] * 60 + [9.0] * 3), NOW, LATE) is None
    assert shift(values([2.0] * 60 + [9.0] * 5), NOW, LATE) is not None


def test_what_was_as_slow_before_is_usual():
    now_and_then = ([2.0] * 30 + [9.0] * 10) * 5 + [2.0] * 30
    assert shift(values(now_and_then + [9.0] * 5), NOW, LATE) is None


def test_it_goes_on_for_as_long_as_it_lasts_until_it_is_the_usual():
    assert shift(values([2.0] * 300 + [9.0] * 120), NOW, LATE).since == NOW - 120 * 60
    assert shift(values([2.0] * 100 + [9.0] * 300), NOW, LATE) is None


def test_old_values_say_nothing_of_now_and_a_pause_ends_a_run():
    late = values([2.0] * 300 + [9.0] * 5, until=NOW - 600)
    assert shift(late, NOW, LATE) is None
    assert shift(late, NOW - 560, LATE) is not None
    paused = [*values([2.0] * 300 + [9.0] * 3, until=NOW - 3600), *values([9.0] * 2)]
    assert shift(paused, NOW, LATE) is None


def test_the_odds_are_those_of_drawing_the_highest():
    assert chance_of(5, 0, 39) == pytest.approx(1 / math.comb(44, 5))
    assert chance_of(1, 0, 99) == pytest.approx(0.01)
    assert chance_of(3, 20, 20) == pytest.approx(1.0)
