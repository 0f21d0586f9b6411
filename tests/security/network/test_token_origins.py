"""To which servers the user's tokens go: every command and the panel, with a recorder on the other end."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from origins import MASTER, TOKEN, make_panel, write, yaml
from recorder import LITELLM, SILENT, VLLM, recording

import waiting
from command_home import Home
from panel import in_loop, screen, until
from places import TESTS
from stormdeck.commands.check import servers
from stormdeck.sources.net.http import HttpClient

KEY, HEADER, BODY = "sk-users-key-2", "users-header-3", "users-body-4"
SECRETS = (TOKEN, KEY, HEADER, BODY)
CREDENTIALS = {
    "ANTHROPIC_AUTH_TOKEN": TOKEN,
    "ANTHROPIC_API_KEY": KEY,
    "ANTHROPIC_CUSTOM_HEADERS": f"Authorization: Bearer {HEADER}\nx-team: {HEADER}",
    "CLAUDE_CODE_EXTRA_BODY": json.dumps({"api_key": BODY}),
}
ASKING = [
    ("check",),
    ("check", "--json"),
    ("check", "--canary"),
    ("check", "--fix", "--yes"),
    ("status", "--no-gpu"),
    ("status", "--json", "--no-gpu"),
    ("status", "--format", "tmux"),
    ("status", "--format", "statusline"),
    ("explain", "There's an issue with the selected model (X)."),
    ("bundle", "--yes"),
]
SILENT_ONES = [
    ("check", "--offline"),
    ("explain", "AUTH210"),
    ("set", "ANTHROPIC_MODEL", "x", "--dry-run"),
    ("set", "ANTHROPIC_MODEL", "x"),
    ("unset", "ANTHROPIC_AUTH_TOKEN", "--dry-run"),
    ("use", "--list"),
    ("use", "hosted", "--dry-run"),
    ("config", "print"),
]
pytestmark = pytest.mark.usefixtures("only_what_is_named")

NAMES = {command: " ".join(command) for command in (*ASKING, *SILENT_ONES)}


@pytest.fixture
def home(tmp_path, capsys, monkeypatch):
    """Return a home whose user has every credential, and a server of its own that nobody runs."""
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path, capsys, monkeypatch)
    write(home.settings, ANTHROPIC_BASE_URL="http://127.0.0.1:1", **CREDENTIALS)
    return home


def trust(home, folder, accepted=True):
    found = {"projects": {str(folder): {"hasTrustDialogAccepted": accepted}}}
    (home.folder / ".claude.json").write_text(json.dumps(found))


def leaked(recorder):
    return [secret for secret in SECRETS if secret in recorder.all]


def run(home, command):
    return home.run(*command, *(("--out", str(home.folder / "bundle")) if command[0] == "bundle" else ()))


@pytest.mark.attack(
    "a cloned folder's .claude/settings.json names another base URL; each command is run in it",
    "its server is asked without any of the user's credentials",
)
@pytest.mark.parametrize("command", ASKING, ids=NAMES.get)
@pytest.mark.parametrize("routes", [VLLM, LITELLM, SILENT], ids=["vllm", "litellm", "404"])
def test_no_command_sends_a_credential_where_only_the_folder_leads(home, command, routes):
    with recording(routes) as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        run(home, command)
        assert recorder.requests
        assert leaked(recorder) == []


@pytest.mark.attack("the same with commands that need no server", "they ask nobody")
@pytest.mark.parametrize("command", SILENT_ONES, ids=NAMES.get)
def test_what_needs_no_server_asks_none(home, command):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        run(home, command)
        assert recorder.requests == []


WATCH = """
import sys, functools
import stormdeck.sources.discovery.search as discovery
from alone import discover_named
discovery.discover = discover_named
from stormdeck.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.attack("the same with watch, which looks for servers again and again", "no credential is sent")
def test_watch_sends_no_credential_where_only_the_folder_leads(home):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        argv = [sys.executable, "-c", WATCH, "watch", "--home", str(home.folder), "--project", str(home.project)]
        environ = os.environ | {"PYTHONPATH": str(TESTS / "helpers")}
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, env=environ)
        try:
            waiting.until(lambda: "/metrics" in recorder.all or "/v1/models" in recorder.all, "it asks no server")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=waiting.DEADLINE_S)
        assert leaked(recorder) == []


