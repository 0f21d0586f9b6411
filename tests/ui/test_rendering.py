"""Sparklines of a minute in the available columns; sentences in the available room."""

import pytest

from stormdeck.ui.rendering import MORE, fit_words, peaks, spark


def one_peak(at, of=60):
    """Return samples of 10 % with one of 90 % so many samples before the newest."""
    return tuple(90 if age == at else 10 for age in reversed(range(of)))


@pytest.mark.parametrize(("age", "column"), [(0, 6), (8, 6), (9, 5), (30, 3), (59, 0)])
def test_seven_columns_give_of_the_whole_minute_and_keep_its_peaks(age, column):
    assert peaks(one_peak(age), 7, 60) == [90 if place == column else 10 for place in range(7)]


@pytest.mark.parametrize("columns", [60, 100])
def test_no_sample_is_shown_twice(columns):
    assert peaks(tuple(range(60)), columns, 60) == list(range(60))


def test_a_history_that_has_just_begun_fills_the_columns_of_its_own_time():
    assert peaks((50,) * 10, 6, 60) == [None, None, None, None, None, 50]


def test_what_is_not_known_stays_blank_beside_what_is():
    assert peaks((None,) * 20 + (30,) + (None,) * 39, 3, 60) == [None, 30, None]


def test_samples_older_than_the_time_shown_are_left_out():
    assert peaks((99,) * 60 + (1,) * 60, 4, 60) == [1, 1, 1, 1]


def test_nothing_is_known_of_no_column():
    assert peaks((1, 2), 0, 60) == []


def test_a_sparkline_fills_its_width_with_the_newest_at_the_right():
    assert spark((100,) * 15, 8, 60).plain == "      ██"


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, "no model_name takes claude-haiku-4-5"),
        (36, "no model_name takes claude-haiku-4-5"),
        (35, "no model_name takes…"),
        (19, "no model_name…"),
        (3, "no…"),
        (2, "n…"),
        (1, ""),
        (0, ""),
    ],
)
def test_what_is_cut_does_not_read_as_if_it_were_all(width, shown):
    assert fit_words("no model_name takes claude-haiku-4-5", width, more=MORE) == shown


@pytest.mark.parametrize(("text", "shown"), [("held by the others", "held…"), ("failed: everything", "failed…")])
def test_no_small_word_and_no_sign_stands_before_what_is_left_out(text, shown):
    assert fit_words(text, 12, more=MORE) == shown
