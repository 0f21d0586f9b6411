"""The watcher tells of every way in which a settings file can change."""

import threading
import time

import pytest

from stormdeck.sources.settings.watch import SettingsWatcher


@pytest.fixture
def watched(tmp_path):
    """A path in a folder that does not exist, the event that a change sets, and the watcher's starter."""
    path, changed, watchers = tmp_path / "claude" / "settings.json", threading.Event(), []

    def start():
        watchers.append(SettingsWatcher([tmp_path / "other.json", path], changed.set, interval_s=0.01))
        watchers[-1].start()

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


@pytest.mark.parametrize("change", [rewrite, same_size, replace, remove, chmod], ids=lambda change: change.__name__)
def test_a_change_is_told(watched, change):
    path, changed, start = watched
    create(path)
    start()
    assert not changed.is_set()
    change(path)
    assert changed.wait(5)


def test_a_folder_that_appears_later_is_told(watched):
    path, changed, start = watched
    start()
    create(path)
    assert changed.wait(5)


@pytest.mark.parametrize("change", ["target rewritten", "link pointed elsewhere"])
def test_links_are_seen_through(watched, change):
    path, changed, start = watched
    path.parent.mkdir()
    first, second = path.parent / "1.json", path.parent / "2.json"
    first.write_text("{}")
    second.write_text("{}")
    path.symlink_to(first)
    start()
    if change == "target rewritten":
        rewrite(first)
    else:
        path.unlink()
        path.symlink_to(second)
    assert changed.wait(5)


def test_stop_ends_the_thread_at_once_and_ends_the_calls(tmp_path):
    calls = []
    watcher = SettingsWatcher([tmp_path / "settings.json"], lambda: calls.append(1), interval_s=3600)
    watcher.start()
    watcher.stop()
    (tmp_path / "settings.json").write_text("{}")
    assert calls == []
    deadline = time.monotonic() + 5
    while watcher._thread.is_alive() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert not watcher._thread.is_alive()


def test_a_watcher_may_be_stopped_from_its_own_call(tmp_path):
    path, done = tmp_path / "settings.json", threading.Event()

    def changed():
        watcher.stop()
        done.set()

    watcher = SettingsWatcher([path], changed, interval_s=0.01)
    watcher.start()
    path.write_text("{}")
    assert done.wait(5)
    deadline = time.monotonic() + 5
    while watcher._thread.is_alive() and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    assert not watcher._thread.is_alive()


def test_a_watcher_that_never_started_can_be_stopped(tmp_path):
    SettingsWatcher([tmp_path / "settings.json"], lambda: None).stop()