@pytest.mark.attack(
    "the panel is started in such a folder, and its user presses keys",
    "no credential is sent before the user has agreed to this very server, and to no other afterwards",
)
@in_loop
async def test_the_panel_sends_the_token_once_the_user_agrees(home):
    with recording() as recorder, recording() as other:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        app = make_panel(home)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: "/metrics" in recorder.all and app.deck.probe is not None, "it is not asked")
            await until(pilot, lambda: "your token is not sent there" in screen(app), "nobody says so")
            assert leaked(recorder) == []
            for refusal in ("escape", "n", "enter"):
                await pilot.press("ctrl+t")
                await until(pilot, lambda: f"Send your token to {recorder.url()}?" in screen(app), "no question")
                await pilot.press(refusal)
                await pilot.pause()
            assert not (home.folder / ".local" / "state" / "stormdeck" / "trusted.json").exists()
            await pilot.press("ctrl+t")
            await until(pilot, lambda: "Send your token" in screen(app), "no question")
            await pilot.press("y")
            await until(pilot, lambda: TOKEN in recorder.all, "the token is not sent after yes")
            write(home.shared, ANTHROPIC_BASE_URL=other.url())
            await until(pilot, lambda: "/metrics" in other.all and "not sent there" in screen(app), "it is not asked")
        assert leaked(other) == []
    kept = home.folder / ".local" / "state" / "stormdeck" / "trusted.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text())["trusted"] == [{"folder": str(home.project), "origin": recorder.url()}]


@in_loop
async def test_a_panel_that_is_read_only_keeps_no_trust(home):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        app = make_panel(home, readonly="on")
        app.read_only = "The panel is read only."
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: "your token is not sent there" in screen(app), "nobody says so")
            await pilot.press("ctrl+t")
            await until(pilot, lambda: "The panel is read only." in screen(app), "it does not say why")
        assert leaked(recorder) == []


def sent(home, *more):
    """Run a status; return what it said."""
    _, out, _ = home.run("status", "--json", "--no-gpu", *more)
    return json.loads(out)


def test_status_and_check_say_what_is_not_sent(home):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        words = f"this folder's settings lead to 127.0.0.1:{recorder.port}; your token is not sent there until"
        said = sent(home)
        assert words in said["hops"][0]["detail"]
        assert said["headline"]["code"] == "AUTH210"
        assert words.capitalize()[:40] in said["headline"]["text"]
        _, out, _ = home.run("check", "--json")
        assert any(one["code"] == "AUTH210" and words in one["title"] for one in json.loads(out)["findings"])


@pytest.mark.parametrize("file", ["shared", "local"])
@pytest.mark.parametrize("scope", ["settings", "managed"])
def test_a_folder_that_claude_code_trusts_gets_the_token(home, file, scope):
    with recording() as recorder:
        home.settings.unlink()
        write(getattr(home, scope), **CREDENTIALS)
        write(getattr(home, file), ANTHROPIC_BASE_URL=recorder.url())
        sent(home)
        assert leaked(recorder) == []
        trust(home, home.project)
        sent(home)
        assert leaked(recorder) == [TOKEN]


def git(folder):
    (folder / ".git").mkdir(parents=True)


def worktree(home, main, tree):
    """Make a linked worktree as git does, without git."""
    kept = main / ".git" / "worktrees" / "one"
    kept.mkdir(parents=True)
    (kept / "gitdir").write_text(f"{tree / '.git'}\n")
    (tree / ".git").write_text(f"gitdir: {kept}\n")


