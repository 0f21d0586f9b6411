"""A law: what is true for any input of a parser. A handful of cases in `make test`, any number in `make fuzz`."""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

from hostile import forbidden_in
from hypothesis import HealthCheck, Phase, given, seed, settings

from stormdeck.model.text import clean

CASES = 8
"""Of each law in `make test`, the same ones every time."""
MOST_CPU_S = 1.0
"""For one line or one small file, also on a machine that is busy: what is read well takes some milliseconds."""
_PROFILE = settings(deadline=None, database=None, print_blob=False, suppress_health_check=list(HealthCheck))


@dataclass
class Law:
    """One law; ``cases`` counts what it was tried on."""

    name: str
    function: Callable
    strategies: tuple
    slow: bool = False
    """It fails by taking long, so what fails is not made smaller by trying again and again."""
    cases: int = 0

    def test(self, cases, number=None):
        """Return the law as a function that tries so many cases: the same ones without a number, else those of it."""

        @functools.wraps(self.function)
        def counted(**drawn):
            self.cases += 1
            self.function(**drawn)

        phases = [Phase.generate] if self.slow else [Phase.generate, Phase.shrink]
        profile = settings(_PROFILE, max_examples=cases, derandomize=number is None, phases=phases)
        test = profile(given(*self.strategies)(counted))
        return test if number is None else seed(number)(test)


LAWS: dict[str, Law] = {}


def law(*strategies, cases=CASES, slow=False):
    """Make a law of a function: a test of some cases, that the long run finds by its name."""

    def made(function):
        LAWS[function.__name__] = one = Law(function.__name__, function, strategies, slow)
        return one.test(cases)

    return made


def cheap(function, *args, most_s=MOST_CPU_S):
    """Return what a function returns; it must not take long, whatever it is handed."""
    begun = time.thread_time()
    answer = function(*args)
    took = time.thread_time() - begun
    assert took < most_s, f"{function.__name__} took {took:.1f} s"
    return answer


def assert_shown(text):
    """A text can be written to a terminal as it is: one line, no control, format or bidirectional character."""
    assert clean(text) == text
    assert not forbidden_in(text)
