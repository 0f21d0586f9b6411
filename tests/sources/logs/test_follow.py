"""A log is followed whatever happens to its file, and every line is delivered once."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stormdeck.model.logs.batch import LogBatch, LogState, LogStatus
from stormdeck.sources.logs import follow, tail
from stormdeck.sources.logs.follow import Follower
from stormdeck.sources.logs.splitter import LineSplitter
from waiting import DEADLINE_S, until


class Received:
    """Keeps what a follower delivers."""

    def __init__(self) -> None:
        self.batches: list[LogBatch] = []
        self.statuses: list[LogStatus] = []

    @property
    def lines(self) -> list[str]:
        return [line for batch in self.batches for line in batch.lines]

    @property
    def live(self) -> list[str]:
        return [line for batch in self.batches if not batch.history for line in batch.lines]

    def is_in(self, state: LogState, words: str = "") -> bool:
        return bool(self.statuses) and self.statuses[-1].state is state and words in self.statuses[-1].detail

    def awaits(self, *lines: str) -> None:
        until(lambda: len(self.lines) >= len(lines))
        assert self.lines == list(lines)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "server.log"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_QUIET_INTERVAL_S", 0.01)


@pytest.fixture
def started() -> Iterator[Callable[..., Received]]:
    running: list[Follower] = []

    def start(path: Path, history_bytes: int = 1024 * 1024) -> Received:
        received = Received()
        append_batch, append_status = received.batches.append, received.statuses.append
        follower = Follower(path, append_batch, append_status, 0.01, history_bytes, clock=lambda: 42.0)
        running.append(follower)
        follower.start()
        return received

    yield start
    for follower in running:
        follower.stop()


def append(path: Path, text: str | bytes) -> None:
    with path.open("ab") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def test_the_end_of_the_file_comes_first_and_is_history(log: Path, started: Callable[..., Received]) -> None:
    append(log, "".join(f"line {number}\n" for number in range(1000)))
    received = started(log, history_bytes=29)
    until(lambda: len(received.lines) == 3)
    assert received.lines == ["line 997", "line 998", "line 999"]
    assert all(batch.history and batch.log == "server.log" for batch in received.batches)
    append(log, "live\n")
    until(lambda: received.live == ["live"])
    assert received.batches[-1].arrived == 42.0


class Busy:
    """A follower whose first look lasts until ``go_on``: a busy machine lets it wait between two lines."""

    def __init__(self, path: Path) -> None:
        self.now = 5000.0
        self.arrived: list[float] = []
        self._first, self._free = threading.Event(), threading.Event()
        self.follower = Follower(path, self._deliver, lambda _: None, 0.01, clock=lambda: self.now)
        self.follower.start()
        assert self._first.wait(DEADLINE_S)

    def _deliver(self, batch: LogBatch) -> None:
        if batch.history:
            self._first.set()
            assert self._free.wait(DEADLINE_S)
        else:
            self.arrived.append(batch.arrived)

    def go_on(self) -> list[float]:
        self._free.set()
        until(lambda: bool(self.arrived))
        self.follower.stop()
        return self.arrived


@pytest.mark.parametrize(
    ("written", "arrived"),
    [
        pytest.param(5003.5, 5003.5, id="while-it-waited"),
        pytest.param(1000.0, 5000.0, id="by-a-clock-that-is-slow"),
        pytest.param(9000.0, 5007.0, id="by-a-clock-that-is-fast"),
    ],
)
def test_a_line_that_is_read_late_arrived_when_it_was_written(written: float, arrived: float, log: Path) -> None:
    """Between two looks, that is: what the drive's clock says beyond them is wrong."""
    append(log, "before\n")
    busy = Busy(log)
    append(log, "late\n")
    os.utime(log, (written, written))
    busy.now = 5007.0
    assert busy.go_on() == [arrived]


def test_history_that_begins_with_a_line_keeps_it(log: Path, started: Callable[..., Received]) -> None:
    append(log, "one\ntwo\n")
    started(log, history_bytes=4).awaits("two")


def test_a_file_that_appears_later_is_read_from_its_start(log: Path, started: Callable[..., Received]) -> None:
    received = started(log)
    until(lambda: received.is_in(LogState.WAITING, "does not exist"))
    append(log, "first\n")
    until(lambda: received.live == ["first"])
    until(lambda: received.is_in(LogState.FOLLOWING))


def test_renaming_finishes_the_old_file_before_the_new(log: Path, started: Callable[..., Received]) -> None:
    append(log, "1\n")
    received = started(log)
    received.awaits("1")
    with log.open("ab", buffering=0) as old:
        log.rename(log.with_suffix(".1"))
        until(lambda: received.is_in(LogState.FOLLOWING, "was renamed"))
        old.write(b"2\n")
        received.awaits("1", "2")
        log.touch()
        old.write(b"3\n")
        received.awaits("1", "2", "3")
        append(log, "4\n")
        received.awaits("1", "2", "3", "4")
    assert received.live == ["2", "3", "4"]