COUNTED = {
    "the folder": (lambda home: home.project, lambda home: None, True),
    "a folder above it": (lambda home: home.folder, lambda home: None, True),
    "the root folder": (lambda home: Path("/"), lambda home: None, True),
    "a folder below it": (lambda home: home.project / "a", lambda home: None, False),
    "a neighbour": (lambda home: home.folder / "projec", lambda home: None, False),
    "above its git repository": (lambda home: home.folder, lambda home: git(home.project), False),
    "its repository above it": (lambda home: home.folder, lambda home: git(home.folder), True),
    "its worktree's repository": (
        lambda home: home.folder / "main",
        lambda home: worktree(home, home.folder / "main", home.project),
        True,
    ),
}


@pytest.mark.parametrize("case", COUNTED)
def test_trust_counts_where_the_client_counts_it(home, case):
    """As measured with 2.1.332."""
    where, make, counts = COUNTED[case]
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        make(home)
        trust(home, where(home))
        sent(home)
        assert recorder.requests
        assert (TOKEN in recorder.all) is counts


def test_a_link_to_a_folder_counts_as_the_folder(home):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        link = home.folder / "link"
        link.symlink_to(home.project)
        trust(home, link)
        sent(home, "--project", str(link))
        assert leaked(recorder) == []
        trust(home, home.project)
        sent(home, "--project", str(link))
        assert leaked(recorder) == [TOKEN]


def claims_a_worktree(home, main):
    kept = main / ".git" / "worktrees" / "one"
    kept.mkdir(parents=True)
    (kept / "gitdir").write_text(f"{home.folder / 'own' / '.git'}\n")
    (home.project / ".git").write_text(f"gitdir: {kept}\n")


def links_to_a_worktree(home, main):
    own = home.folder / "own"
    own.mkdir()
    worktree(home, main, own)
    (home.project / ".git").symlink_to(own / ".git")


def is_a_pipe(home, main):
    os.mkfifo(home.project / ".git")


@pytest.mark.attack(
    "a folder's .git claims that it is a worktree of a repository that is trusted",
    "the repository must name the folder in turn",
)
@pytest.mark.parametrize("claim", [claims_a_worktree, links_to_a_worktree, is_a_pipe])
def test_a_folder_cannot_claim_the_trust_of_a_repository(home, claim):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        claim(home, home.folder / "main")
        trust(home, home.folder / "main")
        sent(home)
        assert leaked(recorder) == []


ODD_RECORDS = {
    "no JSON": "{",
    "a list": "[]",
    "projects is a list": '{"projects": []}',
    "accepted is a text": '{"projects": {"PROJECT": {"hasTrustDialogAccepted": "true"}}}',
    "accepted is false": '{"projects": {"PROJECT": {"hasTrustDialogAccepted": false}}}',
    "a record that is no object": '{"projects": {"PROJECT": true}}',
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("record", ODD_RECORDS)
def test_a_record_that_is_not_understood_trusts_nothing(home, record):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        (home.folder / ".claude.json").write_text(ODD_RECORDS[record].replace("PROJECT", str(home.project)))
        sent(home)
        assert leaked(recorder) == []


@pytest.mark.attack(
    "somebody else writes the file in which the panel keeps whom the user trusts, or anybody may write it",
    "it counts for nothing",
)
def test_a_trust_file_that_others_may_write_counts_for_nothing(home):
    kept = home.folder / ".local" / "state" / "stormdeck" / "trusted.json"
    kept.parent.mkdir(parents=True)
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        entry = {"folder": str(home.project), "origin": recorder.url()}
        kept.write_text(json.dumps({"trusted": [entry]}))
        kept.chmod(0o666)
        sent(home)
        assert leaked(recorder) == []
        kept.chmod(0o600)
        sent(home)
        assert leaked(recorder) == [TOKEN]


def test_the_folders_own_token_goes_to_the_folders_own_server(home):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url(), ANTHROPIC_AUTH_TOKEN="sk-of-the-folder")
        said = sent(home)
        assert "sk-of-the-folder" in recorder.all
        assert leaked(recorder) == []
        assert said["hops"][1]["state"] == "ok"


