"""The watcher calls back after every way in which a file can change, and where the system watches nothing more."""

import errno
import os
import shutil
import threading
from types import SimpleNamespace

import psutil
import pytest
import watchfiles.main

from stormdeck.sources.io import mounts, watch
from stormdeck.sources.io.mounts import is_on_network
from stormdeck.sources.io.watch import FileWatcher
from waiting import DEADLINE_S, until

STEP_MS = 10


def refused(error):
    """Return a ``watchfiles.watch`` that the system refuses."""

    def watch_nothing(*_folders, **_options):
        raise error
        yield

    return watch_nothing


@pytest.fixture(params=["events", "polled"])
def is_polled(request, monkeypatch):
    """Let the watcher wait for events, with no other look at the files, or poll."""
    monkeypatch.setattr(watch, "_CHECK_MS", 3_600_000)
    if request.param == "polled":
        monkeypatch.setattr(watch, "is_on_network", lambda _folder: True)
    return request.param == "polled"


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """A path in a folder that does not exist, the event that a change sets, and the watcher's starter."""
    path, changed, watchers = tmp_path / "claude" / "settings.json", threading.Event(), []

    def start():
        ready, compare = threading.Event(), FileWatcher._compare
        monkeypatch.setattr(FileWatcher, "_compare", lambda self: (compare(self), ready.set()))
        watchers.append(FileWatcher(STEP_MS))
        watchers[-1].watch([tmp_path / "other.json", path], changed.set)
        assert ready.wait(DEADLINE_S)

    yield path, changed, start
    for watcher in watchers:
        watcher.stop()


def create(path):
    path.parent.mkdir()
    path.write_text("{}")


def rewrite(path):
    path.write_text('{"a": 1}')


def same_size(path):
    path.write_text("[]")


def replace(path):
    new = path.with_suffix(".tmp")
    new.write_text("{}")
    new.replace(path)


def remove(path):
    path.unlink()


def chmod(path):
    path.chmod(0o400)


def remove_folder(path):
    shutil.rmtree(path.parent)


def move_folder(path):
    path.parent.rename(path.parent.with_name("elsewhere"))


@pytest.mark.usefixtures("is_polled")
@pytest.mark.parametrize(
    "change",
    [rewrite, same_size, replace, remove, chmod, remove_folder, move_folder],
    ids=lambda change: change.__name__,
)
def test_a_change_calls_back(watched, change):
    path, changed, start = watched
    create(path)
    start()
    assert not changed.is_set()
    change(path)
    assert changed.wait(DEADLINE_S)