@pytest.mark.parametrize("again", ["x\n", "the same length\n", "longer than what stood here before\n"])
def test_a_file_cut_and_written_anew_is_read_from_its_start(
    again: str, log: Path, started: Callable[..., Received]
) -> None:
    append(log, "what stood here\n")
    received = started(log)
    received.awaits("what stood here")
    with log.open("r+b") as file:
        file.truncate(0)
        file.write(again.encode())
    received.awaits("what stood here", again.strip())


def test_a_writer_that_does_not_append_leaves_a_hole(log: Path, started: Callable[..., Received]) -> None:
    with log.open("wb", buffering=0) as writer:
        writer.write(b"x" * 2770 + b"\n")
        received = started(log)
        until(lambda: len(received.lines) == 1)
        os.truncate(log, 0)
        writer.write(b"after\n")
        until(lambda: len(received.lines) == 2)
    assert received.lines[1] == "after"


def test_a_hole_of_gigabytes_costs_nothing(log: Path, started: Callable[..., Received]) -> None:
    with log.open("wb", buffering=0) as writer:
        received = started(log)
        until(lambda: received.is_in(LogState.FOLLOWING))
        writer.seek(50 * 1024 * 1024)
        writer.write(b"after\n")
        until(lambda: received.lines == ["after"])


def test_a_deleted_file_is_waited_for(log: Path, started: Callable[..., Received]) -> None:
    append(log, "1\n")
    received = started(log)
    received.awaits("1")
    log.unlink()
    until(lambda: received.is_in(LogState.WAITING, "was deleted"))
    append(log, "2\n")
    received.awaits("1", "2")
    until(lambda: received.is_in(LogState.FOLLOWING))


