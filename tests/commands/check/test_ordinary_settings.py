"""Ordinary people's settings, made up after kinds that are common: no alarm, and no change by ``--fix``.

Each file of ``tests/data/ordinary`` stands for a kind; its name begins with the scope that it is of.
"""

import json
import sys
from functools import partial

import pytest

from fake_vllm import serving
from places import TESTS
from stormdeck.commands.check import servers
from stormdeck.commands.check.first_settings import first_server
from stormdeck.commands.check.knowledge import Knowledge
from stormdeck.commands.check.servers import ServerAnswers
from stormdeck.model.snapshots.client_state import ClientState, Login
from stormdeck.model.snapshots.server import ServedModel, ServerState, VllmSnapshot
from stormdeck.options import Options
from stormdeck.paths import user_paths
from stormdeck.sources.client.version import ClientVersion
from stormdeck.sources.processes.scan import Scan
from stormdeck.sources.settings.read import read_settings

DATA = TESTS / "data" / "ordinary"
FILES = sorted(DATA.glob("*.json"))
SCOPES = {
    "user": ".claude/settings.json",
    "project": "project/.claude/settings.json",
    "local": "project/.claude/settings.local.json",
    "managed": "etc/claude-code/managed-settings.json",
}
LOGIN = {
    ".claude.json": {"hasCompletedOnboarding": True, "oauthAccount": {"emailAddress": "someone@example.org"}},
    ".claude/.credentials.json": {"claudeAiOauth": {"accessToken": "fake", "refreshToken": "fake"}},
}


def log_in(home):
    for name, value in LOGIN.items():
        home.write(json.dumps(value), home.folder / name)


def put(home, file):
    return home.write(file.read_bytes(), home.folder / SCOPES[file.stem.partition("-")[0]])


def louder_than_a_note(home, *more):
    code, out, _ = home.run("check", "--offline", "--json", *more)
    printed = json.loads(out)
    loud = [(one["code"], one["severity"], one["path"]) for one in printed["findings"] if one["severity"] != "info"]
    return code, loud, len(printed["findings"])


def test_there_are_enough_kinds():
    assert len(FILES) >= 60
    assert {file.stem.partition("-")[0] for file in FILES} == set(SCOPES)


@pytest.mark.parametrize("login", [False, True], ids=["nobody logged in", "logged in"])
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_alarm_and_no_change(home, file, login):
    if login:
        log_in(home)
    path = put(home, file)
    before = path.read_bytes()
    code, loud, count = louder_than_a_note(home)
    assert (code, loud) == (0, [])
    if "ANTHROPIC_BASE_URL" not in before.decode():
        assert count <= 1
    assert home.run("check", "--offline", "--fix", "--yes")[0] == 0
    assert path.read_bytes() == before
    assert home.settings.exists() == (path == home.settings)
    assert home.backups() == []


@pytest.mark.parametrize("version", ["1.0.128", "2.0.76", "2.1.42", "2.1.112", "2.1.329", "2.1.332", "3.0.0"])
def test_no_alarm_for_any_version_of_the_client(home, version):
    for file in FILES:
        path = put(home, file)
        assert louder_than_a_note(home, "--client-version", version)[:2] == (0, []), file.stem
        path.unlink()


def test_scopes_that_differ_are_no_alarm(home):
    log_in(home)
    home.write('{"model": "opus", "theme": "dark", "env": {"BASH_DEFAULT_TIMEOUT_MS": "1000"}}')
    home.write('{"model": "sonnet", "env": {"BASH_DEFAULT_TIMEOUT_MS": "2000"}}', home.shared)
    home.write('{"model": "haiku", "outputStyle": "default"}', home.local)
    assert louder_than_a_note(home) == (0, [], 0)


def test_it_is_said_once_why_nothing_is_checked(home):
    log_in(home)
    home.write('{"model": "opus"}')
    assert home.run("check", "--offline") == (0, "No findings.\n", "No own server is set: nothing to check.\n")
    home.write('{"env": {"CLAUDE_CODE_USE_VERTEX": "1"}}')
    assert "requests go to that cloud" in home.run("check", "--offline")[2]
    home.write('{"env": {"ANTHROPIC_BASE_URL": "https://api.z.ai/api/anthropic", "ANTHROPIC_AUTH_TOKEN": "x"}}')
    assert "name it with --vllm or --proxy" in home.run("check", "--offline")[2]


@pytest.mark.parametrize(
    ("login", "named", "proposed"),
    [
        (Login.NONE, (), True),
        (Login.UNKNOWN, (), False),
        (Login.UNKNOWN, ("http://127.0.0.1:8000",), True),
        (Login.ACCOUNT, ("http://127.0.0.1:8000",), False),
        (Login.KEY, (), False),
    ],
)
def test_first_settings_are_proposed_only_where_nobody_is_logged_in(tmp_path, login, named, proposed):
    vllm = VllmSnapshot("http://127.0.0.1:8000", ServerState.UP, models=(ServedModel("Q"),))
    paths = user_paths({}, tmp_path, tmp_path)
    known = Knowledge(
        Options(home=tmp_path, vllm=named[0] if named else None),
        paths,
        read_settings(paths, {}),
        ClientVersion(None, ""),
        ServerAnswers(vllm=vllm),
        None,
        (),
        ClientState(login),
    )
    assert (first_server(known) is not None) == proposed


def test_on_a_mac_a_missing_token_is_no_alarm(home, monkeypatch):
    home.write('{"model": "sonnet", "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}')
    assert "AUTH201" in home.run("check", "--offline")[1]
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "AUTH" not in home.run("check", "--offline")[1]


def test_a_login_that_is_sent_to_one_s_own_server_is_reported_and_left_alone(home):
    log_in(home)
    text = '{"model": "sonnet", "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}'
    home.write(text)
    code, out, _ = home.run("check", "--offline", "--only", "AUTH")
    assert code == 0
    assert "warning AUTH209" in out
    home.run("check", "--offline", "--fix", "--yes")
    assert "AUTH_TOKEN" not in home.settings.read_text()


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ('{"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}', "MODEL307", "By hand: move it into env."),
        ('{"model": "Qwen3.5-27B"}', "URL102", "By hand: set it to "),
    ],
)
def test_a_finding_whose_fix_would_harm_says_what_to_do(home, text, code, words):
    log_in(home)
    home.write(text)
    printed = json.loads(home.run("check", "--offline", "--json")[1])["findings"]
    (finding,) = (one for one in printed if one["code"] == code)
    assert finding["fix"] is None
    assert words in finding["message"]


def test_nobody_who_is_logged_in_needs_settings(home):
    log_in(home)
    assert home.run("check", "--offline") == (
        0,
        "No findings.\n",
        "There are no settings for Claude Code yet.\nNo own server is set: nothing to check.\n",
    )


@pytest.mark.parametrize("text", [None, "{}", '{"theme": "dark"}', '{"permissions": {"allow": ["Read"]}}'])
def test_yes_takes_no_server_that_merely_answers(home, monkeypatch, text):
    if text is not None:
        home.write(text)
    with serving() as url:
        port = int(url.rpartition(":")[2])
        monkeypatch.setattr(servers, "discover", partial(servers.discover, ports=(port,), scan=lambda _: Scan()))
        code, _, err = home.run("check", "--fix", "--yes")
        assert (code, "the server must be named" in err) == (0, True), err
        assert home.settings.exists() == (text is not None)
        assert text is None or home.settings.read_text() == text
        assert home.run("check", "--fix", "--yes", "--vllm", url)[0] == 0
        assert url in home.settings.read_text()
