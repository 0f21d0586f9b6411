"""What is read of the client's own files: a login, and the folders that it trusts."""

import json
import os
import sys

import pytest

from stormdeck.model.snapshots.client_state import ClientState, Login
from stormdeck.paths import user_paths
from stormdeck.sources.client import state as client_state
from stormdeck.sources.client.state import read_client_state

OAUTH = {"claudeAiOauth": {"accessToken": "hidden-1", "refreshToken": "hidden-2"}}


def read(home, own=None, credentials=None):
    (home / ".claude").mkdir(exist_ok=True)
    for path, value in ((home / ".claude.json", own), (home / ".claude" / ".credentials.json", credentials)):
        if value is not None:
            path.write_text(value if isinstance(value, str) else json.dumps(value))
    return read_client_state(user_paths({}, home))


LOGINS = {
    "no file": ({}, Login.NONE),
    "credentials": ({"credentials": OAUTH}, Login.ACCOUNT),
    "an account": ({"own": {"oauthAccount": {"emailAddress": "a@example.org"}}}, Login.ACCOUNT),
    "a key that the client keeps": ({"own": {"primaryApiKey": "k"}}, Login.KEY),
    "logged out": ({"own": {"oauthAccount": None}, "credentials": {}}, Login.NONE),
    "a login to an MCP server only": ({"credentials": {"mcpOauth": {"a": {"accessToken": "x"}}}}, Login.NONE),
    "an empty login": ({"credentials": {"claudeAiOauth": {"accessToken": ""}}}, Login.NONE),
    "an empty file": ({"own": ""}, Login.NONE),
    "a broken file": ({"own": "{"}, Login.UNKNOWN),
    "broken credentials": ({"credentials": "[]"}, Login.UNKNOWN),
}


@pytest.mark.parametrize(("files", "login"), LOGINS.values(), ids=LOGINS)
def test_a_login_is_recognised_by_the_client_s_files(tmp_path, files, login):
    assert read(tmp_path, **files).login is login


def test_on_a_mac_a_keychain_may_hold_a_login(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert read(tmp_path).login is Login.UNKNOWN
    assert read(tmp_path, own={"oauthAccount": {"x": 1}}).login is Login.ACCOUNT


def test_trusted_folders_are_those_that_the_client_says_true_of(tmp_path):
    projects = {"/a": {"hasTrustDialogAccepted": True}, "/b": {"hasTrustDialogAccepted": "true"}, "/c": {}, "/d": 1}
    assert read(tmp_path, own={"projects": projects}).trusted == {"/a"}


def test_a_folder_of_the_client_s_own_holds_its_state(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / ".claude.json").write_text('{"oauthAccount": {"x": 1}}')
    paths = user_paths({"CLAUDE_CONFIG_DIR": str(tmp_path / "mine")})
    assert read_client_state(paths).login is Login.ACCOUNT


def test_no_secret_is_kept(tmp_path):
    state = read(tmp_path, credentials=OAUTH, own={"primaryApiKey": "hidden-3"})
    assert "hidden-" not in repr(state) + repr(client_state._read)


def test_a_pipe_in_the_place_of_a_file_does_not_stop_the_look(tmp_path):
    os.mkfifo(tmp_path / ".claude.json")
    assert read(tmp_path) == ClientState(Login.UNKNOWN)


def test_an_unchanged_file_is_read_once(tmp_path, monkeypatch):
    read(tmp_path, own={"oauthAccount": {"x": 1}})
    monkeypatch.setattr(client_state, "read_bounded", None)
    assert read(tmp_path).login is Login.ACCOUNT