def test_the_room_of_a_deleted_file_is_given_back(
    log: Path, started: Callable[..., Received], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_DELETED_S", 0.0)
    append(log, "1\n")
    received = started(log)
    received.awaits("1")

    def is_open() -> bool:
        names = []
        for entry in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                names.append(str(entry.readlink()))
        return any(name.startswith(str(log)) for name in names)

    assert is_open()
    log.unlink()
    until(lambda: not is_open())


def test_a_folder_in_its_place_is_said_and_got_over(log: Path, started: Callable[..., Received]) -> None:
    log.mkdir()
    received = started(log)
    until(lambda: received.is_in(LogState.NOT_A_FILE, "is a folder"))
    log.rmdir()
    append(log, "1\n")
    received.awaits("1")


def test_a_pipe_is_said_and_its_writer_left_alone(log: Path, started: Callable[..., Received]) -> None:
    os.mkfifo(log)
    received = started(log)
    until(lambda: received.is_in(LogState.NOT_A_FILE, "is a pipe"))
    with pytest.raises(OSError, match="No such device"):
        os.open(log, os.O_WRONLY | os.O_NONBLOCK)


def test_a_pipe_that_takes_the_place_of_a_followed_file_is_said(log: Path, started: Callable[..., Received]) -> None:
    append(log, "1\n")
    received = started(log)
    received.awaits("1")
    log.rename(log.with_suffix(".1"))
    os.mkfifo(log)
    until(lambda: received.is_in(LogState.NOT_A_FILE, "is a pipe"))


def test_lost_permission_is_said_and_got_over(
    log: Path, started: Callable[..., Received], monkeypatch: pytest.MonkeyPatch
) -> None:
    append(log, "1\n")
    really_open = os.open
    refused = threading.Event()
    refused.set()

    def guarded(path: Path, flags: int) -> int:
        if refused.is_set():
            raise PermissionError(13, "Permission denied")
        return really_open(path, flags)

    monkeypatch.setattr(os, "open", guarded)
    received = started(log)
    until(lambda: received.is_in(LogState.NO_PERMISSION, "may not be read"))
    refused.clear()
    received.awaits("1")
    assert received.batches[0].history


@pytest.mark.parametrize("reads", range(4), ids=lambda reads: f"after {reads} reads")
def test_a_read_that_fails_is_reported_and_each_line_is_delivered_once(
    log: Path, started: Callable[..., Received], monkeypatch: pytest.MonkeyPatch, reads: int
) -> None:
    """Whether the drive fails in the history, right after it, or later: no line is lost, repeated, or taken for new."""
    monkeypatch.setattr(tail, "READ_BYTES", 4)
    append(log, "old 1\nold 2\n")
    really_read, works, done = os.pread, threading.Event(), []

    def guarded(descriptor: int, size: int, offset: int) -> bytes:
        if size == len(tail._GZIP):
            return really_read(descriptor, size, offset)
        if len(done) == reads and not works.is_set():
            raise OSError(5, "Input/output error")
        done.append(offset)
        return really_read(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", guarded)
    received = started(log)
    if reads == 3:
        received.awaits("old 1", "old 2")
        append(log, "new\n")
    until(lambda: received.is_in(LogState.FAILED, "Input/output error"))
    works.set()
    if reads < 3:
        until(lambda: received.is_in(LogState.FOLLOWING))
        append(log, "new\n")
    received.awaits("old 1", "old 2", "new")
    assert received.live == ["new"]
    until(lambda: received.is_in(LogState.FOLLOWING))


def test_a_line_without_end_is_shown_after_a_while_and_once(
    log: Path, started: Callable[..., Received], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "_HOLD_S", 0.02)
    append(log, "Press y: ")
    received = started(log)
    received.awaits("Press y: ")
    append(log, "yes\nnext\n")
    received.awaits("Press y: ", "yes", "next")


def test_a_line_written_in_pieces_is_one_line(
    log: Path, started: Callable[..., Received], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    really_split = LineSplitter.split

    def watched(self: LineSplitter, data: bytes) -> list[str]:
        seen.append(data)
        return really_split(self, data)

    monkeypatch.setattr(LineSplitter, "split", watched)
    append(log, "")
    received = started(log)
    until(lambda: received.is_in(LogState.FOLLOWING))
    pieces = [b"caf\xc3", b"\xa9 is ", b"open\n"]
    for number, piece in enumerate(pieces, 1):
        append(log, piece)
        until(lambda: seen == pieces[:number])  # noqa: B023 - waited for within the loop
    received.awaits("café is open")


def test_an_endless_line_is_cut_and_the_loss_reported(log: Path, started: Callable[..., Received]) -> None:
    append(log, "")
    received = started(log)
    until(lambda: received.is_in(LogState.FOLLOWING))
    append(log, b"x" * 5_000_000 + b"\nnext\n")
    until(lambda: received.lines[-1:] == ["next"])
    assert [len(line) for line in received.lines] == [64 * 1024 + 1, 4]
    until(lambda: received.statuses[-1].dropped == 5_000_000 - 64 * 1024)


def test_too_much_at_once_is_skipped_and_reported(
    log: Path, started: Callable[..., Received], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow, "MOST_BEHIND", 1000)
    monkeypatch.setattr(follow, "READ_BYTES", 100)
    append(log, "")
    received = started(log)
    until(lambda: received.is_in(LogState.FOLLOWING))
    append(log, "".join(f"{number:09d}\n" for number in range(1000)))
    until(lambda: received.lines[-1:] == ["000000999"])
    assert len(received.lines) <= 10
    until(lambda: received.statuses[-1].dropped >= 9_900)


def test_every_line_of_a_flood_arrives_in_order(log: Path, started: Callable[..., Received]) -> None:
    append(log, "")
    received = started(log)
    until(lambda: received.is_in(LogState.FOLLOWING))
    wanted = [f"{number} " + "x" * 100 for number in range(50_000)]
    append(log, "\n".join(wanted) + "\n")
    until(lambda: len(received.lines) >= len(wanted))
    assert received.live == wanted


def test_stop_returns_at_once_and_silences(log: Path) -> None:
    append(log, "1\n")
    inside, leave = threading.Event(), threading.Event()
    batches: list[LogBatch] = []

    def slow(batch: LogBatch) -> None:
        batches.append(batch)
        inside.set()
        leave.wait(DEADLINE_S)

    follower = Follower(log, slow, lambda status: None, interval_s=0.01)
    follower.start()
    assert inside.wait(DEADLINE_S)
    follower.stop()
    append(log, "2\n")
    leave.set()
    until(lambda: not any(thread.name == "follow server.log" for thread in threading.enumerate()))
    assert [batch.lines for batch in batches] == [("1",)]


def test_a_state_is_reported_once(log: Path, started: Callable[..., Received]) -> None:
    received = started(log)
    until(lambda: received.is_in(LogState.WAITING))
    append(log, "1\n")
    received.awaits("1")
    append(log, "2\n")
    received.awaits("1", "2")
    assert [status.state for status in received.statuses] == [LogState.WAITING, LogState.FOLLOWING]


def test_after_a_flood_a_log_that_is_gone_is_looked_for_as_seldom_as_any(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    class Turns(threading.Event):
        """Lets the follower go on at once, and does to its file what the test wants."""

        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            if len(waits) == 1:
                with log.open("ab") as stream:
                    stream.write(b"a line\n" * (follow._FLOOD_BYTES // 7 + 1))
                log.rename(log.with_suffix(".old"))
                log.mkdir()
            elif len(waits) == 3:
                self.set()
            return self.is_set()

    monkeypatch.setattr(follow, "_FLOOD_INTERVAL_S", 0.0)
    log.write_bytes(b"first\n")
    received = Received()
    follower = Follower(log, received.batches.append, received.statuses.append)
    follower._stopped = Turns()
    follower._run()
    assert received.is_in(LogState.NOT_A_FILE)
    assert follow._FLOOD_INTERVAL_S < waits[-1] <= 100
