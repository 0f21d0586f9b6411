"""A writer of settings that is killed, or that is not alone: the file is whole, nothing is lost, nothing is left."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stormdeck.sources.settings.read import digest_of
from stormdeck.sources.settings.write import Written, write_settings

HERE = Path(__file__).parent
LOOP = """
import sys
from pathlib import Path
from stormdeck.sources.settings.read import digest_of
from stormdeck.sources.settings.write import write_settings
file, backups = Path(sys.argv[1]), Path(sys.argv[2])
print("begun", flush=True)
for number in range(10**6):
    data = file.read_bytes()
    write_settings(file, '{"token": "%d"}' % number, digest_of(data), backups)
"""
ADDING = """
import json, sys
from pathlib import Path
from stormdeck.sources.settings.read import digest_of
from stormdeck.sources.settings.write import Written, write_settings
file, backups, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
sys.stdin.readline()
written = []
for number in range(150):
    data = file.read_bytes()
    text = json.dumps(json.loads(data) | {f"{name}{number}": 1})
    if isinstance(write_settings(file, text, digest_of(data), backups), Written):
        written.append(f"{name}{number}")
print(json.dumps(written))
"""


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    done = subprocess.run([sys.executable, HERE / "killing.py", folder], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_every_step_of_a_write_is_killed(killed):
    assert len(killed) > 100
    assert {one["when"] for one in killed} == {"before", "within", "after"}


@pytest.mark.attack("the writer is killed at each step of a write", "the file holds the old text or the new one")
def test_a_killed_write_leaves_the_old_text_or_the_new(killed):
    assert {one["text"] for one in killed if one["existing"]} == {"old", "new"}
    assert {one["text"] for one in killed if not one["existing"]} == {"none", "new"}


@pytest.mark.attack("the writer is killed at each step, and `git add -A` follows", "nothing lies beside the file")
def test_a_killed_write_leaves_nothing_beside_the_file(killed):
    assert [one for one in killed if one["unnamed"] and one["beside"]] == []


@pytest.mark.attack("the same where no file can be without a name", "what is left is recognised by its name")
def test_what_is_left_without_unnamed_files_is_recognisable(killed):
    names = {name for one in killed if not one["unnamed"] for name in one["beside"]}
    assert names
    assert all(name.startswith(".stormdeck-") and name.endswith(".tmp") for name in names)


@pytest.mark.attack("the writer is killed while it keeps a copy", "no half-written copy bears a copy's name")
def test_a_killed_copy_is_whole_or_not_there(killed):
    assert [one for one in killed if one["half_copies"]] == []


@pytest.mark.attack("an edit after a killed one", "it is made, and clears what the killed one left")
def test_the_next_edit_is_made_and_clears(killed):
    assert {one["again"] for one in killed} == {"Written"}
    assert [one for one in killed if one["after"]] == []


@pytest.mark.attack("SIGKILL at any moment of a loop of writes", "the file is whole and the next edit is made")
def test_a_loop_of_writes_is_killed_at_any_moment(tmp_path):
    file, backups = tmp_path / "repo" / "settings.local.json", tmp_path / "state" / "backups"
    file.parent.mkdir()
    file.write_text("{}")
    for _ in range(12):
        with subprocess.Popen(
            [sys.executable, "-c", LOOP, file, backups], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as child:
            child.stdout.readline()
            before = file.read_bytes()
            while file.read_bytes() == before:  # it is in the midst of its writes
                pass
            child.send_signal(signal.SIGKILL)
        data = file.read_bytes()
        json.loads(data)
        assert list(file.parent.iterdir()) == [file]
        assert isinstance(write_settings(file, "{}", digest_of(data), backups), Written)
    assert not [one for one in backups.iterdir() if one.name.startswith(".")]


@pytest.mark.attack("two programs write one file in a tight loop", "what each was told is written is in the file")
def test_two_writers_lose_nothing(tmp_path):
    file, backups = tmp_path / "claude" / "settings.json", tmp_path / "state" / "backups"
    file.parent.mkdir()
    file.write_text("{}")
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", ADDING, file, backups, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("a", "b")
    ]
    for one in writers:
        one.stdin.write("go\n")
        one.stdin.flush()
    written = [name for one in writers for name in json.loads(one.communicate()[0])]
    assert written
    assert set(json.loads(file.read_text())) == set(written)
    assert list(file.parent.iterdir()) == [file]
