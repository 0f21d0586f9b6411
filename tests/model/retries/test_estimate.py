"""The number of attempts of a turn, estimated from its duration."""

import pytest

from stormdeck.model.retries.estimate import LONGEST_TIMEOUT_S, estimate_attempts, waits_before


def length(attempts, took, jitter=0.125):
    low, _ = waits_before(attempts)
    return 0.1 + attempts * took + low * (1 + jitter)


@pytest.mark.parametrize("jitter", [0.0, 0.125, 0.25])
@pytest.mark.parametrize("attempts", range(2, 12))
@pytest.mark.parametrize("timeout", [3.0, 5.0, 60.0, 300.0])
def test_the_timeout_gives_the_attempts(attempts, timeout, jitter):
    found = estimate_attempts(length(attempts, timeout, jitter), "timeout", 11, timeout)
    assert (found.attempts, found.last_took) == (attempts, timeout)


@pytest.mark.parametrize("attempts", range(2, 12))
@pytest.mark.parametrize("cause", ["reset", "refused"])
def test_the_waits_give_the_attempts_of_a_broken_connection(attempts, cause):
    assert estimate_attempts(length(attempts, 0.004), cause, 11).attempts == attempts


@pytest.mark.parametrize(
    ("seconds", "attempts"),
    [(32.86, 5), (24.23, 4)],
    ids=["measured, 5 attempts of 5 s", "measured, 4 attempts of 5 s"],
)
def test_a_round_timeout_is_the_likeliest(seconds, attempts):
    found = estimate_attempts(seconds, "timeout", 11)
    assert (found.attempts, found.last_took) == (attempts, 5.0)
    assert "round seconds" in found.basis


def test_no_attempt_waits_longer_than_the_client_does():
    assert estimate_attempts(length(4, LONGEST_TIMEOUT_S), "timeout", 11, 3000.0).attempts == 4


@pytest.mark.parametrize("cause", ["timeout", "reset"])
def test_more_than_the_limit_is_never_reported(cause):
    found = estimate_attempts(length(9, 2.0), cause, 3)
    assert found is None or found.attempts <= 3


@pytest.mark.parametrize(("seconds", "cause"), [(0.0, "timeout"), (-5.0, "timeout"), (13.0, "reset"), (-1.0, "reset")])
def test_where_nothing_fits_nothing_is_reported(seconds, cause):
    assert estimate_attempts(seconds, cause, 11) is None
