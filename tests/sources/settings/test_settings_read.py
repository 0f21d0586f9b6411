"""Reading the client's settings files: every scope, every way to fail."""

import json
import os
from pathlib import Path

import pytest

from stormdeck.model.finding import Edit
from stormdeck.model.settings.merge import place_of, preview, shadows
from stormdeck.model.settings.scope import Scope
from stormdeck.paths import user_paths
from stormdeck.sources.settings.read import LARGEST, digest_of, read_file, read_settings

URL = "env.ANTHROPIC_BASE_URL"


@pytest.fixture
def paths(tmp_path):
    return user_paths({}, tmp_path / "home", tmp_path / "project")


@pytest.fixture
def managed(tmp_path):
    return tmp_path / "managed.json"


def put(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(values if isinstance(values, str) else json.dumps(values))


def test_nothing_there_is_nothing_wrong(paths, managed):
    snapshot = read_settings(paths, {}, managed=managed)
    assert [file.scope for file in snapshot.files] == [Scope.MANAGED, Scope.LOCAL, Scope.PROJECT, Scope.USER]
    assert not any(file.exists or file.error for file in snapshot.files)
    assert snapshot.effective == {}


def test_the_strongest_scope_wins_one_by_one(paths, managed, tmp_path):
    flag = tmp_path / "flag.json"
    weakest_first = [paths.user_settings, paths.project_settings, paths.local_settings, flag, managed]
    environ = {"ANTHROPIC_BASE_URL": "http://shell", "HOME": "/nowhere"}
    read = lambda: read_settings(paths, environ, managed=managed, flag=flag)  # noqa: E731
    winners = [read().effective[URL].scope]
    for path in weakest_first:
        put(path, {"env": {"ANTHROPIC_BASE_URL": f"http://{path.name}"}})
        winners.append(read().effective[URL].scope)
    assert winners == ["shell", "user", "project", "local", "--settings", "managed"]
    assert shadows(read(), URL) == tuple(reversed(winners))
    assert read().shell == {"ANTHROPIC_BASE_URL": "http://shell"}


def test_values_of_several_scopes_add_up(paths, managed):
    put(paths.user_settings, {"model": "opus", "env": {"A": "1", "B": True}})
    put(paths.local_settings, {"env": {"A": 2, "C": {"unused": 1}}})
    snapshot = read_settings(paths, {}, managed=managed)
    assert {path: snapshot.text(path) for path in snapshot.effective} == {
        "model": "opus",
        "env.A": "2",
        "env.B": "true",
    }


def test_a_named_file_is_the_only_one_read(paths, managed, tmp_path):
    put(paths.user_settings, {"model": "opus"})
    put(tmp_path / "mine.json", {"model": "haiku"})
    snapshot = read_settings(paths, {"ANTHROPIC_MODEL": "x"}, tmp_path / "mine.json", managed=managed)
    assert [(file.scope, file.path) for file in snapshot.files] == [(Scope.USER, tmp_path / "mine.json")]
    assert list(snapshot.effective) == ["model"]


def test_in_the_home_folder_the_file_is_the_user_s(tmp_path, managed):
    paths = user_paths({}, tmp_path, tmp_path)
    put(paths.user_settings, {"model": "opus"})
    snapshot = read_settings(paths, {}, managed=managed)
    assert snapshot.file(Scope.PROJECT) is None
    assert snapshot.effective["model"].scope is Scope.USER


def test_a_broken_file_is_not_in_effect_and_says_where(paths, managed):
    put(paths.user_settings, {"model": "opus"})
    put(paths.local_settings, '{\n  "model": "haiku",\n}')
    snapshot = read_settings(paths, {}, managed=managed)
    error = snapshot.file(Scope.LOCAL).error
    assert (error.line, error.column) == (2, 19)
    assert snapshot.text("model") == "opus"


WRONG_TYPES = {
    "model": ('{"model": 5}', "`model` must be text, but is a number"),
    "env": ('{"env": ["A"]}', "`env` must be an object, but is a list"),
    "permissions": ('{"permissions": {"allow": "x"}}', "`permissions.allow` must be a list, but is text"),
    "status line": ('{"statusLine": "x"}', "`statusLine` must be an object, but is text"),
}


@pytest.mark.parametrize(("text", "message"), WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_known_key_of_the_wrong_type_drops_the_file(paths, text, message):
    put(paths.user_settings, text)
    file = read_file(Scope.USER, paths.user_settings)
    assert (file.error.message, file.values, file.text) == (message, {}, text)
    assert file.error.line == 1


def test_links_are_followed_and_bytes_are_kept(paths, tmp_path):
    real = tmp_path / "dotfiles.json"
    real.write_bytes(b'\xef\xbb\xbf{"model": "a"}\r\n')
    paths.user_settings.parent.mkdir(parents=True)
    paths.user_settings.symlink_to(real)
    file = read_file(Scope.USER, paths.user_settings)
    assert file.values == {"model": "a"}
    assert file.text.encode() == real.read_bytes()
    assert file.digest == digest_of(real.read_bytes())


def folder(path):
    path.mkdir(parents=True)


def loop(path):
    path.symlink_to(path)


def too_large(path):
    with path.open("wb") as stream:
        stream.truncate(LARGEST + 1)


FAILURES = {
    "folder": (folder, "it is a folder"),
    "loop": (loop, "leads back to itself"),
    "too large": (too_large, "larger than 5 MB"),
    "pipe": (os.mkfifo, "not a regular file"),
    "not UTF-8": (lambda path: path.write_bytes(b'{"model":\n"\xff"}'), "not UTF-8"),
}


@pytest.mark.parametrize(("make", "words"), FAILURES.values(), ids=FAILURES)
def test_what_cannot_be_read_is_reported(tmp_path, make, words):
    make(tmp_path / "settings.json")
    file = read_file(Scope.USER, tmp_path / "settings.json")
    assert file.exists
    assert words in file.error.message
    assert file.values == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission_is_reported(tmp_path):
    put(tmp_path / "settings.json", {})
    (tmp_path / "settings.json").chmod(0)
    assert "no permission to read" in read_file(Scope.USER, tmp_path / "settings.json").error.message


def test_a_file_where_the_folder_should_be_is_reported(tmp_path):
    (tmp_path / ".claude").write_text("")
    assert "its folder is a file" in read_file(Scope.USER, tmp_path / ".claude" / "settings.json").error.message


def test_a_dangling_link_is_a_file_to_be_made(tmp_path):
    (tmp_path / "settings.json").symlink_to(tmp_path / "later.json")
    file = read_file(Scope.USER, tmp_path / "settings.json")
    assert (file.exists, file.error, file.writable) == (False, None, True)


def test_what_may_be_written(tmp_path):
    put(tmp_path / "settings.json", {})
    assert read_file(Scope.USER, tmp_path / "settings.json").writable
    assert not read_file(Scope.MANAGED, tmp_path / "settings.json").writable
    (tmp_path / "settings.json").chmod(0o444)
    assert not read_file(Scope.USER, tmp_path / "settings.json").writable
    assert read_file(Scope.USER, tmp_path / "new" / "deep" / "settings.json").writable


def test_an_edit_is_previewed_without_being_written(paths, managed):
    put(paths.user_settings, '{\n  "model": "opus"\n}\n')
    snapshot = read_settings(paths, {}, managed=managed)
    after = preview(snapshot, Scope.USER, [Edit(URL, "http://h"), Edit("model", None)])
    assert {path: after.text(path) for path in after.effective} == {URL: "http://h"}
    assert after.file(Scope.USER).digest == snapshot.file(Scope.USER).digest
    assert paths.user_settings.read_text() == '{\n  "model": "opus"\n}\n'


def test_a_broken_file_cannot_be_previewed(paths, managed):
    put(paths.user_settings, "{,}")
    snapshot = read_settings(paths, {}, managed=managed)
    assert preview(snapshot, Scope.USER, [Edit("model", "opus")]) is snapshot


def test_a_value_is_found_in_the_file_that_wins(paths, managed):
    put(paths.user_settings, '{"model": "opus"}')
    put(paths.local_settings, '{\n  "model": "haiku"\n}')
    snapshot = read_settings(paths, {"ANTHROPIC_MODEL": "x"}, managed=managed)
    place = place_of(snapshot, "model")
    assert (place.scope, place.file, place.line, place.column) == (Scope.LOCAL, paths.local_settings, 2, 3)
    assert place_of(snapshot, "env.ANTHROPIC_MODEL").file is None
    missing = place_of(snapshot, URL)
    assert (missing.scope, missing.file, missing.line) == (Scope.USER, paths.user_settings, None)


def test_the_project_folder_need_not_exist(managed):
    assert (
        read_settings(user_paths({}, Path("/nonexistent"), Path("/nonexistent/p")), {}, managed=managed).effective == {}
    )
