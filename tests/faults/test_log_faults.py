"""Logs are moved, truncated, removed or too fast: the log panel says so, every line comes once, the screen goes on."""

import asyncio
import os
import shutil
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from faultwords import headline, no_descriptors

from panel import deliver, in_loop, rows_with, show
from samples import CALM, FOUND, GPUS, VLLM
from stormdeck.feed import logs
from stormdeck.feed.logs import CHUNK, MAX_QUEUED, LogFeed
from stormdeck.model.logs.batch import LogBatch
from stormdeck.model.logs.book import LogBook
from stormdeck.model.snapshots.own_faults import OwnFaults
from stormdeck.model.traffic.meter import TrafficMeter
from stormdeck.sources.logs import follow, tail
from waiting import eventually as until

NOBODY = 65534


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(follow, "_QUIET_INTERVAL_S", 0.02)


class Followed:
    """A log that the feed follows, with a line in it, and what the panel says of it."""

    def __init__(self, path):
        self.path = path
        self.book = LogBook()
        self.feed = LogFeed(self.book, TrafficMeter(), lambda: None)

    @property
    def lines(self):
        return [text for _, text in self.book.texts(0)]

    @property
    def says(self):
        own_faults = self.feed.own_faults()
        return headline(own_faults) if own_faults.unread else " · ".join(own_faults.remarks)

    async def shows(self, *lines):
        await until(lambda: self.lines == list(lines), f"{lines} are not shown")

    async def tells(self, words):
        await until(lambda: words in self.says, f"{words!r} is not said")
        return self.says


def following(path, story):
    """Run a story of a followed log, which begins with the line ``1``, and return what it returns."""

    async def scene():
        path.write_text("1\n")
        log = Followed(path)
        log.feed.follow([path])
        try:
            await log.shows("1")
            await until(lambda: not log.says)
            return await story(log)
        finally:
            log.feed.stop()

    return asyncio.run(scene())


def append(path, text):
    with path.open("a") as file:
        file.write(text)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "vllm.log"


def test_a_log_rotated_by_rename_loses_no_line(path, said):
    async def story(log):
        with path.open("a", buffering=1) as writer:
            path.rename(path.with_suffix(".1"))
            words = await log.tells("was renamed")
            writer.write("2\n")
            await log.shows("1", "2")
        append(path, "3\n")
        await log.shows("1", "2", "3")
        await until(lambda: not log.says)
        return words

    said("log rotated by rename", following(path, story))


def test_a_log_rotated_by_copy_and_truncate_is_read_from_its_start(path, said):
    async def story(log):
        shutil.copy(path, path.with_suffix(".1"))
        os.truncate(path, 0)
        append(path, "2\n")
        await log.shows("1", "2")
        return log.says or "–"

    said("log rotated by copytruncate", following(path, story), lost="what is written between the copy and the cut")


def test_a_deleted_log_is_waited_for(path, said):
    async def story(log):
        path.unlink()
        words = await log.tells("was deleted")
        append(path, "2\n")
        await log.shows("1", "2")
        await until(lambda: not log.says)
        return words

    said("log deleted", following(path, story))


@pytest.mark.parametrize(
    ("fault", "make", "clear"),
    [
        ("log replaced by a folder", Path.mkdir, Path.rmdir),
        ("log replaced by a pipe", os.mkfifo, Path.unlink),
    ],
    ids=["folder", "pipe"],
)
def test_what_takes_the_place_of_a_log_is_said_and_never_opened(path, said, fault, make, clear):
    async def story(log):
        path.rename(path.with_suffix(".1"))
        make(path)
        words = await log.tells(f"is {fault.removeprefix('log replaced by ')}")
        clear(path)
        append(path, "2\n")
        await log.shows("1", "2")
        await until(lambda: not log.says)
        return words

    said(fault, following(path, story))


