"""The real program in a real terminal: it starts, plays the demo's script, and leaves nothing behind."""

import re
import shutil
import signal
import sys

import psutil
import pytest
from tmux import Pane

from waiting import until

pytestmark = [pytest.mark.tmux, pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")]
DEMO = [sys.executable, "-m", "stormdeck", "demo"]
ENDS = ["killed", "its terminal is closed"]
STORM = re.compile(r"STORM +attempt \d+ of \d+")


@pytest.fixture
def demo(tmp_path):
    """Return a starter of demos in a pane, with a folder of their own for temporary files."""
    panes = []
    temp = tmp_path / "temp"
    temp.mkdir()

    def start(width, height):
        pane = Pane(DEMO, width, height, temp)
        panes.append(pane)
        return pane, temp

    yield start
    for pane in panes:
        pane.close()


def processes(temp):
    """Return the processes that were started with this folder for temporary files: the panel and its children."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get("TMPDIR") == str(temp) and "stormdeck" in " ".join(process.cmdline()[:4])
            if ours and process.cmdline()[:1] == [sys.executable] and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def panel(temp):
    """Return the process of the panel itself."""
    return next(process for process in processes(temp) if process.cmdline()[-2:] == DEMO[-2:])


def assert_nothing_is_left(temp):
    until(lambda: not processes(temp), "a process is left")
    until(lambda: not list(temp.iterdir()), "a file is left")


def assert_restored(pane):
    """The shell's text is back, and the terminal is as it was."""
    assert "BEFORE" in pane.screen()
    assert (pane.found("alternate_on"), pane.found("cursor_flag")) == ("0", "1")
    assert (pane.found("mouse_any_flag"), pane.found("keypad_cursor_flag")) == ("0", "0")


def test_the_demo_shows_the_path_then_the_storm_at_any_size_and_leaves_nothing_behind(demo):
    pane, temp = demo(120, 40)
    pane.until_shows("DEMO", "LiteLLM :", "vLLM :", "requests/min", "GPU  simulated", "LOG  ")
    pane.until(lambda screen: re.search(r"H200 ● +\d+ %", screen), "no utilisation")
    pane.until(lambda screen: STORM.search(screen) and "500 from vLLM" in screen, "no storm")
    assert len(processes(temp)) == 5
    pane.resize(40, 12)
    pane.until(lambda screen: "TTFT" in screen and "requests/min" not in screen, "not drawn for 40x12")
    pane.press("2")
    pane.until(lambda screen: "TTFT" not in screen and "POST" in screen, "the logs are not shown")
    pane.press("q")
    pane.until_shows("EXIT:0")
    assert_restored(pane)
    assert_nothing_is_left(temp)


def test_a_panel_in_a_pane_of_40_columns_that_is_asked_to_end_leaves_nothing_behind(demo):
    pane, temp = demo(40, 12)
    pane.until_shows("claude", "GPU", "/min", "turns", "run ", "TTFT", "1 2 3 4")
    pane.until(lambda screen: re.search(r"●GPU +\d+ %", screen), "no utilisation")
    panel(temp).send_signal(signal.SIGTERM)
    pane.until_shows(f"EXIT:{128 + signal.SIGTERM}")
    assert_restored(pane)
    assert_nothing_is_left(temp)


@pytest.mark.parametrize("end", [lambda pane, temp: panel(temp).kill(), lambda pane, temp: pane.close()], ids=ENDS)
def test_a_panel_whose_end_comes_without_a_word_leaves_nothing_behind(demo, end):
    pane, temp = demo(80, 24)
    pane.until_shows("DEMO", "q quit")
    end(pane, temp)
    assert_nothing_is_left(temp)
