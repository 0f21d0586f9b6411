"""Three stories by keys in a real terminal: a wrong model, a server that is slow and fails, an hour in a narrow pane.

Every wait is for a text on the screen. The faults last until the panel has said what the story needs.
"""

import re
import shutil
import sys

import pytest
from tmux import Pane

from places import TESTS

pytestmark = [pytest.mark.tmux, pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")]
DIRECTED = [sys.executable, str(TESTS / "helpers" / "directed_demo.py")]
FOCUS_OUT, FOCUS_IN = "\x1b[O", "\x1b[I"


class Story:
    """A demo in a pane whose faults the test sets."""

    def __init__(self, pane, fault):
        self.pane = pane
        self._fault = fault

    def set_fault(self, name):
        self._fault.write_text(name)

    def calm(self):
        """Wait until the demo's client gets answers, and no storm is in the verdict."""
        self.pane.until(lambda screen: re.search(r"TTFT +\d", screen) and "STORM" not in verdict(screen), "no calm")


def leave(pane, text):
    """Leave what shows a text, and wait until that is gone: a key right after escape would be read with it."""
    pane.press("Escape")
    pane.until(lambda screen: text not in screen, f"{text} is still shown")


def verdict(screen):
    """Return the rows below the path bar that the verdict has."""
    return "\n".join(screen.splitlines()[1:6])


@pytest.fixture
def story(tmp_path, monkeypatch):
    """Return a starter of stories in a pane of a size."""
    panes, temp = [], tmp_path / "temp"
    temp.mkdir()
    fault = tmp_path / "fault"
    monkeypatch.setenv("DEMO_FAULT_FILE", str(fault))

    def start(width, height):
        pane = Pane(DIRECTED, width, height, temp)
        panes.append(pane)
        told = Story(pane, fault)
        told.calm()
        return told

    yield start
    for pane in panes:
        pane.close()


def test_a_wrong_model_is_named_with_both_ids_and_the_storm_stays_in_the_timeline(story):
    told = story(120, 40)
    pane = told.pane
    told.set_fault("renamed")
    pane.until(
        lambda screen: (
            "STORM" in verdict(screen)
            and "qwen3.5-27b" in verdict(screen)
            and "Qwen3.5-27B" in verdict(screen).replace("qwen3.5-27b", "")
        ),
        "the verdict does not name both ids",
    )
    assert "PROXY806" not in verdict(pane.screen())
    pane.press("s")
    pane.until_shows("2 Logs  3", "404", "attempt 2")
    pane.press("Enter")
    pane.until_shows("next line")
    leave(pane, "next line")
    told.set_fault("none")
    pane.press("1")
    pane.until(lambda screen: re.search(r"\d+ attempts .*recovered", screen), "it never recovered")
    pane.press("5")
    pane.until(lambda screen: re.search(r"attempts .*404", screen), "the timeline has no storm")


def test_a_server_that_is_slow_and_then_fails_until_the_client_gives_up(story):
    told = story(120, 40)
    pane = told.pane
    told.set_fault("slow")
    pane.until(
        lambda screen: float((re.search(r"TTFT +[\d.]+ s p50 +([\d.]+) s p95", screen) or [0, 0])[1]) >= 3, "not slow"
    )
    pane.press("h")
    pane.until_shows("HISTORY", "first token p95", "esc for all panels")
    leave(pane, "esc for all panels")
    told.set_fault("engine-dead")
    pane.until(lambda screen: "RETRY STORM" in verdict(screen) and "500 from vLLM" in verdict(screen), "no storm")
    pane.until(lambda screen: re.search(r"attempt [4-6] of 6", verdict(screen)), "no fourth attempt")
    pane.until(lambda screen: re.search(r"6 attempts +500 .* gave up", screen), "the client never gave up")
    told.set_fault("none")
    pane.press("2")
    pane.until_shows("probes hidden, . shows")
    pane.press("g", "e")
    pane.until(lambda screen: re.search(r"▌.*(500|EngineCore|error|failed)", screen), "e stops at nothing")
    assert "GET /health" not in pane.screen()
    pane.press("5")
    pane.until(lambda screen: "gave up" in screen, "the timeline has forgotten it")


def test_an_hour_in_a_narrow_pane_ends_with_what_happened_meanwhile(story):
    told = story(40, 12)
    pane = told.pane
    pane.press("5")
    pane.until(lambda screen: "TTFT" not in screen, "the timeline is not shown")
    pane.send(FOCUS_OUT)
    told.set_fault("engine-dead")
    pane.until(lambda screen: "STORM" in verdict(screen), "no storm")
    pane.until(lambda screen: "gave up" in screen, "the client never gave up")
    told.set_fault("none")
    pane.send(FOCUS_IN)
    pane.until_shows("WHILE YOU WERE AWAY")
    rows = pane.screen().splitlines()
    at = next(number for number, row in enumerate(rows) if "WHILE YOU WERE AWAY" in row)
    assert 1 <= len(rows) - at - 2 <= 5
    assert re.search(r"storm|gave up", "\n".join(rows[at:]), re.IGNORECASE)
    pane.press("2")
    pane.until(
        lambda screen: "WHILE YOU WERE" not in screen and re.search(r"\. \d+ probes?", screen), "no count of probes"
    )
    pane.press("+")
    pane.until_shows("Polling servers every")
    pane.press("1", "l")
    pane.until_shows("LAYOUT", "(x) everything")
    pane.press("Down", "Down", "Down", "Enter")
    pane.until_shows("(x) log")
    leave(pane, "LAYOUT")
    pane.until(lambda screen: "TTFT" not in screen and "KV" not in screen, "the layout is not the log's")
    assert all(len(row) <= 40 for row in pane.screen().splitlines())
    pane.press("q")
    pane.until_shows("EXIT:0")
