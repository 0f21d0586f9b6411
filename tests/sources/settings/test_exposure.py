"""Who else can read a settings file, found without running git."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.sources.settings.exposure import exposures


def of(path):
    (found,) = exposures([SettingsFile(Scope.PROJECT, path, exists=True)])
    return found


def test_a_file_that_is_not_there_is_no_matter():
    assert exposures([SettingsFile(Scope.USER, Path("/nowhere/settings.json"))]) == ()


@pytest.fixture
def open_folder():
    """A folder that everybody may look into, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


@pytest.mark.parametrize(("mode", "expected"), [(0o644, True), (0o600, False), (0o640, False)])
def test_a_mode_that_lets_everybody_read(open_folder, mode, expected):
    path = open_folder / "settings.json"
    path.write_text("{}")
    path.chmod(mode)
    assert of(path).world_readable is expected


def test_a_closed_folder_above_protects_the_file(open_folder):
    path = open_folder / "closed" / "settings.json"
    path.parent.mkdir(mode=0o700)
    path.write_text("{}")
    path.chmod(0o644)
    assert not of(path).world_readable


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git to make a repository")
def test_git_s_index_names_what_is_tracked(tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", tmp_path, *words], check=True, capture_output=True)

    folder = tmp_path / ".claude"
    folder.mkdir()
    for name in ("settings.json", "settings.local.json", "other.json"):
        (folder / name).write_text("{}")
    git("init", "-q")
    assert not of(folder / "settings.json").tracked
    git("add", ".claude/settings.json", ".claude/other.json")
    assert of(folder / "settings.json").tracked
    assert not of(folder / "settings.local.json").tracked


def test_a_broken_index_says_nothing(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "settings.json").write_text("{}")
    assert not of(tmp_path / "settings.json").tracked
    (tmp_path / ".git" / "index").write_bytes(b"settings.json\x00")
    assert not of(tmp_path / "settings.json").tracked
