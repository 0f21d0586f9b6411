"""``stormdeck status`` and logs that the user named and that cannot be read."""

import os

import pytest

from alone import discover_named
from stormdeck.commands.check import servers


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist."),
        (os.mkfifo, "is a pipe; name a log file."),
        (lambda path: path.symlink_to("/dev/zero"), "is a device; name a log file."),
    ],
    ids=["missing", "pipe", "device"],
)
def test_a_log_that_cannot_be_read_is_said(home, tmp_path, monkeypatch, make, words):
    monkeypatch.setattr(servers, "discover", discover_named)
    make(tmp_path / "nope.log")
    _, _, err = home.run("status", "--no-gpu", "--log", str(tmp_path / "nope.log"))
    assert f"{tmp_path}/nope.log {words}" in err


def test_a_log_that_can_is_not(home, tmp_path, monkeypatch):
    monkeypatch.setattr(servers, "discover", discover_named)
    (tmp_path / "vllm.log").write_text("INFO\n")
    assert "vllm.log" not in home.run("status", "--no-gpu", "--log", str(tmp_path / "vllm.log"))[2]
