"""Writing a settings file: whole or not at all, and never over another program's change."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from stormdeck.sources.settings.backups import backups_of
from stormdeck.sources.settings.read import digest_of
from stormdeck.sources.settings.write import Reason, Refused, Written, write_settings


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "claude" / "settings.json"
    path.parent.mkdir()
    path.write_bytes(b"{}\r\n")
    return path


@pytest.fixture
def backups(tmp_path):
    return tmp_path / "state" / "backups"


def write(path, text, backups, digest=None):
    known = digest_of(path.read_bytes()) if digest is None else digest
    return write_settings(path, text, known, backups, clock=lambda: 0.0)


def leftovers(path):
    return sorted(entry.name for entry in path.parent.iterdir() if entry.name != path.name)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_text_is_written_byte_for_byte_and_the_old_one_is_kept(file, backups):
    done = write(file, '\ufeff{"ü": 1}\r\n', backups)
    assert isinstance(done, Written)
    assert file.read_bytes() == '\ufeff{"ü": 1}\r\n'.encode()
    assert done.digest == digest_of(file.read_bytes())
    assert done.backup.read_bytes() == b"{}\r\n"
    assert (mode(done.backup), mode(backups)) == (0o600, 0o700)
    assert leftovers(file) == []


def test_mode_stays(file, backups):
    file.chmod(0o640)
    write(file, "{ }", backups)
    assert mode(file) == 0o640


def test_a_link_stays_a_link(file, backups, tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(Path("claude") / "settings.json")
    done = write(link, "{ }", backups)
    assert done.path == link
    assert link.is_symlink()
    assert file.read_text() == "{ }"


def test_a_new_file_is_made_with_its_folders_for_the_owner_alone(tmp_path, backups):
    path = tmp_path / "a" / "b" / "settings.json"
    done = write(path, "{}", backups, digest="")
    assert (done.backup, path.read_text(), mode(path)) == (None, "{}", 0o600)
    assert not backups.exists()


def test_the_same_text_is_not_written_again(file, backups):
    before = file.stat().st_mtime_ns
    done = write(file, "{}\r\n", backups)
    assert (done.backup, file.stat().st_mtime_ns) == (None, before)
    assert not backups.exists()


def test_undo_is_a_write_of_the_old_text(file, backups):
    done = write(file, '{"a": 1}', backups)
    undone = write_settings(file, done.backup.read_bytes().decode(), done.digest, backups)
    assert isinstance(undone, Written)
    assert file.read_bytes() == b"{}\r\n"


def test_a_change_from_outside_is_not_overwritten(file, backups):
    known = digest_of(file.read_bytes())
    file.write_text('{"theirs": 1}')
    refused = write(file, "{ }", backups, known)
    assert refused.reason is Reason.CHANGED
    assert str(file) in refused.detail
    assert file.read_text() == '{"theirs": 1}'


def test_a_file_that_came_or_went_is_a_change(file, backups):
    assert write(file, "{ }", backups, digest="").reason is Reason.CHANGED
    known = digest_of(file.read_bytes())
    file.unlink()
    assert write(file, "{ }", backups, known).reason is Reason.CHANGED
    assert not file.exists()


def test_a_change_while_writing_is_noticed(file, backups, monkeypatch):
    sync = os.fsync

    def theirs(handle):
        file.write_text("theirs")
        sync(handle)

    monkeypatch.setattr(os, "fsync", theirs)
    assert write(file, "{ }", backups).reason is Reason.CHANGED
    assert file.read_text() == "theirs"
    assert leftovers(file) == []


@pytest.mark.parametrize("what", ["file", "folder"])
def test_read_only_is_respected(file, backups, what):
    target = file if what == "file" else file.parent
    target.chmod(target.stat().st_mode & ~0o222)
    try:
        refused = write(file, "{ }", backups)
    finally:
        target.chmod(0o700)
    assert refused.reason is Reason.READ_ONLY
    assert file.read_bytes() == b"{}\r\n"
    assert leftovers(file) == []


def test_a_full_disk_leaves_the_file_as_it_was(file, backups, monkeypatch):
    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    refused = write(file, "{ }", backups)
    assert refused.reason is Reason.FAILED
    assert "no space left" in refused.detail
    assert file.read_bytes() == b"{}\r\n"
    assert leftovers(file) == []


def test_without_a_backup_nothing_is_written(file, tmp_path):
    (tmp_path / "taken").write_text("")
    refused = write(file, "{ }", tmp_path / "taken")
    assert refused.reason is Reason.BACKUP
    assert file.read_bytes() == b"{}\r\n"


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.symlink_to(path)], ids=["folder", "loop"])
def test_what_is_no_file_is_refused(tmp_path, backups, make):
    make(tmp_path / "settings.json")
    refused = write(tmp_path / "settings.json", "{}", backups, digest="")
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.FAILED


def test_text_that_no_file_can_hold_is_refused(file, backups):
    assert write(file, '{"a": "\ud800"}', backups).reason is Reason.FAILED


def test_ten_backups_of_each_file_are_kept(file, backups, tmp_path):
    other = tmp_path / "settings.json"
    other.write_text("other")
    write(other, "{}", backups)
    for number in range(13):
        write(file, str(number), backups)
    assert [copy.read_text() for copy in backups_of(file, backups)] == [str(n) for n in range(11, 1, -1)]
    assert [copy.read_text() for copy in backups_of(other, backups)] == ["other"]


@pytest.mark.parametrize("existing", [True, False])
def test_a_file_system_without_hard_links_is_written_to(file, backups, monkeypatch, existing):
    def refuse(*_args, **_kwargs):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    if not existing:
        file.unlink()
    done = write(file, "{ }", backups, None if existing else "")
    assert isinstance(done, Written)
    assert (file.read_text(), leftovers(file)) == ("{ }", [])
    assert [copy.read_bytes() for copy in backups_of(file, backups)] == ([b"{}\r\n"] if existing else [])
    assert not [one for one in (backups.iterdir() if existing else ()) if one.name.startswith(".")]


def test_a_file_system_without_unnamed_files_is_written_to(file, backups, monkeypatch):
    monkeypatch.setattr("stormdeck.sources.io.atomic_write._O_TMPFILE", None)
    file.chmod(0o640)
    assert isinstance(write(file, "{ }", backups), Written)
    assert (file.read_text(), mode(file), leftovers(file)) == ("{ }", 0o640, [])
    (file.parent / "new.json").unlink(missing_ok=True)
    assert isinstance(write(file.parent / "new.json", "{ }", backups, ""), Written)
    assert leftovers(file) == ["new.json"]


def test_the_state_folder_may_be_on_another_file_system(file):
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == file.stat().st_dev:
        pytest.skip("there is one file system only")
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        done = write(file, "{ }", Path(folder) / "backups")
        assert isinstance(done, Written)
        assert (file.read_text(), leftovers(file)) == ("{ }", [])
        assert [one.name for one in (Path(folder) / "backups").iterdir()] == [done.backup.name]
