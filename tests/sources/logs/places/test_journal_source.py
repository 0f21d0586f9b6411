"""A unit is followed by the real journalctl, in a journal that the real systemd-journal-remote writes."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from log_sources import following, program
from stormdeck.model.logs.batch import LogState
from stormdeck.model.logs.spec import JournalLog
from stormdeck.sources.logs.places.delivery import WHOLE, Dated
from stormdeck.sources.logs.places.journal import JournalSource, entry_lines
from stormdeck.sources.logs.places.opening import read_once
from waiting import until

REMOTE = shutil.which("systemd-journal-remote") or "/lib/systemd/systemd-journal-remote"


class Journal:
    """A journal file that a test writes entries to."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "system.journal"
        command = [REMOTE, f"--output={self.file}", "--split-mode=none", "-"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def write(self, unit: str, message: bytes, t: float, *, user: bool = False) -> None:
        names = [b"_SYSTEMD_USER_UNIT", b"_SYSTEMD_UNIT"] if user else [b"_SYSTEMD_UNIT"]
        micro = int(t * 1_000_000)
        entry = b"__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=%s\n" % (micro, micro, b"0" * 31 + b"1")
        entry += b"_UID=%d\n" % os.getuid()
        entry += b"%s=%s.service\n" % (names[0], unit.encode())
        entry += b"MESSAGE\n" + len(message).to_bytes(8, "little") + message + b"\n\n"
        assert self._process.stdin is not None
        self._process.stdin.write(entry)
        self._process.stdin.flush()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@pytest.fixture
def journal(tmp_path: Path, programs: Path) -> Iterator[Journal]:
    real = shutil.which("journalctl")
    if real is None or not Path(REMOTE).exists():
        pytest.skip("journalctl and systemd-journal-remote are not both installed")
    made = Journal(tmp_path)
    program(programs, "journalctl", f'#!/bin/sh\nexec {real} --file={made.file} "$@"\n')
    yield made
    made.close()


def test_a_unit_is_followed_with_its_times(journal: Journal) -> None:
    now = time.time()
    journal.write("vllm", b"yesterday", now - 86_400)
    journal.write("vllm", b"a minute ago", now - 60)
    journal.write("other", b"of another unit", now - 50)
    with following(JournalLog("vllm")) as seen:
        seen.awaits("a minute ago")
        assert seen.past == ["a minute ago"]
        t = time.time()
        journal.write("other", b"of another unit", t)
        journal.write("vllm", b"\x1b[32mINFO\x1b[0m in colour", t)
        journal.write("vllm", b"x" * 6000, t + 0.1)
        journal.write("vllm", b"two\nlines", t + 0.2)
        journal.write("vllm", b"not UTF-8: " + b"\xff", t + 0.3)
        seen.awaits("a minute ago", "\x1b[32mINFO\x1b[0m in colour", "x" * 6000, "two", "lines", "not UTF-8: \ufffd")
        seen.says(LogState.FOLLOWING)
        times = [at for batch in seen.batches for at in batch.times][1:]
        assert times == [pytest.approx(t + late, abs=1e-5) for late in (0, 0.1, 0.2, 0.2, 0.3)]
        assert not [batch for batch in seen.batches if batch.history and "lines" in batch.lines]


def test_a_unit_of_the_user_is_followed(journal: Journal) -> None:
    now = time.time()
    journal.write("litellm", b"of the user", now - 5, user=True)
    journal.write("litellm", b"of the system", now - 5)
    with following(JournalLog("litellm", user=True)) as seen:
        seen.awaits("of the user")


def test_a_journalctl_that_ends_is_started_again_and_repeats_nothing(journal: Journal, programs: Path) -> None:
    script = (programs / "journalctl").read_text().replace("exec ", "timeout 0.4 ")
    program(programs, "journalctl", script)
    began = time.time()
    with following(JournalLog("vllm")) as seen:
        for number in range(30):
            journal.write("vllm", b"line %d" % number, began + 1 + number / 100)
            if number % 5 == 0:
                until(partial(seen.has, number + 1))
        seen.awaits(*(f"line {number}" for number in range(30)))


def test_all_of_a_unit_is_read_once(journal: Journal) -> None:
    now = time.time()
    for number in range(10):
        journal.write("vllm", b"line %d" % number, now - 86_400 + number)
    journal.close()
    batches = list(read_once(JournalLog("vllm"), WHOLE))
    assert [line for batch in batches for line in batch.lines] == [f"line {number}" for number in range(10)]
    assert all(batch.history and batch.times for batch in batches)


@pytest.mark.parametrize(
    ("script", "state", "words"),
    [
        ("echo 'No journal files were found.' >&2; exit 1", LogState.WAITING, "there is no journal on this machine"),
        (
            "echo 'No journal files were opened due to insufficient permissions.' >&2; exit 1",
            LogState.NO_PERMISSION,
            "join the group systemd-journal",
        ),
        ("echo 'Failed to x' >&2; exit 1", LogState.FAILED, "journalctl ended with code 1: Failed to x"),
        ("exit 0", LogState.FAILED, "journalctl ended with code 0: no reason given"),
    ],
)
def test_a_refusal_says_why(programs: Path, script: str, state: LogState, words: str) -> None:
    program(programs, "journalctl", f"#!/bin/sh\n{script}\n")
    with following(JournalLog("vllm")) as seen:
        seen.says(state, words)


def test_a_unit_without_a_message_says_how_to_find_out(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JournalSource, "opened_s", 0.05)
    program(programs, "journalctl", "#!/bin/sh\nexec sleep 600\n")
    with following(JournalLog("vlm", user=True)) as seen:
        seen.says(LogState.FOLLOWING, "`systemctl --user status vlm` shows whether there is one")


def test_a_hint_while_it_is_followed_is_a_remark(programs: Path) -> None:
    hint = "Hint: You are currently not seeing messages from other users and the system."
    program(programs, "journalctl", f"#!/bin/sh\necho '{hint}' >&2\nexec sleep 600\n")
    with following(JournalLog("vllm")) as seen:
        seen.says(LogState.FOLLOWING, "may not read all of the journal")


def test_a_missing_journalctl_says_so(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs))
    with following(JournalLog("vllm")) as seen:
        seen.says(LogState.FAILED, "journalctl is not installed on this machine")


@pytest.mark.parametrize(
    ("entry", "lines"),
    [
        ('{"MESSAGE":"a","__REALTIME_TIMESTAMP":"1500000"}', [Dated("a", 1.5)]),
        ('{"MESSAGE":[27,91,109],"__REALTIME_TIMESTAMP":"1500000"}', [Dated("\x1b[m", 1.5)]),
        ('{"MESSAGE":["a","b"]}', [Dated("a", None), Dated("b", None)]),
        ('{"MESSAGE":null}', [Dated("", None)]),
        ('{"__REALTIME_TIMESTAMP":"2000000","MESSAGE":"cut \\u00', [Dated("cut …", 2.0)]),
        ("-- Journal begins --", []),
        ("[]", []),
        ('{"MESSAGE":{"a":1},"__REALTIME_TIMESTAMP":"x"}', [Dated("", None)]),
    ],
)
def test_an_entry_of_any_shape_is_read(entry: str, lines: list[Dated]) -> None:
    assert list(entry_lines(entry)) == lines
