"""GPU energy of watched minutes, and costs at the user's prices."""

from datetime import UTC, datetime

import pytest

from history_samples import sample
from stormdeck.model.history.ring import MINUTE_S, STEP_S
from stormdeck.model.usage.energy import Energy, energy_by_day
from stormdeck.model.usage.prices import check_prices, cost, read_price
from stormdeck.model.usage.totals import Totals

MIDNIGHT = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp())
PRICES = tuple(map(read_price, ("input=3", "cached=0.3", "output=15")))


def day_of(t):
    return datetime.fromtimestamp(t, UTC).date()


def energy(*samples, since=0, until=MIDNIGHT + 86_400, length=MINUTE_S):
    return energy_by_day([(length, one) for one in samples], day_of, since, until)


def test_an_hour_at_a_kilowatt_is_a_kilowatt_hour():
    days = energy(*(sample(MIDNIGHT + 60 * n, gpu_power_w=1000.0) for n in range(60)))
    (one,) = days.values()
    assert one.kwh == pytest.approx(1.0)
    assert one.watched_s == 3600


def test_midnight_divides_the_days():
    days = energy(sample(MIDNIGHT - 60, gpu_power_w=600.0), sample(MIDNIGHT, gpu_power_w=300.0))
    assert list(days.values()) == [Energy(36_000.0, 60), Energy(18_000.0, 60)]


def test_what_nobody_watched_is_not_guessed():
    days = energy(
        sample(MIDNIGHT, gpu_power_w=300.0), sample(MIDNIGHT + 60), sample(MIDNIGHT + 7200, gpu_power_w=300.0)
    )
    assert list(days.values()) == [Energy(36_000.0, 120)]
    assert energy(sample(MIDNIGHT)) == {}
    assert energy(sample(MIDNIGHT, gpu_power_w=300.0), length=STEP_S) == {}


def test_a_minute_that_two_panels_watched_counts_once():
    here = sample(MIDNIGHT, gpu_power_w=300.0)._replace(server="a:8000")
    there = sample(MIDNIGHT, gpu_power_w=310.0)._replace(server="b:8000")
    assert energy(here, there) == {day_of(MIDNIGHT): Energy(305.0 * 60, 60)}


def test_a_minute_of_different_gpus_does_not_count():
    here = sample(MIDNIGHT, gpu_power_w=300.0)._replace(server="a:8000")
    there = sample(MIDNIGHT, gpu_power_w=600.0)._replace(server="b:8000")
    assert energy(here, there) == {}


def test_only_whole_minutes_of_the_time_count():
    samples = [sample(MIDNIGHT + 60 * n, gpu_power_w=300.0) for n in range(4)]
    (one,) = energy(*samples, since=MIDNIGHT + 30, until=MIDNIGHT + 200).values()
    assert one.watched_s == 120


def test_each_kind_of_token_has_its_price():
    one = Totals(
        answered=1, tokens_in=1_000_000, tokens_cache_known=1_000_000, tokens_cached=800_000, tokens_out=100_000
    )
    found = cost(one, PRICES)
    assert found.least == found.most == pytest.approx(0.6 + 0.24 + 1.5)


def test_where_the_cache_is_unknown_there_are_two_bounds():
    found = cost(Totals(answered=1, tokens_in=1_000_000), PRICES)
    assert found.least == pytest.approx(0.3)
    assert found.most == pytest.approx(3.0)


def test_where_tokens_are_missing_there_is_no_upper_bound():
    for missing in ({"unrecorded_in": 1}, {"unrecorded_out": 1}):
        assert cost(Totals(answered=2, tokens_in=1_000_000, **missing), PRICES).most is None


def test_without_prices_or_tokens_there_is_no_cost():
    assert cost(Totals(answered=1, tokens_in=1), ()) is None
    assert cost(Totals(answered=1, unrecorded_in=1), PRICES) is None


@pytest.mark.parametrize(
    "text", ["", "3", "in=3", "input", "input=", "input=-3", "input=1e9", "input=nan", "input=3,5"]
)
def test_what_is_no_price_is_refused(text):
    with pytest.raises(ValueError, match="price of a million tokens"):
        read_price(text)


@pytest.mark.parametrize("texts", [["input=3"], ["input=3", "cached=1"], ["input=3", "input=3", "output=1"]])
def test_the_three_prices_go_together(texts):
    with pytest.raises(ValueError, match="one price each"):
        check_prices([read_price(text) for text in texts])
    check_prices([])


def test_a_price_is_shown_as_it_is_given():
    assert list(map(str, PRICES)) == ["input=3", "cached=0.3", "output=15"]