@contextmanager
def as_nobody():
    """Be another user for a while, where this one may read everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_log_that_may_not_be_read_any_more_is_said(said):
    # Another user cannot look into a folder of pytest's.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        path = Path(folder) / "vllm.log"

        async def story(log):
            path.chmod(0)
            append_as_owner("2\n")
            await log.shows("1", "2")
            with as_nobody():
                path.rename(path.with_suffix(".1"))
                path.write_text("3\n")
                path.chmod(0)
                words = await log.tells("may not be read")
                path.chmod(0o644)
                await log.shows("1", "2", "3")
                await until(lambda: not log.says)
            return words

        def append_as_owner(text):
            os.write(writer, text.encode())

        path.touch()
        writer = os.open(path, os.O_WRONLY | os.O_APPEND)
        try:
            words = following(path, story)
        finally:
            os.close(writer)
        said("log's permissions lost, then rotated", words.replace(folder, "~"))


def test_a_log_on_a_drive_that_stalls_blocks_nothing(path, said, monkeypatch):
    stalls, released = threading.Event(), threading.Event()
    released.set()
    really_read = os.pread

    def read(*args):
        if not released.is_set():
            stalls.set()
            released.wait(20)
        return really_read(*args)

    monkeypatch.setattr(tail.os, "pread", read)
    monkeypatch.setattr(logs, "SILENT_S", 0.05)

    async def story(log):
        released.clear()
        append(path, "2\n")
        await until(stalls.is_set)
        words = await log.tells("does not answer")
        released.set()
        await log.shows("1", "2")
        await until(lambda: not log.says)
        return words

    said("log on a network drive that stalls", following(path, story))


def test_quitting_does_not_wait_for_a_log_that_stalls(path, monkeypatch):
    stalls, released = threading.Event(), threading.Event()

    def read(*_):
        stalls.set()
        released.wait(20)
        return b""

    async def scene():
        path.write_text("1\n")
        monkeypatch.setattr(tail.os, "pread", read)
        log = Followed(path)
        log.feed.follow([path])
        await until(stalls.is_set)
        log.feed.stop()

    asyncio.run(scene())
    assert not released.is_set()
    released.set()


def test_a_log_that_grows_faster_than_it_can_be_read_says_how_much_is_left_out(path, said, monkeypatch):
    monkeypatch.setattr(follow, "MOST_BEHIND", 100_000)

    async def story(log):
        with path.open("a") as file:
            file.write("x" * 199 + "\n")
            file.write(("y" * 199 + "\n") * 15_000)
        return await log.tells("skipped")

    said("log that grows faster than it can be read", following(path, story), lost="the older lines, counted in bytes")


def test_a_line_without_end_says_how_much_is_cut_off(path, said):
    async def story(log):
        append(path, "x" * 5_000_000 + "\n2\n")
        await until(lambda: log.lines[-1:] == ["2"])
        return await log.tells("cut off")

    said("log with a line of 5 MB", following(path, story), lost="the rest of the line, counted in bytes")


def test_however_much_comes_at_once_the_loop_turns_in_between(tmp_path):
    pieces = 5 * MAX_QUEUED
    book = LogBook()

    async def scene():
        feed = LogFeed(book, TrafficMeter(), lambda: None)
        feed.follow([tmp_path / "none.log"])
        batch = LogBatch("vllm.log", tuple(map(str, range(pieces * CHUNK))), 1.0, history=False)
        threading.Thread(target=feed._offer, args=(batch,), daemon=True).start()
        grown, before = [], 0
        while book.end < len(batch.lines):
            await asyncio.sleep(0)
            grown.append(book.end - before)
            before = book.end
        feed.stop()
        return grown

    assert max(asyncio.run(scene())) <= MAX_QUEUED * CHUNK
    assert [text for _, text in book.texts(0)] == [str(number) for number in range(pieces * CHUNK)]


def test_without_a_free_descriptor_a_new_log_is_waited_for(path, said, monkeypatch):
    monkeypatch.setattr(follow, "_DELETED_S", 0.0)

    async def story(log):
        path.unlink()
        await log.tells("does not exist")
        with no_descriptors():
            replacement.rename(path)
            words = await log.tells("no free file descriptor")
        await log.shows("1", "2")
        await until(lambda: not log.says)
        return words

    replacement = path.with_suffix(".new")
    replacement.write_text("2\n")
    said("no file descriptor left (EMFILE): a log that appears", following(path, story))


@pytest.mark.parametrize("area", ["overview", "logs"])
@in_loop
async def test_what_stands_against_a_log_is_on_the_screen(panel, area):
    async with panel().run_test(size=(120, 40)) as pilot:
        await deliver(pilot, FOUND, VLLM, GPUS, CALM)
        await show(pilot, area)
        await deliver(pilot, OwnFaults(remarks=("/var/log/vllm.log: 2.0 MB skipped",)))
        assert rows_with(pilot.app, "/var/log/vllm.log: 2.0 MB skipped")
        await deliver(pilot, OwnFaults(unread=("/var/log/vllm.log was deleted",)))
        assert rows_with(pilot.app, "/var/log/vllm.log was deleted")
        await deliver(pilot, OwnFaults())
        assert not rows_with(pilot.app, "/var/log/vllm.log was deleted")
