"""The small cache of a drawn line does what Textual's own does."""

import random

import pytest
from textual.cache import FIFOCache

from stormdeck.ui.textual_patches.memory import SmallCache


@pytest.mark.parametrize("seed", range(20))
def test_it_keeps_and_drops_what_textuals_own_does(seed):
    chance = random.Random(seed)  # noqa: S311 - keys for a test
    small, own = SmallCache(4), FIFOCache(4)
    for number in range(200):
        key = chance.randrange(8)
        if chance.random() < 0.5:
            small[key] = own[key] = number
        assert small.get(key, "none") == own.get(key, "none")
        assert len(small) == len(own)