@pytest.mark.usefixtures("is_polled")
def test_a_file_in_folders_that_appear_later_is_seen_again_and_again(tmp_path):
    path, changed = tmp_path / "a" / "b" / "settings.json", threading.Event()
    watcher = FileWatcher(STEP_MS)
    watcher.watch([path], changed.set)
    for text in ("{}", "[1]", "[1, 2]"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        assert changed.wait(DEADLINE_S), text
        changed.clear()
    watcher.stop()


@pytest.mark.usefixtures("is_polled")
@pytest.mark.parametrize("change", ["target rewritten", "link repointed", "folder link repointed", "target appears"])
def test_links_are_followed(watched, tmp_path, change):
    path, changed, start = watched
    first, second = tmp_path / "1", tmp_path / "2"
    for number, folder in enumerate((first, second)):
        folder.mkdir()
        (folder / "real.json").write_text(f"[{number}]")
        (folder / "settings.json").symlink_to("real.json")
    path.parent.symlink_to("1")
    if change == "target appears":
        (first / "real.json").unlink()
    start()
    if change in {"target rewritten", "target appears"}:
        rewrite(first / "real.json")
    elif change == "link repointed":
        (first / "settings.json").unlink()
        (first / "settings.json").symlink_to("../2/real.json")
    else:
        path.parent.unlink()
        path.parent.symlink_to("2")
    assert changed.wait(DEADLINE_S)


def test_a_loop_of_links_is_watched_like_any_other_file(watched):
    path, changed, start = watched
    path.parent.mkdir()
    path.symlink_to(path.name)
    start()
    path.unlink()
    rewrite(path)
    assert changed.wait(DEADLINE_S)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "OS file watch limit reached."),
        RuntimeError("Error creating recommended watcher: Too many open files (os error 24)"),
        PermissionError(errno.EACCES, "Permission denied"),
        FileNotFoundError(errno.ENOENT, "No path was found."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_files_are_polled_where_the_system_watches_no_more(tmp_path, monkeypatch, capfd, error):
    monkeypatch.setattr(watchfiles.main, "watch", refused(error))
    changed, watcher = threading.Event(), FileWatcher(STEP_MS)
    watcher.watch([tmp_path / "settings.json"], changed.set)
    rewrite(tmp_path / "settings.json")
    assert changed.wait(DEADLINE_S)
    watcher.stop()
    ended(watcher)
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_every_program_reads_is_checked_only(tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "_BUSY", {tmp_path})
    monkeypatch.setattr(watch, "_CHECK_MS", STEP_MS)
    changed, watcher = threading.Event(), FileWatcher(STEP_MS)
    watcher.watch([tmp_path / "claude-code" / "managed-settings.json", tmp_path / "here" / "x"], changed.set)
    assert watcher._folders() == frozenset()
    (tmp_path / "claude-code").mkdir()
    rewrite(tmp_path / "claude-code" / "managed-settings.json")
    assert changed.wait(DEADLINE_S)
    watcher.stop()


def test_a_folder_in_which_another_file_changes_all_the_time_is_polled(tmp_path, monkeypatch):
    path, changed, yielded = tmp_path / "settings.json", threading.Event(), []

    def busy(*_folders, **_options):
        while True:
            yielded.append(1)
            yield {(watchfiles.main.Change.modified, str(tmp_path / "litellm.log"))}

    monkeypatch.setattr(watchfiles.main, "watch", busy)
    watcher = FileWatcher(STEP_MS)
    watcher.watch([path], changed.set)
    try:
        until(lambda: len(yielded) == watch.MOST_IDLE, "it still asks for events")
        path.write_text("{}")
        assert changed.wait(DEADLINE_S)
        assert len(yielded) == watch.MOST_IDLE
    finally:
        watcher.stop()


def test_each_watch_is_called_for_its_own_files(tmp_path):
    first, second, watcher = threading.Event(), threading.Event(), FileWatcher(STEP_MS)
    watcher.watch([tmp_path / "1"], first.set)
    watcher.watch([tmp_path / "later" / "2"], second.set)
    (tmp_path / "later").mkdir()
    rewrite(tmp_path / "later" / "2")
    assert second.wait(DEADLINE_S)
    assert not first.is_set()
    rewrite(tmp_path / "1")
    assert first.wait(DEADLINE_S)
    watcher.stop()


def test_no_call_comes_after_stop(tmp_path):
    calls, watcher = [], FileWatcher(STEP_MS)
    watcher.watch([tmp_path / "settings.json"], lambda: calls.append(1))
    watcher.stop()
    rewrite(tmp_path / "settings.json")
    watcher.watch([tmp_path / "settings.json"], lambda: calls.append(2))
    ended(watcher)
    assert calls == []


def test_a_watcher_may_be_stopped_from_its_own_call(tmp_path):
    path, done, watcher = tmp_path / "settings.json", threading.Event(), FileWatcher(STEP_MS)
    watcher.watch([path], lambda: (watcher.stop(), done.set()))
    rewrite(path)
    assert done.wait(DEADLINE_S)
    ended(watcher)


def test_a_watcher_that_watches_nothing_can_be_stopped():
    FileWatcher().stop()


def test_a_path_with_a_nul_is_a_file_that_is_missing(tmp_path):
    watcher, changed = FileWatcher(STEP_MS), threading.Event()
    watcher.watch([tmp_path / "a\0b", tmp_path / "c"], changed.set)
    rewrite(tmp_path / "c")
    assert changed.wait(DEADLINE_S)
    watcher.stop()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home/me/.claude", True),
        ("/home/other", False),
        ("/home/meister", False),
        ("/ssh/x", True),
        ("/mnt/c/x", True),
        ("/over/x", False),
    ],
)
def test_network_drives_are_found_by_the_mount_that_holds_the_file(monkeypatch, path, expected):
    mounted = {"/": "ext4", "/home": "xfs", "/home/me": "nfs4", "/ssh": "fuse.sshfs", "/mnt/c": "9p"}
    table = [SimpleNamespace(mountpoint=point, fstype=kind) for point, kind in mounted.items()]
    # A mount that hides an earlier one on the same folder.
    table += [SimpleNamespace(mountpoint="/over", fstype=kind) for kind in ("nfs", "ext4")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_all: table)
    monkeypatch.setattr(mounts.os.path, "realpath", os.path.normpath)
    assert is_on_network(watch.Path(path)) is expected


def test_a_mount_table_that_cannot_be_read_means_no_network_drive(monkeypatch):
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_all: refuse_table())
    assert is_on_network(watch.Path("/")) is False


def refuse_table():
    raise OSError(errno.EACCES, "no")


def ended(watcher):
    """Wait until the watcher's thread has ended."""
    watcher._thread.join(DEADLINE_S)
    assert not watcher._thread.is_alive()
