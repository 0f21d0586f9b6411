"""Traffic in which nobody sends a request twice: nothing there is called a storm."""

import pytest
from noise_score import SMALL, found_in, noise_table

from noise import Noise


@pytest.mark.parametrize("noise", SMALL, ids=str)
def test_no_storm_is_found_where_none_is(noise):
    assert found_in(noise).false == 0


def test_the_noise_does_look_like_storms():
    assert found_in(Noise(0.8, 1.0, 10)).chains > 20


def test_the_table_sums_up():
    lines = noise_table([Noise(0.8, 1.0, 10), Noise(0.8, 0.05, 10, "new")])
    assert [line.split(",")[0].split()[0] for line in lines] == ["no", "100%", "5%", "all"]