@pytest.mark.attack(
    "settings.local.json holds a token of the user's, and the team's file in the folder changes the base URL",
    "the token is not sent: it comes from a stronger file than the address",
)
def test_the_local_token_does_not_follow_the_teams_base_url(home):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        write(home.local, ANTHROPIC_AUTH_TOKEN=TOKEN)
        sent(home)
        assert leaked(recorder) == []
        write(home.local, ANTHROPIC_AUTH_TOKEN=TOKEN, ANTHROPIC_BASE_URL=recorder.url())
        sent(home)
        assert leaked(recorder) == [TOKEN]


@pytest.mark.attack(
    "the folder's settings.json is a link to another file of the user's with a token, its local file names the server",
    "the token is not sent: another file names the server",
)
def test_a_link_to_another_file_of_the_users_sends_no_token(home):
    secret = home.folder / "other" / ".claude" / "settings.local.json"
    write(secret, ANTHROPIC_AUTH_TOKEN=TOKEN, ANTHROPIC_BASE_URL="http://127.0.0.1:1")
    home.settings.unlink()
    with recording() as recorder:
        write(home.local, ANTHROPIC_BASE_URL=recorder.url())
        home.shared.symlink_to(secret)
        sent(home)
        assert recorder.requests
        assert leaked(recorder) == []


def test_a_server_that_the_user_names_too_gets_the_token(home):
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        sent(home, "--vllm", recorder.url())
        assert leaked(recorder) == [TOKEN]
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=f"{recorder.url()}/v1")
        write(home.settings, ANTHROPIC_BASE_URL=recorder.url(), ANTHROPIC_AUTH_TOKEN=TOKEN)
        sent(home)
        assert leaked(recorder) == [TOKEN]


def test_a_token_of_the_folder_goes_where_the_user_leads(home):
    with recording() as recorder:
        write(home.settings, ANTHROPIC_BASE_URL=recorder.url())
        write(home.local, ANTHROPIC_AUTH_TOKEN=TOKEN)
        sent(home)
        assert leaked(recorder) == [TOKEN]


@pytest.mark.attack(
    "the token is exported in the shell, and the folder names the server", "it is sent there once the folder is trusted"
)
def test_the_shells_token_is_the_users_too(home, monkeypatch):
    home.settings.unlink()
    with recording() as recorder:
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", TOKEN)
        monkeypatch.setenv("HOME", str(home.folder))
        monkeypatch.chdir(home.project)
        for name in ("CLAUDE_CONFIG_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        from stormdeck.__main__ import main

        main(["status", "--json", "--no-gpu"])
        assert recorder.requests
        assert leaked(recorder) == []
        monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(home.folder / "elsewhere"))
        (home.folder / "elsewhere").mkdir()
        found = {"projects": {str(home.project): {"hasTrustDialogAccepted": True}}}
        (home.folder / "elsewhere" / ".claude.json").write_text(json.dumps(found))
        main(["status", "--json", "--no-gpu"])
        assert leaked(recorder) == [TOKEN]


LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@pytest.mark.attack(
    "a token is configured for one of localhost, 127.0.0.1 and [::1], and a flag names the same port of another",
    "three origins: each gets only its own",
)
@pytest.mark.parametrize("flag", LOOPBACK)
@pytest.mark.parametrize("base", LOOPBACK)
def test_the_names_of_the_loopback_are_three_origins(home, base, flag):
    if flag == base:
        pytest.skip("the same origin")
    with recording() as four, recording(host="::1", port=four.port) as six:
        write(home.settings, ANTHROPIC_BASE_URL=f"http://{base}:{four.port}", ANTHROPIC_AUTH_TOKEN=TOKEN)
        asked = []

        async def get(self, url, key=None, *args, **more):
            asked.append((url, key))
            return await original(self, url, key, *args, **more)

        original = HttpClient.get
        home._monkeypatch.setattr(HttpClient, "get", get)
        sent(home, "--vllm", f"http://{flag}:{four.port}")
        assert six.port == four.port
    assert any(url.startswith(f"http://{flag}:") for url, _ in asked)
    assert {key for url, key in asked if not url.startswith(f"http://{base}:")} <= {None}


