"""Numbers as people read them."""

import pytest

from stormdeck.model.units import NONE, about, amount, duration, gibibytes, grouped, percent, plural, seconds, tokens


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (-3, "0 s"),
        (41, "41 s"),
        (60, "1 min"),
        (200, "3 min 20 s"),
        (660, "11 min"),
        (11_520, "3 h 12 min"),
        (7200, "2 h"),
        (187_200, "2 d 4 h"),
        (86_400, "1 d"),
    ],
)
def test_a_span_has_at_most_two_units(span, text):
    assert duration(span) == text


@pytest.mark.parametrize(
    ("wait", "text"), [(0.4, "now"), (8.2, "in about 8 s"), (18, "in about 18 s"), (33, "in about 35 s")]
)
def test_a_coming_span_is_coarse(wait, text):
    assert about(wait) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, NONE), (0.034, "0.03 s"), (0.84, "0.8 s"), (9.96, "10 s"), (21.3, "21 s")]
)
def test_a_latency_shows_what_matters(value, text):
    assert seconds(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, NONE), (8192, "8k"), (131_072, "128k"), (200_000, "200k"), (1_000_000, "1M")]
)
def test_a_window_is_named_as_people_name_it(value, text):
    assert tokens(value) == text


def test_thousands_stand_apart():
    assert grouped(1240.4) == "1 240"


def test_what_is_not_reported_is_a_dash():
    assert (percent(None), gibibytes(None)) == (NONE, NONE)
    assert (percent(41.4), gibibytes(118 * 2**30), gibibytes(2**29)) == ("41 %", "118", "0.5")


def test_one_has_no_plural():
    assert (plural(1, "turn"), plural(4, "turn"), plural(2, "retry", "retries")) == ("1 turn", "4 turns", "2 retries")


@pytest.mark.parametrize(
    ("size", "text"), [(0, "1 kB"), (64_000, "64 kB"), (99_999, "100 kB"), (100_000, "0.1 MB"), (3_200_000, "3.2 MB")]
)
def test_an_amount_of_data_has_one_unit(size, text):
    assert amount(size) == text
