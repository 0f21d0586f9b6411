"""The clipboard inside tmux: the text goes through a pipe into tmux's buffer; outside tmux nothing is run."""

import pytest

from stormdeck.sources.clipboard import tmux_clipboard
from waiting import until

TEXT = "one; two\n$(three) “four”"
OLD = 'case "$*" in *-w*) exit 1;; esac\n'


def waited_for(file):
    return until(lambda: file.exists() and file.read_text())


def test_outside_tmux_the_terminal_is_enough():
    assert tmux_clipboard({}) is None
    assert tmux_clipboard({"TMUX": ""}) is None


@pytest.mark.parametrize(
    ("refusal", "output"), [("", "load-buffer -w -"), (OLD, "load-buffer -")], ids=["3.2", "older"]
)
def test_inside_tmux_its_buffer_gets_the_text_and_no_command_line_does(tmp_path, monkeypatch, refusal, output):
    program = tmp_path / "tmux"
    program.write_text(
        f'#!/bin/sh\n{refusal}cat > {tmp_path}/text\necho "$*" > {tmp_path}/part\nmv {tmp_path}/part {tmp_path}/words\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    tmux_clipboard({"TMUX": "/tmp/tmux-1/default,1,0"})(TEXT)
    assert waited_for(tmp_path / "words").strip() == output
    assert (tmp_path / "text").read_text() == TEXT


def test_a_tmux_that_is_not_there_is_no_problem(monkeypatch):
    monkeypatch.setenv("PATH", "")
    tmux_clipboard({"TMUX": "1"})(TEXT)
