"""A deleted folder, a full disk, an empty process table: each is reported in plain words."""

import os
import subprocess
import sys

import psutil
import pytest

from stormdeck.sources.processes.scan import scan_processes

GONE = "the current folder no longer exists: cd to one that does"
FULL = "standard output cannot be written: No space left on device"
SOUND = '{"model": "qwen"}'
IN_A_REMOVED_FOLDER = """
import os, sys
from stormdeck.__main__ import main
os.rmdir(os.getcwd())
sys.exit(main())
"""
ON_A_FULL_DISK = """
import os, sys
os.dup2(os.open("/dev/full", os.O_WRONLY), int(sys.argv.pop(1)))
from stormdeck.__main__ import main
sys.exit(main())
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "home" / ".claude").mkdir(parents=True)
    (tmp_path / "home" / ".claude" / "settings.json").write_text(SOUND)
    (tmp_path / "a.log").write_text('INFO:     127.0.0.1:4 - "POST /v1/messages HTTP/1.1" 500 X\n')
    return tmp_path


def run(place, code, *argv, **environ):
    """Run a command in a process of its own, away from this machine's servers."""
    called = subprocess.run(
        [sys.executable, "-c", code, *argv],
        cwd=place / "here",
        env={"HOME": str(place / "home"), "PATH": os.defpath, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return called.returncode, called.stdout, called.stderr


@pytest.mark.attack("a command in a folder that was removed", "exit 2, and it says to change to another one")
@pytest.mark.parametrize(
    "argv",
    [
        "status",
        "status --format tmux",
        "check --offline",
        "set model x",
        "unset model",
        "use hosted",
        "use --list",
        "watch x",
        "bundle",
    ],
)
def test_a_removed_folder_is_said(place, argv):
    code, _, err = run(place, IN_A_REMOVED_FOLDER, *argv.split())
    assert (code, GONE in err) == (2, True)
    assert (place / "home" / ".claude" / "settings.json").read_text() == SOUND


@pytest.mark.attack("Claude Code's status line in a folder that was removed", "exit 0, and the line says it")
@pytest.mark.parametrize("shape", [["--format", "statusline"], ["--format=statusline"]])
def test_a_status_line_in_a_removed_folder(place, shape):
    code, out, _ = run(place, IN_A_REMOVED_FOLDER, "status", *shape)
    assert (code, out) == (0, f"stormdeck: {GONE}.\n")


def test_what_needs_no_folder_works_in_a_removed_one(place):
    for argv in (["analyze", str(place / "a.log")], ["explain", "URL101"], ["config", "path"], ["--version"]):
        (place / "here").mkdir(exist_ok=True)
        assert run(place, IN_A_REMOVED_FOLDER, *argv)[0] == 0
    (place / "here").mkdir()
    argv = ["set", "model", "other", "--project", str(place)]
    assert run(place, IN_A_REMOVED_FOLDER, *argv)[0] == 0
    assert "other" in (place / "home" / ".claude" / "settings.json").read_text()


@pytest.mark.attack("standard output is full", "exit 2, said on standard error")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "argv",
    ["check --offline", "explain", "config print", "completion bash", "--version", "set --help", "analyze ../a.log"],
)
def test_a_full_output_is_said(place, argv, unbuffered):
    code, _, err = run(place, ON_A_FULL_DISK, "1", *argv.split(), PYTHONUNBUFFERED=unbuffered)
    assert (code, FULL in err) == (2, True)


@pytest.mark.attack("`set` to a full standard output", "nothing is written that could not be shown, and it says so")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_cannot_be_shown_is_not_written(place, unbuffered):
    code, _, err = run(place, ON_A_FULL_DISK, "1", "set", "model", "other", PYTHONUNBUFFERED=unbuffered)
    assert code == 2
    assert err.index("nothing is written") < err.index(FULL)
    assert (place / "home" / ".claude" / "settings.json").read_text() == SOUND


def test_what_was_written_before_the_output_failed_is_said(place):
    code, _, err = run(place, ON_A_FULL_DISK, "1", "set", "model", "other", "--json")
    assert code == 2
    assert err.index("Written.") < err.index(FULL)
    assert "other" in (place / "home" / ".claude" / "settings.json").read_text()


@pytest.mark.attack("standard error is full", "the exit code is the command's own")
def test_a_full_standard_error_changes_no_exit_code(place):
    assert run(place, ON_A_FULL_DISK, "2", "set", "model", "other")[0] == 0
    assert run(place, ON_A_FULL_DISK, "2", "explain", "NONE000")[0] == 2


@pytest.mark.attack("`/proc` is empty or hidden", "said as a note; nothing fails")
def test_an_empty_process_table(tmp_path, monkeypatch):
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    scan = scan_processes()
    assert (scan.listeners, scan.loading) == ((), ())
    assert scan.notes == ("the processes and listening ports of this machine cannot be read: /proc is empty or hidden",)


@pytest.mark.attack("a process table that is cut or cannot be parsed", "said as a note; nothing fails")
@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("no btime"), KeyError("x"), OSError(5, "I/O error")])
def test_an_unreadable_process_table(monkeypatch, error):
    def refuse(*_args, **_kwargs):
        raise error

    monkeypatch.setattr(psutil, "net_connections", refuse)
    (note,) = scan_processes().notes
    assert "cannot be read" in note
