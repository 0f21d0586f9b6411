"""Pipes, devices, links and endless files wherever others can write: nothing waits, nothing fills the memory."""

import ast
import errno
import gzip
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samples import GAVE_UP
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.options.file import read_file as read_options
from stormdeck.sources.client.version import find_client_version
from stormdeck.sources.io.bounded_read import open_regular, read_bounded
from stormdeck.sources.litellm_yaml import read_proxy_config
from stormdeck.sources.recordings import files, tape
from stormdeck.sources.settings.exposure import exposures
from stormdeck.sources.settings.read import read_file
from stormdeck.sources.state import panel_status as panels
from stormdeck.sources.state.panel_status import Question, panel_name, published
from stormdeck.sources.state.storm_store import StormStore
from stormdeck.sources.state.theme import ThemeStore
from stormdeck.sources.transcripts.read import read_transcripts
from waiting import DEADLINE_S

ACCESS = 'INFO:     127.0.0.1:40000 - "POST /v1/messages HTTP/1.1" 500 Internal Server Error\n'
LIMITED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_AS, (2 * 1024**3, 2 * 1024**3))
sys.argv[0] = "stormdeck"
runpy.run_module("stormdeck", run_name="__main__")
"""


def fifo(path):
    os.mkfifo(path)


def endless(path):
    path.symlink_to("/dev/zero")


def folder(path):
    path.mkdir()


def sock(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


def huge(path):
    with path.open("wb") as stream:
        stream.truncate(10 * 1024**3)


STRANGE = pytest.mark.parametrize("make", [fifo, endless, folder, sock, huge], ids=lambda make: make.__name__)


@pytest.fixture(autouse=True)
def near(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*argv, feed=subprocess.DEVNULL, home):
    """Run a command with 2 GB of memory and no endless time; return its exit code and what it said."""
    call = [sys.executable, "-c", LIMITED, *argv]
    environ = {"HOME": str(home), "PATH": os.defpath}
    done = subprocess.run(call, stdin=feed, capture_output=True, text=True, timeout=60, env=environ, check=False)
    return done.returncode, done.stdout + done.stderr


@STRANGE
@pytest.mark.attack("a pipe, `/dev/zero`, a folder, a socket or 10 GB in a file's place", "refused at once, by name")
def test_contents_refuses_what_is_no_small_file(tmp_path, make):
    make(tmp_path / "x")
    with pytest.raises(OSError, match="it is") as refused:
        read_bounded(tmp_path / "x", 1000)
    wanted = {folder: errno.EISDIR, huge: errno.EFBIG}.get(make, errno.EINVAL)
    assert refused.value.errno == wanted


@pytest.mark.attack("the file is swapped for a pipe between the look and the opening", "noticed on what was opened")
def test_a_swap_is_noticed_after_opening(tmp_path, monkeypatch):
    fifo(tmp_path / "x")
    regular = Path(__file__).stat()
    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(os, "stat", lambda *_args, **_kwargs: regular)
    with pytest.raises(OSError, match="it is a pipe"):
        open_regular(tmp_path / "x")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.attack(
    "a file that tells no size and has no end, as the kernel has some", "no more than the limit is read"
)
def test_what_is_read_is_counted(tmp_path, monkeypatch):
    (tmp_path / "x").write_bytes(b"x" * 5000)
    really = os.fstat
    read = []

    def sizeless(handle):
        values = list(really(handle))
        values[6] = 0
        return os.stat_result(values)

    def counted(handle, size, really_read=os.read):
        read.append(size)
        return really_read(handle, size)

    monkeypatch.setattr(os, "fstat", sizeless)
    monkeypatch.setattr(os, "read", counted)
    with pytest.raises(OSError, match="too large"):
        read_bounded(tmp_path / "x", 1000)
    assert sum(read) == 1001


@STRANGE
@pytest.mark.attack("`.git/index` is a pipe or leads to `/dev/zero` (in a tar or zip)", "no command waits or fills up")
@pytest.mark.parametrize("command", [("check", "--offline"), ("set", "model", "x", "--scope", "project", "--dry-run")])
def test_an_index_that_is_none(tmp_path, make, command):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".claude").mkdir()
    make(tmp_path / ".git" / "index")
    (tmp_path / ".claude" / "settings.json").write_text('{"model": "sonnet"}')
    code, said = run(*command, home=tmp_path / "home")
    assert code in {0, 1}, said
    (one,) = exposures([SettingsFile(Scope.PROJECT, tmp_path / ".claude" / "settings.json", exists=True)])
    assert not one.tracked


@STRANGE
@pytest.mark.attack("the theme's file is one of them", "the panel starts with its own theme")
def test_a_theme_that_is_none(tmp_path, make):
    make(tmp_path / "theme")
    assert ThemeStore(tmp_path / "theme").load() == ""


@pytest.mark.attack("a killed writer of the theme", "the next one leaves no temporary file")
def test_the_theme_leaves_nothing(tmp_path):
    (tmp_path / ".stormdeck-theme-00000000.tmp").write_text("half")
    assert ThemeStore(tmp_path / "theme").save("dark") == ""
    assert [one.name for one in tmp_path.iterdir()] == ["theme"]


@STRANGE
@pytest.mark.attack("a running panel's file is one of them", "a status bar is answered as if there were no panel")
def test_a_panel_s_file_that_is_none(tmp_path, make, monkeypatch):
    make(tmp_path / panel_name(os.getpid()))
    monkeypatch.setattr(panels, "STALE_S", float("inf"))
    question = Question({}, claude="", project="", named={})
    assert published(str(tmp_path), question, time.time()) is None


@STRANGE
@pytest.mark.attack("the options file is one of them", "a problem with its path")
def test_options_that_are_none(tmp_path, make):
    make(tmp_path / "config.yaml")
    given, problems = read_options(tmp_path / "config.yaml")
    assert (given, len(problems)) == ((), 1)


@STRANGE
@pytest.mark.attack("settings or LiteLLM's YAML are one of them", "said as what is wrong with the file")
def test_settings_and_yaml_that_are_none(tmp_path, make):
    make(tmp_path / "x")
    file = read_file(Scope.USER, tmp_path / "x")
    assert file.error is not None
    assert file.text == ""
    assert read_proxy_config(tmp_path / "x").error is not None


@STRANGE
@pytest.mark.attack("a program's `package.json` or a transcript is one of them", "passed over")
def test_a_package_that_is_none(tmp_path, make):
    program = tmp_path / "bin" / "claude"
    program.parent.mkdir()
    program.write_text("")
    make(tmp_path / "bin" / "package.json")
    transcripts = tmp_path / "claude" / "projects" / "p"
    transcripts.mkdir(parents=True)
    if make is not huge:
        make(transcripts / "s.jsonl")
    assert find_client_version(tmp_path / "claude", tmp_path, str(tmp_path / "bin")).version is None
    assert list(read_transcripts(tmp_path / "claude" / "projects")) == []


@STRANGE
@pytest.mark.attack("the remembered storms' file is one of them", "said, and the panel goes on without")
def test_storms_that_are_none(tmp_path, make):
    make(tmp_path / "storms.sqlite3")
    memory = StormStore(tmp_path / "storms.sqlite3")
    assert memory.load() == ()
    assert memory.problem is not None
    assert memory.save([GAVE_UP]) is not None


@pytest.mark.attack(
    "`analyze` and `watch` on a device or a socket, `analyze` on a pipe that nobody writes to",
    "exit 2, with the reason",
)
@pytest.mark.parametrize(
    ("command", "make"),
    # `watch` follows a pipe: it waits for a program that writes to it.
    [("analyze", fifo), ("analyze", endless), ("analyze", sock), ("watch", endless), ("watch", sock)],
    ids=["analyze-fifo", "analyze-endless", "analyze-sock", "watch-endless", "watch-sock"],
)
def test_a_log_that_is_none(tmp_path, make, command):
    make(tmp_path / "x.log")
    code, said = run(command, str(tmp_path / "x.log"), home=tmp_path)
    assert code == 2
    assert {fifo: "pipe", endless: "a device", sock: "a socket"}[make] in said


def test_a_pipe_with_a_writer_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE_S", DEADLINE_S)
    path = tmp_path / "x.log"
    fifo(path)
    with subprocess.Popen([sys.executable, "-c", f"open({str(path)!r}, 'w').write({ACCESS!r} * 3)"]) as writer:
        try:
            assert [line for lines in files.read_chunks(path) for line in lines] == [ACCESS.rstrip()] * 3
        finally:
            writer.kill()  # it waits without end for somebody to read


def test_a_pipe_by_its_descriptor_is_read_as_the_shell_gives_it():
    reading, writing = os.pipe()
    os.write(writing, ACCESS.encode())
    os.close(writing)
    try:
        assert [line for lines in files.read_chunks(Path(f"/dev/fd/{reading}")) for line in lines]
    finally:
        os.close(reading)


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE_S", 0.01)
    fifo(tmp_path / "x.log")
    with pytest.raises(OSError, match="no program writes to"):
        list(files.read_chunks(tmp_path / "x.log"))


@pytest.mark.attack("a gzip bomb as a log or a recording", "it is read no further than a log may unfold")
@pytest.mark.parametrize("unit", [b"\n", b"\0", b"x"], ids=["empty lines", "zeros", "one line"])
def test_a_bomb_is_not_unfolded(tmp_path, monkeypatch, unit):
    monkeypatch.setattr(files, "_JUDGED_FROM", 1024**2)
    read = []
    really = files._read
    monkeypatch.setattr(files, "_read", lambda stream: read.append(data := really(stream)) or data)
    (tmp_path / "x.gz").write_bytes(gzip.compress(unit * 40 * 1024**2))
    with pytest.raises(OSError, match="500 times its size"):
        list(files.read_chunks(tmp_path / "x.gz"))
    assert sum(map(len, read)) < 10 * 1024**2


def test_one_access_line_again_and_again_is_no_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_JUDGED_FROM", 0)
    (tmp_path / "x.gz").write_bytes(gzip.compress(ACCESS.encode() * 50_000))
    assert sum(map(len, files.read_chunks(tmp_path / "x.gz"))) == 50_000


@pytest.mark.attack("a small compressed recording that unfolds to more than is held", "refused by what it unfolds to")
def test_a_recording_is_measured_unfolded(tmp_path, monkeypatch):
    monkeypatch.setattr(tape, "LARGEST_BYTES", 100_000)
    monkeypatch.setattr(files, "MOST_UNPACKED", 10**9)
    (tmp_path / "r.jsonl").write_bytes(gzip.compress(b'{"t": 1, "line": "x"}\n' * 10_000))
    assert "is larger than" in str(tape.load_tape(tmp_path / "r.jsonl"))


def test_what_unfolds_to_more_than_a_log_has_is_read_up_to_there(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_UNPACKED", 100_000)
    (tmp_path / "x.gz").write_bytes(gzip.compress(ACCESS.encode() * 10_000))
    with pytest.raises(OSError, match="unpack it first"):
        list(files.read_chunks(tmp_path / "x.gz"))


APP = Path(__file__).parents[3] / "app" / "stormdeck"
READERS = {
    "sources/io/bounded_read.py": "the one place",
    "sources/recordings/files.py": "pipes too",
    "sources/recordings/entry.py": "a new file",
    "sources/io/files.py": "new files",
    "sources/logs/places/pipe.py": "pipes",
    "sources/wire/journal.py": "new files; a lock",
    "commands/wire/run.py": "the terminal, to ask whose it is",
    "sources/wire/reader.py": "a regular file, in bounded pieces",
    "sources/io/atomic_write.py": "a new file",
    "sources/state/sqlite_file.py": "a new file; its reader looks through read_bounded first",
    "sources/settings/lock.py": "a folder",
    "sources/settings/write.py": "a folder",
    "__main__.py": "/dev/null",
}


def test_every_file_is_read_in_one_place():
    """A new reader goes through ``sources/io/bounded_read.py``, or gives a reason here."""
    found = set()
    for file in APP.rglob("*.py"):
        place = str(file.relative_to(APP))
        if place.startswith("demo/"):
            continue
        text = file.read_text(encoding="utf-8")
        if "open(" not in text and ".read_" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called.endswith((".read_text", ".read_bytes", "path.open")) or called in {"open", "os.open", "io.open"}:
                found.add(place)
    assert found == set(READERS)
