"""Settings files are changed, removed or locked by others, drives are full or hang: nothing is lost."""

import asyncio
import json
import os
import resource
import threading
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from faultwords import full_disk, headline, no_descriptors

from samples import WELL_SET
from stormdeck.feed import settings
from stormdeck.feed.settings import SettingsFeed
from stormdeck.model.settings.scope import Scope
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.io import watch
from stormdeck.sources.io.watch import FileWatcher
from stormdeck.sources.settings.read import read_file, read_settings
from stormdeck.sources.settings.write import write_settings
from waiting import eventually as until

NEWER = WELL_SET.replace("sonnet", "opus")


class Home:
    """A home with settings, and the feed that the panel has for them."""

    def __init__(self, folder):
        self.paths = user_paths({}, folder / "home", folder / "home" / "project")
        self.file = self.paths.user_settings
        self.file.parent.mkdir(parents=True)
        self.file.write_text(WELL_SET)
        self.taken = []
        self.watcher = FileWatcher(step_ms=10)
        self.feed = SettingsFeed(Options(), self.paths, {}, self.taken.append, self.watcher)

    @property
    def user(self):
        """Return the file as the panel has it."""
        return self.taken[-1].file(Scope.USER)

    @asynccontextmanager
    async def read(self):
        """Let the feed read, and look again every few milliseconds."""
        running = asyncio.ensure_future(self.feed.run())
        try:
            yield await until(lambda: self.taken and self.user)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            self.watcher.stop()
            if self.watcher._thread is not None:
                await asyncio.to_thread(self.watcher._thread.join, 5)
            await self.feed.stop()

    async def shows(self, text):
        await until(lambda: self.user.text == text, "the text is not shown")

    def leftovers(self):
        """Return what a write that failed may have left behind."""
        backups = list(self.paths.backups.iterdir()) if self.paths.backups.exists() else []
        return [one for one in self.file.parent.iterdir() if one != self.file] + backups


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "AGAIN_S", 0.02)
    # Polled: inotify's descriptors are closed some time after a test, and no test may find one free.
    monkeypatch.setattr(watch, "is_on_network", lambda _folder: True)
    return Home(tmp_path)


def save_after(home, change, undo):
    """Change the file while a form is open, save what was typed, undo the change, save again; return the words."""

    async def scene():
        async with home.read() as opened:
            change(home.file)
            refused = await home.feed.save(opened, NEWER)
            undo(home.file)
            await home.shows(WELL_SET)
            return refused, await home.feed.save(home.user, NEWER)

    refused, again = asyncio.run(scene())
    assert again == ""
    assert home.file.read_text() == NEWER
    return refused


def link(file):
    """Put a link in the file's place, to a file that says something else."""
    other = file.parent.parent / "other.json"
    other.write_text("{}")
    file.unlink()
    file.symlink_to(other)


def unlink(file):
    file.unlink()
    file.write_text(WELL_SET)


def test_a_file_swapped_for_a_link_is_not_written_through(home, said):
    words = save_after(home, link, unlink)
    assert (home.file.parent.parent / "other.json").read_text() == "{}"
    said("settings file swapped for a link", words, after="saved once it is read again")


def test_a_link_that_says_the_same_stays_a_link(home):
    real = home.file.parent.parent / "real.json"

    async def scene():
        async with home.read() as opened:
            home.file.rename(real)
            home.file.symlink_to(real)
            return await home.feed.save(opened, NEWER)

    assert asyncio.run(scene()) == ""
    assert home.file.is_symlink()
    assert real.read_text() == NEWER


def test_a_file_that_was_removed_is_not_brought_back_by_chance(home, said):
    words = save_after(home, Path.unlink, lambda file: file.write_text(WELL_SET))
    said("settings file removed", words, after="saved once it is read again")


def test_a_file_made_read_only_stays_as_it_is(home, said):
    words = save_after(home, lambda file: file.chmod(0o400), lambda file: file.chmod(0o600))
    said("settings file made read-only", words, after="saved once it may be")


def test_a_file_that_changes_all_the_time_is_read_no_oftener_than_it_is_looked_at(home, said, monkeypatch):
    reads, looks = [], []
    really_look = FileWatcher._compare

    def look(self):
        looks.append(1)
        return really_look(self)

    def read(scope, path):
        if path == home.file:
            reads.append(1)
        return read_file(scope, path)

    monkeypatch.setattr(FileWatcher, "_compare", look)
    monkeypatch.setattr(settings, "read_file", read)

    async def scene():
        async with home.read() as opened:
            for number in range(60):
                home.file.with_suffix(".new").write_text(json.dumps({"model": f"m{number}"}))
                home.file.with_suffix(".new").replace(home.file)
                await asyncio.sleep(0.01)
            await until(lambda: home.taken[-1].text("model") == "m59")
            return await home.feed.save(opened, NEWER)

    words = asyncio.run(scene())
    assert len(reads) <= len(looks) + 2
    assert json.loads(home.file.read_text()) == {"model": "m59"}
    said("settings file changed every 10 ms", words, after="read at most twice a second; the last state is shown")


