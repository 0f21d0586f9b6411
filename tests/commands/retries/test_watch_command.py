"""``stormdeck watch``: lines come in, events go out at once, and however it ends, it ends cleanly."""

import contextlib
import io
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest

from stormdeck.__main__ import main
from stormdeck.model.snapshots.discovery import DiscoverySnapshot
from waiting import DEADLINE_S, until


def post(status, port=5000):
    return f'INFO:     127.0.0.1:{port} - "POST /v1/messages?beta=true HTTP/1.1" {status} X'


class Watch:
    """A running ``stormdeck watch``."""

    def __init__(self, *argv, home, stdin=subprocess.DEVNULL):
        environ = {**os.environ, "XDG_CONFIG_HOME": str(home), "HOME": str(home), "PYTHONUNBUFFERED": ""}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "stormdeck", "watch", *argv],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environ,
        )
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        with contextlib.suppress(ValueError):
            for line in self.process.stdout:
                self._lines.put(line.rstrip("\n"))

    def line(self):
        return self._lines.get(timeout=DEADLINE_S)

    def event(self, name):
        """Return the next event of a name, leaving out what comes before it."""
        while (event := json.loads(self.line()))["event"] != name:
            pass
        return event

    def end(self, number=signal.SIGINT):
        """End it; returns its exit code and what it said on stderr."""
        self.process.send_signal(number)
        code = self.process.wait(DEADLINE_S)
        return code, self.process.stderr.read()


@pytest.fixture
def watch(tmp_path):
    """Return a function that starts the command; all are ended with the test."""
    running = []

    def start(*argv, **more):
        running.append(Watch(*map(str, argv), home=tmp_path, **more))
        return running[-1]

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
        with one.process:
            pass


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "vllm.log"
    path.touch()
    return path


def append(path, *lines):
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def storm(path):
    """Write the first three attempts of a storm; their lines have the times of the client's waits."""
    now = time.time()
    for ago in (1.65, 1.1, 0.0):
        append(path, f"{datetime.fromtimestamp(now - ago, UTC):%Y-%m-%dT%H:%M:%S.%fZ} {post(500)}")


class TestEvents:
    def test_a_storm_is_reported_at_its_third_attempt_and_none_of_yesterday(self, watch, log):
        append(log, *[post(500, 4000)] * 5)
        running = watch(log, "--json")
        assert running.event("log")["state"] == "following"
        append(log, post(200, 6000))
        storm(log)
        event = running.event("storm_started")
        assert (event["storm"]["attempts"], event["storm"]["cause"], event["storm"]["id"]) == (3, "500", 1)
        assert running.end() == (0, "")

    @pytest.mark.parametrize("make", [os.symlink, os.link], ids=["link", "hard link"])
    def test_a_log_that_is_named_twice_is_followed_once(self, watch, log, make):
        make(log, log.with_name("other.log"))
        running = watch(log, log.with_name("other.log"), "--json")
        assert running.event("log")["log"] == log.name
        append(log, post(200, 6000))
        storm(log)
        assert running.event("storm_started")["storm"]["attempts"] == 3

    def test_a_log_may_appear_later(self, watch, tmp_path):
        running = watch(tmp_path / "later.log", "--json")
        assert running.event("log")["state"] == "waiting"
        (tmp_path / "later.log").touch()
        assert running.event("log")["state"] == "following"

    def test_the_text_form_is_a_line_with_the_local_time(self, watch, log):
        clock, _, text = watch(log).line().partition("  ")
        assert text == f"following {log}"
        assert len(clock) == len("12:00:00")


class TestEnds:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
    def test_a_signal_is_a_clean_end(self, watch, log, number):
        running = watch(log)
        running.line()
        assert running.end(number) == (0, "")

    def test_a_reader_that_left_is_no_error(self, tmp_path, log):
        program = [sys.executable, "-m", "stormdeck", "watch", str(log), "--home", str(tmp_path)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            assert process.stderr.read() == b""
        assert process.returncode == 141

    def test_the_end_of_standard_input_is_the_end(self, watch):
        running = watch("-", "--json", stdin=subprocess.PIPE)
        running.process.stdin.write(post(200) + "\nhalf a line")
        running.process.stdin.close()
        assert running.process.wait(DEADLINE_S) == 0


class TestRecord:
    def test_what_comes_in_is_kept_for_analyze(self, watch, log, tmp_path, capsys):
        append(log, "stood there before")
        running = watch(log, "--json", "--record", tmp_path / "kept.jsonl")
        running.event("log")
        append(log, post(200), post(500))
        kept = tmp_path / "kept.jsonl"
        until(lambda: kept.read_text().count("\n") == 2)
        assert running.end() == (0, "")
        assert [set(json.loads(line)) for line in kept.read_text().splitlines()] == [{"t", "line"}] * 2
        assert kept.stat().st_mode & 0o777 == 0o600
        assert main(["analyze", str(kept), "--json", "--home", str(tmp_path)]) == 0
        assert json.loads(capsys.readouterr().out)["by_status"] == {"200": 1, "500": 1}


class Interrupting(io.StringIO):
    """A standard output that presses Ctrl-C once it has seen all of some words."""

    def __init__(self, words):
        super().__init__()
        self.words = words

    def write(self, text):
        before, written = self.getvalue(), super().write(text)
        if not self.has_all(before) and self.has_all(self.getvalue()):
            signal.raise_signal(signal.SIGINT)
        return written

    def has_all(self, text):
        return all(str(word) in text for word in self.words)


class TestDiscovery:
    @pytest.fixture
    def finds(self, monkeypatch, tmp_path):
        """Let the search find this; returns the exit code, stdout and stderr of a watch without a file."""

        def run(capsys, snapshot, words, *argv):
            async def discover(*_args, **_more):
                return snapshot

            out = Interrupting(words)
            monkeypatch.setattr("stormdeck.commands.retries.inputs.discover", discover)
            monkeypatch.setattr("sys.stdout", out)
            return main(["watch", "--home", str(tmp_path), *argv]), out.getvalue(), capsys.readouterr().err

        return run

    def test_the_logs_of_running_servers_are_followed(self, finds, log, tmp_path, capsys):
        other = tmp_path / "litellm.log"
        other.touch()
        code, out, err = finds(capsys, DiscoverySnapshot(logs=(other, log)), (other, log))
        assert (code, err) == (0, "")
        assert sorted(line.partition("  ")[2] for line in out.splitlines()) == [
            f"following {other}",
            f"following {log}",
        ]

    def test_why_a_server_has_no_log_is_said_aside(self, finds, log, capsys):
        found = DiscoverySnapshot(logs=(log,), log_notes=("vllm writes to a terminal: start it with a file.",))
        assert finds(capsys, found, [log], "--json")[2] == "vllm writes to a terminal: start it with a file.\n"


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["a.log", "--record", "there"], "already exists"),
        (["a.log", "--record", "no/such/place"], "no/such/place cannot be written"),
        (["folder"], "is a folder"),
        (["a.log", "--transcripts", "nowhere"], "nowhere does not exist"),
    ],
    ids=["recording exists", "no such place", "folder", "no transcripts"],
)
def test_what_cannot_be_done_is_reported_before_anything_is_read(tmp_path, monkeypatch, capsys, argv, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").write_text("mine")
    (tmp_path / "folder").mkdir()
    assert main(["watch", *argv, "--home", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert (tmp_path / "there").read_text() == "mine"
