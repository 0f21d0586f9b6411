"""Terminals that change, stop and go, and SIGTERM at any moment: the terminal is given back, nothing is left."""

import signal

import pytest
from faultterminal import TAKEN, Terminal

SIZES = [(1, 1), (300, 90), (20, 5), (81, 2), (2, 60), (500, 1), (79, 23), (120, 40)]
ENDED = 128 + signal.SIGTERM


@pytest.fixture
def terminal(tmp_path):
    one = Terminal(tmp_path)
    yield one
    one.close()


def test_a_terminal_that_changes_and_stops_is_drawn_again_and_sigterm_in_a_dialog_ends_it(terminal, said):
    terminal.shows("q quit")
    for width, height in SIZES:
        terminal.resize(width, height)
    terminal.press("2")
    begin = len(terminal.written)
    terminal.resize(100, 30)
    terminal.shows("LOG", begin)
    said("terminal resized wildly", "all that fits", after="drawn for the last size")

    terminal.signal(signal.SIGTSTP)
    terminal.until(lambda: terminal.state() == "stopped", "it does not stop")
    terminal.until(terminal.is_as_before, "the terminal is not given back")
    begin = len(terminal.written)
    terminal.signal(signal.SIGCONT)
    terminal.writes(TAKEN, begin)
    terminal.shows("LOG", begin)
    said("SIGTSTP, then SIGCONT", "the screen again", after="the terminal is given back meanwhile")

    begin = len(terminal.written)
    terminal.press("?")
    terminal.shows("next error", begin)
    terminal.signal(signal.SIGTERM)
    assert terminal.ends() == ENDED, terminal.written[-3000:]
    assert terminal.is_as_before()
    assert terminal.leftovers() == []
    said("SIGTERM in a dialog", "–", after="ends with 143, the terminal given back")


def test_sigterm_during_the_first_paint_gives_the_terminal_back(terminal, said):
    terminal.writes(TAKEN)
    terminal.signal(signal.SIGTERM)
    assert terminal.ends() == ENDED, terminal.written[-3000:]
    assert terminal.is_as_before()
    assert terminal.leftovers() == []
    said("SIGTERM during the first paint", "–", after="ends with 143, the terminal given back")


def test_sigterm_at_start_up_leaves_nothing(terminal, said):
    terminal.signal(signal.SIGTERM)
    assert terminal.ends() in {ENDED, -signal.SIGTERM}
    assert TAKEN not in terminal.written
    assert terminal.leftovers() == []
    said("SIGTERM at start-up", "–", after="ends at once, the terminal was not touched yet")


def test_sigterm_while_quitting_changes_nothing(terminal, said):
    terminal.shows("q quit")
    terminal.press("q")
    terminal.signal(signal.SIGTERM)
    assert terminal.ends() in {0, ENDED, -signal.SIGTERM}
    assert terminal.is_as_before()
    assert terminal.leftovers() == []
    said("SIGTERM while quitting", "–", after="ends, the terminal given back")


def test_a_terminal_that_is_closed_ends_the_panel(terminal, said):
    terminal.shows("q quit")
    terminal.hang_up()
    terminal.process.wait(30)
    assert terminal.process.returncode == 128 + signal.SIGHUP
    assert terminal.leftovers() == []
    said("terminal closed (SIGHUP)", "–", after="ends with 129")