@pytest.mark.parametrize(
    ("fault", "most"),
    [
        ("disk full (a limit on file sizes) at the copy that undo needs", 0),
        ("disk full (a limit on file sizes) at the settings file", len(WELL_SET.encode())),
    ],
    ids=["copy", "file"],
)
def test_on_a_full_disk_the_file_stays_and_nothing_half_written_is_left(home, said, fault, most):
    longer = NEWER.replace("{", "{" + " " * 500, 1)

    async def scene():
        async with home.read() as opened:
            with full_disk(most):
                refused = await home.feed.save(opened, longer)
            assert home.file.read_text() == WELL_SET
            left = home.leftovers()
            assert all(one.read_text() == WELL_SET for one in left)
            assert len(left) == bool(most)
            return refused, await home.feed.save(home.user, longer)

    refused, again = asyncio.run(scene())
    assert again == ""
    assert home.file.read_text() == longer
    said(fault, refused, after="saved once there is room")


class Stall:
    """A call that hangs as on a network drive, until it is released; with ``only``, for this file alone."""

    def __init__(self, work, only=None):
        self.work, self.only = work, only
        self.begun, self.released = threading.Event(), threading.Event()

    def __call__(self, *args, **kwargs):
        if self.only is None or self.only in args:
            self.begun.set()
            self.released.wait(20)
        return self.work(*args, **kwargs)


def test_a_drive_that_stalls_is_said_and_its_file_shown_once_it_answers(home, said, monkeypatch):
    monkeypatch.setattr(settings, "PATIENCE_S", 0.05)
    stall = Stall(read_file, only=home.file)
    monkeypatch.setattr(settings, "read_file", stall)

    async def scene():
        async with home.read():
            words = headline(home.taken[-1])
            assert home.feed.known.is_set()
            stall.released.set()
            await home.shows(WELL_SET)
            await until(lambda: home.user.error is None)
            return words

    said("settings on a network drive that stalls", asyncio.run(scene()))


@pytest.mark.parametrize("hanging", ["read_file", "settings_paths"])
def test_quitting_does_not_wait_for_a_drive_that_stalls(home, monkeypatch, hanging):
    monkeypatch.setattr(settings, "PATIENCE_S", 0.05)
    stall = Stall(getattr(settings, hanging))
    monkeypatch.setattr(settings, hanging, stall)

    async def scene():
        async with home.read():
            await until(stall.begun.is_set)

    asyncio.run(scene())
    assert not stall.released.is_set()
    stall.released.set()


def test_a_save_to_a_drive_that_stalls_is_said_and_not_waited_for(home, said, monkeypatch):
    stall = Stall(write_settings)
    monkeypatch.setattr(settings, "write_settings", stall)
    monkeypatch.setattr(settings, "SAVING_S", 0.05)

    async def scene():
        async with home.read() as opened:
            monkeypatch.setattr(settings, "PATIENCE_S", 0.05)
            return await home.feed.save(opened, NEWER)

    words = asyncio.run(scene())
    assert not stall.released.is_set()
    stall.released.set()
    said("save to a network drive that stalls", words, after="written once the drive answers, if the panel runs")


def test_sigterm_while_saving_finishes_the_save(home, said, monkeypatch):
    stall = Stall(write_settings)
    monkeypatch.setattr(settings, "write_settings", stall)

    async def scene():
        async with home.read() as opened:
            saving = asyncio.ensure_future(home.feed.save(opened, NEWER))
            await until(stall.begun.is_set)
            # What the panel does when it is asked to end: the dialog's task is cancelled, the feed is stopped.
            saving.cancel()
            leaving = asyncio.ensure_future(home.feed.stop())
            await asyncio.sleep(0)
            stall.released.set()
            await leaving

    asyncio.run(scene())
    assert home.file.read_text() == NEWER
    assert [one.read_text() for one in home.leftovers()] == [WELL_SET]
    said("SIGTERM while saving", "–", after="the save is finished first, for at most a second")


def test_without_a_free_descriptor_the_file_is_not_called_broken(home, said):
    async def scene():
        async with home.read():
            with no_descriptors():
                os.utime(home.file)
                await until(lambda: home.user.error is not None)
                short = home.taken[-1]
            await until(lambda: home.user.error is None)
            return short

    short = asyncio.run(scene())
    assert short.effective == home.taken[-1].effective
    said("no file descriptor left (EMFILE): settings", headline(short))


def test_a_pipe_in_place_of_the_settings_is_said_and_not_waited_for(tmp_path, said):
    paths = user_paths({}, tmp_path, tmp_path / "project")
    paths.user_settings.parent.mkdir()
    os.mkfifo(paths.user_settings)
    words = headline(read_settings(paths, {}))
    said("settings file replaced by a pipe", words, after="read once a file is there")


def test_the_limits_of_this_process_are_put_back():
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