def test_a_server_that_wants_a_key_at_another_name_is_not_said_to_refuse_the_token(home):
    refusing = VLLM | {"/v1/models": 401}
    with recording(refusing) as recorder:
        write(home.settings, ANTHROPIC_BASE_URL=f"http://localhost:{recorder.port}", ANTHROPIC_AUTH_TOKEN=TOKEN)
        texts = [one["text"] for one in sent(home, "--vllm", recorder.url())["statements"]]
    assert any("wants a key, and none is configured for this address" in text for text in texts)


@pytest.mark.attack(
    "a base URL with a backslash before an @, which programs read in two ways", "it is no URL: nobody is asked"
)
@pytest.mark.parametrize("between", ["\\@", "\\\\@", "/\\@", "\t@", "\\"])
def test_a_url_that_is_read_in_two_ways_is_no_url(home, between):
    with recording() as one, recording() as other:
        url = f"{one.url()}{between}127.0.0.1:{other.port}"
        write(home.settings, ANTHROPIC_BASE_URL=url, ANTHROPIC_AUTH_TOKEN=TOKEN)
        said = sent(home)
        home.run("check", "--canary")
        assert one.requests == other.requests == []
        assert said["hops"][1]["url"] is None
        if "\\" in between:
            assert "contains a backslash" in home.run("check", "--offline")[1]
        assert home.run("status", "--vllm", url)[0] == 2


@pytest.mark.attack(
    "a program on a usual port answers as LiteLLM does, while the user's YAML holds a master key",
    "the key goes only to a proxy that a flag or the trusted settings name",
)
def test_the_master_key_goes_to_a_proxy_that_is_named(home, monkeypatch):
    with recording(LITELLM) as recorder, recording() as behind:
        import functools

        from stormdeck.sources.discovery.search import discover
        from stormdeck.sources.processes.scan import Scan

        found = functools.partial(discover, ports=(recorder.port,), scan=lambda _: Scan())
        monkeypatch.setattr(servers, "discover", found)
        file = yaml(home, behind.url())
        home.settings.unlink()
        for _ in range(2):
            sent(home, "--litellm-config", file)
        home.run("bundle", "--yes", "--out", str(home.folder / "b"), "--litellm-config", file)
        assert "GET /health/liveliness" in recorder.all
        assert MASTER not in recorder.all
        write(home.shared, ANTHROPIC_BASE_URL=recorder.url())
        sent(home, "--litellm-config", file)
        assert MASTER not in recorder.all
        sent(home, "--litellm-config", file, "--proxy", recorder.url())
        assert MASTER in recorder.all
        assert MASTER not in behind.all


@in_loop
async def test_the_panel_keeps_the_master_key_from_a_listener_too(home, monkeypatch):
    with recording(LITELLM) as recorder:
        import functools

        from stormdeck.sources.discovery.search import discover
        from stormdeck.sources.processes.scan import Scan

        found = functools.partial(discover, ports=(recorder.port,), scan=lambda _: Scan())
        monkeypatch.setattr("stormdeck.feed.servers.discover", found)
        home.settings.unlink()
        app = make_panel(home, litellm_config=yaml(home, "http://127.0.0.1:1"))
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.deck.proxy is not None and app.deck.proxy.seen, "LiteLLM is not asked")
            await asyncio.sleep(0)
        assert MASTER not in recorder.all
