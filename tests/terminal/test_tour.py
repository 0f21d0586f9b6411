"""The whole tour by keys in a real terminal: a storm, its lines, the setting that caused it, the fix, all green."""

import shutil
import sys
import time

import pytest
from tmux import Pane

from fake_vllm import ANSWERS, METRICS, serving, well_set
from log_lines import access
from places import TESTS

pytestmark = [pytest.mark.tmux, pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")]
ALONE = TESTS / "helpers" / "alone.py"
TOO_LONG = (
    "(APIServer pid=1) ERROR 11-21 14:01:07 [serving.py:298] This model's maximum context length is 131072 tokens. "
    "However, you requested 140001 tokens in the messages. Please reduce the length of the messages.\n"
)
"""What vLLM writes when the client believes in a larger window than the server has."""


def all_green(screen):
    """Return whether every hop is green and no finding is counted; the verdict still mentions the storm for a while."""
    rows = screen.rstrip().splitlines()
    return rows[0].count("●") == 2 and not {"✖", "▲"} & {*rows[0], *rows[-1]}


def test_a_storm_is_followed_to_the_setting_that_caused_it_and_fixed_by_keys_alone(tmp_path, monkeypatch):
    # Idle: an engine that is said to run requests and writes no token would be found to hang.
    monkeypatch.setitem(ANSWERS, "/metrics", METRICS.replace("} 3.0", "} 0.0").replace("} 7.0", "} 0.0"))
    home, log = tmp_path / "home", tmp_path / "vllm.log"
    file = home / ".claude" / "settings.json"
    file.parent.mkdir(parents=True)
    log.touch()
    with serving() as url:
        file.write_text(well_set(url))
        flags = ["--home", home, "--project", home, "--vllm", url, "--log", log, "--client-version", "2.1.329"]
        command = [sys.executable, ALONE, *flags, "--no-gpu", "--poll", "1"]
        pane = Pane([str(part) for part in command], 120, 40, tmp_path)
        try:
            pane.until_shows("vLLM 0.32.0", "LOG  vllm.log", "4 Checks ▲1")
            now = time.time()
            with log.open("a") as lines:
                lines.write(TOO_LONG)
                lines.writelines(access(400, at=now - 0.5 + step / 10) + "\n" for step in range(5))
            pane.until_shows("RETRY STORM", "400 from vLLM", "CTX601")
            pane.press("s")
            pane.until_shows("2 Logs  3", "attempt 2")
            pane.press("y")
            pane.until(lambda _: "127.0.0.1:40000" in pane.copied(), "nothing copied")
            pane.press("4")
            pane.until_shows("4 Checks", "THE RULE", "FIX")
            pane.press("f")
            pane.until_shows("1 unsaved", "131072 tokens")
            pane.press("F")
            pane.until_shows("2 unsaved")
            pane.press("s")
            pane.until_shows("SAVE", '+     "CLAUDE_CODE_MAX_CONTEXT_TOKENS": "131072"', "enter write")
            pane.press("Enter")
            pane.until(lambda _: "CLAUDE_CODE_MAX_CONTEXT_TOKENS" in file.read_text(), "not written")
            with log.open("a") as lines:
                lines.write(access(at=time.time()) + "\n")
            pane.press("1")
            pane.until(all_green, "not all green")
            pane.press("q")
            pane.until_shows("EXIT:0")
        finally:
            pane.close()
