"""Who may read a settings file before and after an edit, for any owner and umask."""

import errno
import json
import os
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from stormdeck.model.settings.scope import Scope
from stormdeck.sources.client.trust import agree
from stormdeck.sources.io.folders import make_private
from stormdeck.sources.settings import lock
from stormdeck.sources.settings.read import digest_of, read_file
from stormdeck.sources.settings.rights import kept_mode
from stormdeck.sources.settings.write import Reason, Written, write_settings

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
ANYBODY = 0xFFFFFFFF
AS_USER = """
import json, os, sys
from pathlib import Path
from stormdeck.sources.settings.read import digest_of, read_file
from stormdeck.sources.settings.write import write_settings
from stormdeck.model.settings.scope import Scope
file, uid, gid, groups, umask = Path(sys.argv[1]), *json.loads(sys.argv[2])
os.setgroups(groups); os.setgid(gid); os.setuid(uid); os.umask(umask)
data = file.read_bytes() if file.exists() else None
caveats = read_file(Scope.USER, file).caveats
backups = file.parent.parent / f"state{uid}" / "backups"
done = write_settings(file, "{ }", "" if data is None else digest_of(data), backups)
print(json.dumps([type(done).__name__, getattr(done, "detail", ""), caveats]))
"""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")


def acl(*users, group="r", mask="rw", other=""):
    """An access list with these (user, rights) beside owner, group and others."""
    bits = {"": 0, "r": 4, "rw": 6}
    entries = [(1, 6, ANYBODY), *((2, bits[rights], user) for user, rights in users)]
    entries += [(4, bits[group], ANYBODY), (0x10, bits[mask], ANYBODY), (0x20, bits[other], ANYBODY)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def give(path, name, value):
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            pytest.skip("this file system has no such attributes")
        raise


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "shared" / "settings.json"
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(0o640)
    return path


def write(file, text="{ }"):
    return write_settings(file, text, digest_of(file.read_bytes()), file.parent.parent / "state" / "backups")


def as_user(file, uid, gid=100, groups=(), umask=0o022):
    """Edit a file as another user, in a folder that everybody may write into."""
    for folder in (file.parent, file.parent.parent):
        folder.chmod(0o777)
    call = [sys.executable, "-c", AS_USER, file, json.dumps([uid, gid, list(groups), umask])]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def open_file():
    """A file below folders that every user can pass, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        path = Path(folder) / "shared" / "settings.json"
        path.parent.mkdir()
        path.write_text("{}")
        yield path


def owner(path):
    status = path.stat()
    return status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)


@pytest.mark.attack("a file with an access list (ACL) is edited", "the list stays, and the group gains no right")
def test_an_access_list_stays(file):
    wanted = acl((1234, "r"), group="", mask="r")
    give(file, ACCESS, wanted)
    assert isinstance(write(file), Written)
    assert os.getxattr(file, ACCESS) == wanted
    assert file.read_text() == "{ }"


@pytest.mark.attack("the folder hands an access list to each new file in it", "the edited file gets none")
def test_an_access_list_of_the_folder_is_not_inherited(file):
    give(file.parent, DEFAULT, acl((1234, "rw")))
    assert isinstance(write(file), Written)
    assert ACCESS not in os.listxattr(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.attack("a file with extended attributes is edited", "they stay")
def test_extended_attributes_stay(file):
    give(file, "user.origin", b"dotfiles")
    assert isinstance(write(file), Written)
    assert os.getxattr(file, "user.origin") == b"dotfiles"


@pytest.mark.attack("an attribute or an access list cannot be kept", "nothing is written, and it is said why")
@pytest.mark.parametrize(("name", "value"), [("user.origin", b"dotfiles"), (ACCESS, acl((1234, "r")))])
def test_what_cannot_be_kept_is_refused(file, monkeypatch, name, value):
    give(file, name, value)

    def refuse(*_args):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "setxattr", refuse)
    refused = write(file)
    assert refused.reason is Reason.RIGHTS
    assert "cannot be kept" in refused.detail
    assert file.read_text() == "{}"
    assert list(file.parent.iterdir()) == [file]


@needs_root
@pytest.mark.attack("a member of the team edits a file of another user's", "the group stays, the team still reads it")
def test_the_group_stays_where_the_owner_cannot(open_file):
    os.chown(open_file, 1500, 4321)
    open_file.chmod(0o660)
    kind, _, caveats = as_user(open_file, 1600, groups=[4321])
    assert (kind, owner(open_file)) == ("Written", (1600, 4321, 0o660))
    assert caveats == ["It belongs to user 1500: the new file will be yours, its group stays."]


@needs_root
@pytest.mark.attack("a user edits a file whose group is not one of theirs", "no other group may read it afterwards")
@pytest.mark.parametrize(("mode", "after"), [(0o660, 0o600), (0o664, 0o644), (0o646, 0o644), (0o604, 0o600)])
def test_a_group_that_cannot_stay_is_given_no_rights(open_file, mode, after):
    os.chown(open_file, 1600, 4321)
    open_file.chmod(mode)
    kind, _, _ = as_user(open_file, 1600, gid=100)
    assert (kind, owner(open_file)) == ("Written", (1600, 100, after))


@needs_root
@pytest.mark.attack("the same for a file with an access list", "nothing is written, and it is said why")
def test_an_access_list_is_not_given_to_another_group(open_file):
    os.chown(open_file, 1600, 4321)
    give(open_file, ACCESS, acl((1234, "r")))
    kind, why, _ = as_user(open_file, 1600, gid=100)
    assert kind == "Refused"
    assert "its group 4321 cannot be kept" in why
    assert open_file.read_text() == "{}"


@needs_root
@pytest.mark.attack("root edits a user's file", "it stays that user's")
def test_root_leaves_a_file_its_owner(file):
    os.chown(file, 1500, 4321)
    assert isinstance(write(file), Written)
    assert owner(file) == (1500, 4321, 0o640)


def test_nobody_may_do_more_with_the_mode_that_is_kept():
    def status(mode, uid, gid):
        return os.stat_result((mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))

    for mode in range(0o1000):
        kept = kept_mode(status(mode, 1, 1), status(0o600, 1, 2))
        was_group, was_others = mode >> 3 & 7, mode & 7
        # Members of the new group were others, members of the old one are others now.
        assert kept >> 3 & 7 | was_others == was_others
        assert kept & 7 | was_group == was_group
        assert kept & 7 | was_others == was_others
        assert kept_mode(status(mode, 1, 1), status(0o600, 1, 1)) == mode
    assert kept_mode(status(0o4755, 1, 1), status(0o600, 2, 1)) == 0o755


@pytest.mark.attack("`umask 000` while folders are made", "each is 0700, those above it too")
@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
def test_folders_are_their_owner_s_alone(tmp_path, umask):
    folder = tmp_path / "a" / "b" / "c"
    before = os.umask(umask)
    try:
        make_private(folder)
        assert agree(folder / "d" / "trusted.json", "/p", "http://h:1") == ""
    finally:
        os.umask(before)
    assert {
        stat.S_IMODE(one.stat().st_mode) for one in (folder / "d", folder, folder.parent, folder.parent.parent)
    } == {0o700}


@pytest.mark.attack(
    "`umask 000 stormdeck set` in an empty home, and `umask 777`", "every folder is 0700, every file 0600"
)
@pytest.mark.parametrize("umask", [0, 0o777])
def test_an_edit_under_any_umask(tmp_path, umask):
    (tmp_path / "home").mkdir()
    command = [sys.executable, "-m", "stormdeck", "set", "model", "opus", "--home", tmp_path / "home", "--yes"]
    for value in ("opus", "sonnet"):
        command[5] = value
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, umask=umask)
    made = list((tmp_path / "home").rglob("*"))
    assert {stat.S_IMODE(one.stat().st_mode) for one in made if one.is_dir()} == {0o700}
    assert {stat.S_IMODE(one.stat().st_mode) for one in made if one.is_file()} == {0o600}


@pytest.mark.attack("a hard link, such as a dotfiles repository makes", "it is said before it is parted")
def test_a_hard_link_is_reported(file, tmp_path):
    os.link(file, tmp_path / "dotfiles.json")
    (said,) = read_file(Scope.USER, file).caveats
    assert said == "It is a hard link, a file with 2 names: the other one keeps the old text."


@pytest.mark.attack("another program holds the lock on the folder", "the write is refused after a while")
def test_a_lock_that_is_held_is_not_waited_for_without_end(file, monkeypatch):
    monkeypatch.setattr(lock, "PATIENCE_S", 0.02)
    with lock.locked(file.parent):
        refused = write(file)
    assert refused.reason is Reason.BUSY
    assert file.read_text() == "{}"
    assert isinstance(write(file), Written)


def test_git_finds_nothing_to_add_after_an_edit(file):
    if shutil.which("git") is None:
        pytest.skip("needs git")
    repository = file.parent
    subprocess.run(["git", "init", "-q", repository], check=True)
    (repository / ".gitignore").write_text("settings.json\n.gitignore\n")
    assert isinstance(write(file), Written)
    done = subprocess.run(
        ["git", "-C", repository, "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
