"""Empty files, files of one byte, one line of 200 MB: read or refused, in little memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stormdeck.__main__ import main
from stormdeck.sources.recordings.tape import load_tape

MIB = 2**20
LINE = 200 * MIB
MOST_MEMORY = 100 * MIB
"""Of the whole process; Python with what a command imports has 25 to 50 (measured)."""
COMMANDS = {
    "log": ["analyze", "{file}"],
    "settings": ["check", "--offline", "--settings", "{file}"],
    "YAML": ["check", "--offline", "--home", "{folder}", "--litellm-config", "{file}"],
    "transcript": ["analyze", "{folder}/log", "--transcripts", "{folder}/project"],
    "options": ["config", "print"],
}
LOAD = """
import pathlib, sys
from stormdeck.sources.recordings.tape import load_tape
assert "cut off" in load_tape(pathlib.Path(sys.argv[1]))
"""
FOLLOW = """
import pathlib, sys, threading
from stormdeck.sources.logs.follow import Follower
told = threading.Event()
lines = []
follower = Follower(pathlib.Path(sys.argv[1]), lambda batch: (lines.extend(batch.lines), told.set()), lambda _: None)
follower.start()
with open(sys.argv[1], "ab") as stream:
    stream.write(b"\\nnext\\n")
told.wait(60)
follower.stop()
assert lines[-1] == "next", lines
"""
MEASURED = """
import atexit, pathlib, re, runpy, sys
status, out = pathlib.Path("/proc/self/status"), pathlib.Path(sys.argv.pop(1))
atexit.register(lambda: out.write_text(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]))
"""
RUN = "runpy.run_module('stormdeck', run_name='__main__', alter_sys=True)"
SCRIPTS = {"recording": LOAD, "followed log": FOLLOW}


def filled(argv, folder, file):
    return [part.replace("{file}", str(file)).replace("{folder}", str(folder)) for part in argv]


def place(reader, folder):
    """Return where the file stands that a command reads."""
    (folder / "log").write_bytes(b"nothing\n")
    name = {"options": "config/stormdeck/config.yaml", "transcript": "project/session.jsonl"}.get(reader, "file")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    return folder / name


@pytest.mark.parametrize("content", [b"", b"\n", b"{", b"\0", b"\xff"], ids=repr)
@pytest.mark.parametrize("reader", COMMANDS)
def test_next_to_nothing_is_no_problem(tmp_path, reader, content, monkeypatch, capsys):
    file = place(reader, tmp_path)
    file.write_bytes(content)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    try:
        code = main(filled(COMMANDS[reader], tmp_path, file))
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code in {0, 1, 2}
    assert "".join(capsys.readouterr()).strip()


@pytest.mark.parametrize("content", [b"", b"\n", b"{", b"\0", b"\xff"], ids=repr)
def test_next_to_nothing_is_no_recording(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    read = str(load_tape(tmp_path / "file"))
    assert "is empty" in read or "is no recording" in read


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    """Return a file of one line that looks like JSON and never ends."""
    file = tmp_path_factory.mktemp("endless") / "line"
    with file.open("wb") as stream:
        stream.write(b'{"t": 1, "line": "')
        for _ in range(LINE // MIB):
            stream.write(b"x" * MIB)
    yield file
    file.unlink()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's peak memory there")
@pytest.mark.parametrize("reader", [*COMMANDS, *SCRIPTS])
def test_one_endless_line_takes_little_memory(tmp_path, endless, reader):
    file = place(reader, tmp_path)
    os.link(endless, file)
    code, argv = MEASURED + SCRIPTS.get(reader, RUN), filled(COMMANDS.get(reader, ["{file}"]), tmp_path, file)
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    command = [sys.executable, "-c", code, tmp_path / "peak", *argv]
    done = subprocess.run(command, env=env, capture_output=True, timeout=120, text=True, check=False)
    assert done.returncode in {0, 1, 2}
    assert "Traceback" not in done.stderr, done.stderr
    peak = int((tmp_path / "peak").read_text()) * 1024
    assert peak < MOST_MEMORY, f"{peak // MIB} MiB"
