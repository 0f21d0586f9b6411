"""The watcher calls back after every way in which a file can change."""

import shutil
import threading

import pytest

from stormdeck.sources.io.watch import FileWatcher
from waiting import DEADLINE_S

STEP_MS = 10


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


def ended(watcher):
    """Wait until the watcher's thread has ended."""
    watcher._thread.join(DEADLINE_S)
    assert not watcher._thread.is_alive()
