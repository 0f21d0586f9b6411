"""When garbage is looked for, and what goes back to the system."""

import gc
import platform
import subprocess
import sys

import pytest

from stormdeck.process_memory import THRESHOLDS, pause, resume


@pytest.fixture(autouse=True)
def as_before():
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


def test_what_was_loaded_meanwhile_is_never_looked_through_again():
    pause()
    assert not gc.isenabled()
    resume()
    assert gc.isenabled()
    assert gc.get_threshold() == THRESHOLDS
    assert gc.get_freeze_count() > 0


def test_nothing_changes_where_it_was_not_held():
    before = gc.get_threshold(), gc.get_freeze_count()
    resume()
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


class Ring:
    """Something that is found as garbage only, as a widget is by its parent and its children."""

    living = 0

    def __init__(self):
        Ring.living += 1
        self.own = self

    def __del__(self):
        Ring.living -= 1


def test_what_has_lived_for_a_while_does_not_pile_up_once_it_is_dropped():
    pause()
    resume()
    a_while = 3 * THRESHOLDS[0]
    most = 0
    for _ in range(12):
        kept = [Ring() for _ in range(a_while)]
        del kept
        most = max(most, Ring.living)
    gc.collect()
    assert Ring.living == 0
    assert most <= 3 * a_while


FLOOD = """
import sys
from stormdeck import process_memory as garbage
if sys.argv[1] == "trimmed" and not garbage.enable_trim():
    sys.exit("not supported")
kept = []
for _ in range(40):
    pieces = [bytearray(300_000) for _ in range(40)]
    kept.append(bytes(900))
    del pieces
pages = int(open("/proc/self/statm").read().split()[1])
print(pages)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc supports it")
def test_memory_that_is_free_goes_back():
    def pages(how):
        done = subprocess.run([sys.executable, "-c", FLOOD, how], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert pages("trimmed") < pages("as it is")
