"""The client's waits and when it gives up."""

import pytest

from stormdeck.model.retries.backoff import allowance, attempt_limit, gives_up, gives_up_at, wait_bounds
from stormdeck.model.retries.storms.next_attempt import Wait, due_after

MEASURED = [0.68, 1.22, 2.63, 4.87, 8.8, 19.3, 39.3, 37.1, 37.6, 33.9]
"""Waits of one real client (facts/claude-code.md 2); the second and third took a little more than the wait."""


@pytest.mark.parametrize(("attempt", "waited"), enumerate(MEASURED, start=1))
def test_bounds_hold_measured_waits(attempt, waited):
    low, high = wait_bounds(attempt)
    assert low <= waited <= high + 0.15


def test_waits_stay_at_their_cap():
    assert wait_bounds(7) == wait_bounds(30) == (32.0, 40.0)


@pytest.mark.parametrize(
    ("attempt", "waits", "due"),
    [(1, (), 100.5625), (6, (), 118.0), (1, (Wait(1, 3.0, "429"),), 103.0), (6, (Wait(5, 3.0, "429"),), 118.0)],
    ids=["first wait", "sixth wait", "the server asks for more", "the server asks for less"],
)
def test_next_attempt_is_due(attempt, waits, due):
    assert due_after(attempt, 100.0, "429", waits).at == pytest.approx(due)


@pytest.mark.parametrize(
    ("status", "most"),
    [(500, 11), (529, 11), (429, 11), (401, 11), (408, 11), (400, 8), (404, 2), (403, 1), (413, 1)],
)
def test_each_status_has_its_allowance(status, most):
    assert allowance(status) == most


@pytest.mark.parametrize(
    ("attempt", "status", "limit", "retry_after", "over"),
    [
        (10, 500, 11, None, False),
        (11, 500, 11, None, True),
        (1, 500, 1, None, True),
        (1, 404, 11, None, False),
        (2, 404, 11, None, True),
        (1, 429, 11, 60.0, False),
        (1, 429, 11, 90.0, True),
    ],
)
def test_gives_up(attempt, status, limit, retry_after, over):
    assert gives_up(attempt, status, limit, retry_after) is over


def test_a_whole_storm_takes_about_three_minutes():
    assert gives_up_at(1, 0.0) == pytest.approx(159.5 * 1.125)
    assert gives_up_at(11, 50.0) == 50.0


def test_slow_failures_put_the_end_off():
    assert gives_up_at(9, 0.0, service=5.0) == pytest.approx(gives_up_at(9, 0.0) + 10.0)


@pytest.mark.parametrize(
    ("setting", "version", "limit"),
    [
        (None, None, 11),
        ("", "2.1.329", 11),
        ("0", "2.1.42", 1),
        ("3", None, 4),
        ("20", "2.1.42", 21),
        ("20", "2.1.329", 16),
        ("20", "2.1.186", 16),
        ("-1", "2.1.42", 0),
        ("abc", "2.1.42", 0),
        ("-1", "2.1.329", 11),
        ("abc", None, 11),
    ],
)
def test_settings_and_version_set_the_limit(setting, version, limit):
    assert attempt_limit(setting, version) == limit
