"""Traffic in which nobody sends a request twice: nothing there is called a storm."""

import pytest
from noise_score import OTHERS, SMALL, found_in, noise_table
from reliability import MIXED, binned, judged, picture, table

from noise import Noise


@pytest.mark.parametrize("noise", SMALL, ids=str)
def test_no_storm_is_found_where_none_is(noise):
    assert found_in(noise).false == 0


@pytest.mark.parametrize("noise", OTHERS[::5], ids=str)
def test_retries_of_other_clients_make_no_storm_of_two_requests(noise):
    assert found_in(noise).false == 0


def test_what_is_said_is_no_more_than_what_is_true():
    rows = binned(judged(MIXED[::4]))
    assert all(true >= said - 0.25 for count, said, true in rows if count >= 20)
    assert len(table(rows)) == len(rows) + 2
    assert picture(rows).count("<circle") == len(rows)


def test_the_noise_does_look_like_storms():
    assert found_in(Noise(0.8, 1.0, 10)).chains > 20


def test_the_table_sums_up():
    lines = noise_table([Noise(0.8, 1.0, 10), Noise(0.8, 0.05, 10, "new")])
    assert [line.split(",")[0].split()[0] for line in lines] == ["no", "100%", "5%", "all"]
