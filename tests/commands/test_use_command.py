"""``stormdeck use``: a profile is saved, put into a file by one edit, and listed; its secrets are never shown."""

import json
import os

import pytest

from stormdeck.model.profiles.keys import PATH_KEYS

TOKEN = "sk-hunter2-hunter2"
KEPT = {
    "permissions": {"allow": ["Bash"], "defaultMode": "acceptEdits"},
    "hooks": {"Stop": []},
    "enabledPlugins": {"a@b": True},
    "statusLine": {"type": "command", "command": "x"},
}
ENV = {"FOO": "1", "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000", "ANTHROPIC_AUTH_TOKEN": TOKEN}
OWN = json.dumps({**KEPT, "env": {**ENV, "ANTHROPIC_DEFAULT_SONNET_MODEL": "Qwen3.5-27B"}, "model": "sonnet"}, indent=2)
WRONG = OWN.replace(":8000", ":8000/v1")


@pytest.fixture
def own(home):
    """Return a home whose settings are saved as the profile ``own``."""
    home.write(OWN)
    assert home.run("use", "--save", "own")[0] == 0
    return home


@pytest.fixture
def wrong(own):
    """Return a home with the profile ``wrong`` too, whose base URL ends in /v1."""
    own.write(WRONG, own.folder / "w.json")
    assert own.run("use", "--save", "wrong", "--settings", str(own.folder / "w.json"))[0] == 0
    return own


def folder(home):
    return home.folder / ".config" / "stormdeck" / "profiles"


def rows(home, *argv):
    """Return what ``--list --json`` tells of each profile."""
    code, out, _ = home.run("use", "--list", "--json", *argv)
    assert code == 0
    return {one["name"]: one for one in json.loads(out)["profiles"]}


def in_force(home, *argv):
    return [(name, one["changed"]) for name, one in rows(home, *argv).items() if one["in_force"]]


class TestSwitch:
    def test_hosted_removes_the_path_keys_and_nothing_else(self, own):
        code, out, err = own.run("use", "hosted")
        assert code == 0
        assert json.loads(own.settings.read_text()) == {**KEPT, "env": {"FOO": "1"}}
        assert '"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"' in out
        assert "Written" in err
        assert TOKEN not in out + err
        assert [copy.read_text() for copy in own.backups()] == [OWN]

    def test_and_back_restores_every_byte(self, own):
        own.run("use", "hosted")
        assert own.run("use", "own")[0] == 0
        assert own.settings.read_text() == OWN

    def test_the_profile_in_force_changes_nothing(self, own):
        code, out, err = own.run("use", "own")
        assert (code, out) == (0, "")
        assert "has the profile own already" in err
        assert not own.backups()

    def test_a_dry_run_writes_nothing(self, own):
        code, out, err = own.run("use", "hosted", "--dry-run")
        assert code == 0
        assert "- " in out
        assert "nothing is written" in err
        assert own.settings.read_text() == OWN
        assert in_force(own) == [("own", False)]

    def test_json_says_what_was_done(self, own):
        printed = json.loads(own.run("use", "hosted", "--json")[1])
        assert (printed["profile"], printed["scope"], printed["written"]) == ("hosted", "user", True)
        assert "env.ANTHROPIC_AUTH_TOKEN" in printed["paths"]
        assert TOKEN not in json.dumps(printed)

    def test_the_scope_that_is_named_is_written_and_no_other(self, own):
        own.write(OWN, own.local)
        assert own.run("use", "hosted", "--scope", "local")[0] == 0
        assert json.loads(own.local.read_text()) == {**KEPT, "env": {"FOO": "1"}}
        assert own.settings.read_text() == OWN

    def test_a_file_that_is_missing_is_made_for_its_owner_alone(self, own):
        own.settings.unlink()
        assert own.run("use", "own")[0] == 0
        assert own.settings.stat().st_mode & 0o777 == 0o600
        made = json.loads(own.settings.read_text())
        assert made["env"]["ANTHROPIC_AUTH_TOKEN"] == TOKEN
        assert made["model"] == "sonnet"
        assert "hooks" not in made

    def test_a_file_that_is_missing_stays_missing_with_hosted(self, own):
        own.settings.unlink()
        assert own.run("use", "hosted")[0] == 0
        assert not own.settings.exists()

    def test_a_key_of_another_type_keeps_it(self, home):
        text = '{"env": {"API_TIMEOUT_MS": 600000, "DISABLE_PROMPT_CACHING": true}, "availableModels": ["a"]}'
        home.write(text)
        assert home.run("use", "--save", "odd")[0] == 0
        home.write("{}")
        assert home.run("use", "odd", "--yes")[0] == 0
        assert json.loads(home.settings.read_text()) == json.loads(text)

    def test_what_a_stronger_scope_sets_is_said(self, own):
        own.write('{"model": "opus"}', own.local)
        own.run("use", "hosted")
        err = own.run("use", "own")[2]
        assert "no effect: the local settings also set model" in err

    def test_what_is_still_set_elsewhere_is_said(self, own):
        own.write(OWN, own.local)
        err = own.run("use", "hosted")[2]
        assert "Not in the profile, but still set by the local settings: env.ANTHROPIC_AUTH_TOKEN, env.ANTHRO" in err

    def test_a_secret_for_a_file_that_a_team_shares_is_pointed_out(self, own):
        assert "shared with a team" in own.run("use", "own", "--scope", "project", "--dry-run")[2]
        assert "shared with a team" not in own.run("use", "own", "--scope", "local", "--dry-run")[2]

    def test_values_that_are_in_no_profile_are_pointed_out(self, home):
        home.write(OWN)
        err = home.run("use", "hosted", "--dry-run")[2]
        assert "in no profile: `stormdeck use --save NAME`" in err

    def test_changes_since_the_switch_are_pointed_out(self, own):
        own.run("set", "model", "opus", "--yes")
        err = own.run("use", "hosted", "--dry-run")[2]
        assert "changed since it got the profile own: `stormdeck use --save own`" in err


class TestAnErrorOfTheProfile:
    def test_is_refused_where_nobody_can_be_asked(self, wrong):
        code, out, err = wrong.run("use", "wrong")
        assert code == 1
        assert wrong.settings.read_text() == OWN
        assert "/v1" in out
        assert "error URL101" in err
        assert "--yes writes it anyway" in err

    def test_is_written_with_yes(self, wrong):
        assert wrong.run("use", "wrong", "--yes")[0] == 0
        assert "/v1" in wrong.settings.read_text()

    def test_is_reported_as_json(self, wrong):
        code, out, _ = wrong.run("use", "wrong", "--json")
        printed = json.loads(out)
        assert (code, printed["written"]) == (1, False)
        assert "URL101" in printed["refused"]

    @pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
    def test_at_a_terminal_the_user_decides(self, wrong, answer, code):
        found, out, err = wrong.at_terminal(answer, "use", "wrong")
        assert found == code
        assert ("/v1" in wrong.settings.read_text()) is (code == 0)
        assert "/v1" in out
        assert err.index("URL101") < err.index("[y/N]")

    def test_yes_does_not_ask(self, wrong):
        code, _, err = wrong.at_terminal("", "use", "wrong", "--yes")
        assert code == 0
        assert "[y/N]" not in err


class TestRefused:
    @pytest.mark.parametrize(("name", "near"), [("ownn", "did you mean own?"), ("xyz", ""), ("../own", ""), ("", "")])
    def test_an_unknown_name_lists_the_known_ones(self, own, name, near):
        code, out, err = own.run("use", name)
        assert (code, out) == (2, "")
        assert near in err
        assert "There are: hosted, own." in err

    @pytest.mark.parametrize(
        "argv", [[], ["own", "--list"], ["own", "--save", "x"], ["--list", "--save", "x"], ["a", "b"]]
    )
    def test_wrong_use(self, own, argv):
        code, out, err = own.run("use", *argv)
        assert (code, out) == (2, "")
        assert err.startswith("stormdeck: ")

    @pytest.mark.parametrize("scope", ["managed", "flag", "shell", "client state"])
    def test_scopes_of_others(self, own, scope):
        assert own.run("use", "hosted", "--scope", scope)[0] == 1
        assert own.run("use", "--save", "x", "--scope", scope)[0] == 1

    def test_an_unknown_scope(self, own):
        for argv in (["hosted"], ["--save", "x"], ["--list"]):
            assert own.run("use", *argv, "--scope", "everybody")[0] == 2

    def test_a_broken_file(self, own):
        own.write("{'a': 1}")
        code, _, err = own.run("use", "own")
        assert code == 1
        assert f"{own.settings}:1:2" in err
        assert own.settings.read_text() == "{'a': 1}"

    def test_an_env_that_is_no_object(self, own):
        own.write('{"env": []}')
        code, _, err = own.run("use", "own")
        assert code == 1
        assert "env is not an object" in err

    def test_a_read_only_file(self, own):
        own.settings.chmod(0o444)
        assert own.run("use", "hosted")[0] == 1
        assert own.settings.read_text() == OWN

    @pytest.mark.parametrize("argv", [["hosted"], ["--save", "x"]])
    def test_when_stormdeck_is_read_only(self, own, argv):
        code, _, err = own.run("use", *argv, "--readonly")
        assert code == 2
        assert "read only" in err
        assert own.settings.read_text() == OWN
        assert own.run("use", "--list", "--readonly")[0] == 0
        assert own.run("use", "hosted", "--dry-run", "--readonly")[0] == 0


class TestSave:
    def test_a_secret_stands_in_a_file_for_its_owner_alone(self, own):
        main, hidden = folder(own) / "own.json", folder(own) / "own.secrets.json"
        assert TOKEN not in main.read_text()
        assert json.loads(main.read_text())["secrets"] == {"env.ANTHROPIC_AUTH_TOKEN": "own.secrets.json"}
        assert json.loads(hidden.read_text()) == {"env.ANTHROPIC_AUTH_TOKEN": TOKEN}
        assert hidden.stat().st_mode & 0o777 == 0o600
        assert folder(own).stat().st_mode & 0o777 == 0o700

    def test_also_whatever_the_umask_is(self, home):
        home.write(OWN)
        before = os.umask(0)
        try:
            home.run("use", "--save", "own")
            home.run("use", "hosted")
        finally:
            os.umask(before)
        state = home.folder / ".local" / "state" / "stormdeck"
        for file in (*folder(home).iterdir(), *(state / "layouts").iterdir()):
            assert file.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("ANTHROPIC_BASE_URL", f"http://me:{TOKEN}@h:8000"),
            ("ANTHROPIC_CUSTOM_HEADERS", f"X-Api-Key: {TOKEN}"),
            ("CLAUDE_CODE_EXTRA_BODY", json.dumps({"api_key": TOKEN})),
            ("ANTHROPIC_API_KEY", TOKEN),
            ("ANTHROPIC_API_KEY", 12345678901234),
            ("ANTHROPIC_MODEL", TOKEN),
        ],
    )
    def test_every_secret_is_one(self, home, path, value):
        home.write(json.dumps({"env": {path: value}}))
        code, out, err = home.run("use", "--save", "own")
        assert code == 0
        assert str(value) not in (folder(home) / "own.json").read_text()
        assert TOKEN not in out + err + home.run("use", "--list")[1] + home.run("use", "--list", "--json")[1]
        home.run("use", "hosted")
        assert home.run("use", "own", "--yes")[0] == 0
        assert json.loads(home.settings.read_text()) == {"env": {path: value}}

    def test_only_the_chosen_scope_is_read(self, home):
        home.write(json.dumps({"model": "sonnet"}))
        home.write(OWN, home.shared)
        assert home.run("use", "--save", "mine")[0] == 0
        assert json.loads((folder(home) / "mine.json").read_text())["settings"] == {"model": "sonnet"}
        assert home.run("use", "--save", "team", "--scope", "project")[0] == 0
        assert rows(home)["team"]["base_url"] == "http://127.0.0.1:8000"

    def test_a_file_without_path_keys_has_nothing_to_save(self, home):
        home.write(json.dumps(KEPT))
        code, _, err = home.run("use", "--save", "own")
        assert code == 1
        assert "nothing to save" in err
        assert not folder(home).exists()

    def test_a_dry_run_writes_nothing(self, home):
        home.write(OWN)
        code, out, _ = home.run("use", "--save", "own", "--dry-run")
        assert code == 0
        assert "env.ANTHROPIC_BASE_URL: http://127.0.0.1:8000" in out
        assert not folder(home).exists()

    def test_json(self, home):
        home.write(OWN)
        printed = json.loads(home.run("use", "--save", "own", "--json")[1])
        assert printed["secret_keys"] == ["env.ANTHROPIC_AUTH_TOKEN"]
        assert printed["secrets_file"] == str(folder(home) / "own.secrets.json")
        assert printed["written"] is True

    @pytest.mark.parametrize(
        "name", ["../x", "a/b", "a\\b", ".x", "a b", "x" * 41, "hosted", "HOSTED", "ö", "own.secrets", "-"]
    )
    def test_a_name_that_is_none(self, home, name):
        home.write(OWN)
        code, out, _ = home.run("use", f"--save={name}")
        assert (code, out) == (2, "")
        assert not folder(home).exists()

    def test_an_older_one_is_replaced_and_kept_as_a_copy(self, own):
        own.run("set", "ANTHROPIC_AUTH_TOKEN", "sk-another-another", "--yes")
        before = len(own.backups())
        assert own.run("use", "--save", "own")[0] == 0
        assert in_force(own) == [("own", False)]
        copies = [copy.read_text() for copy in own.backups()]
        assert len(copies) == before + 1
        assert any(TOKEN in text for text in copies)

    @pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
    def test_at_a_terminal_the_user_is_asked_before_that(self, own, answer, code):
        own.run("set", "model", "opus", "--yes")
        assert own.at_terminal(answer, "use", "--save", "own")[0] == code
        assert in_force(own) == [("own", code == 1)]

    def test_secrets_that_are_no_longer_needed_go(self, own):
        own.run("unset", "ANTHROPIC_AUTH_TOKEN", "--yes")
        assert own.run("use", "--save", "own")[0] == 0
        assert not (folder(own) / "own.secrets.json").exists()

    def test_but_not_those_that_another_profile_names(self, own):
        main = json.loads((folder(own) / "own.json").read_text())
        (folder(own) / "second.json").write_text(json.dumps(main))
        (folder(own) / "second.json").chmod(0o600)
        own.run("unset", "ANTHROPIC_AUTH_TOKEN", "--yes")
        assert own.run("use", "--save", "own")[0] == 0
        assert own.run("use", "second", "--yes")[0] == 0
        assert TOKEN in own.settings.read_text()

    def test_a_number_that_json_lacks(self, home):
        home.write('{"env": {"API_TIMEOUT_MS": 1e999}}')
        code, _, err = home.run("use", "--save", "own")
        assert code == 1
        assert "JSON cannot represent" in err


class TestList:
    def test_the_one_in_force_is_marked(self, own):
        out = own.run("use", "--list")[1].splitlines()
        assert out[0].split() == ["hosted", "the", "hosted", "API", "default", "model"]
        assert out[1].split() == ["*", "own", "http://127.0.0.1:8000", "Qwen3.5-27B", "(sonnet)", "in", "force"]

    def test_after_a_switch_the_other_one(self, own):
        own.run("use", "hosted")
        assert in_force(own) == [("hosted", False)]

    def test_a_file_that_was_edited_since(self, own):
        own.run("set", "model", "opus", "--yes")
        assert in_force(own) == [("own", True)]
        assert "in force, changed since" in own.run("use", "--list")[1]

    def test_a_profile_that_was_edited_since(self, own):
        main = folder(own) / "own.json"
        main.write_text(main.read_text().replace(":8000", ":9000"))
        assert in_force(own) == [("own", True)]

    def test_a_file_with_the_same_values_has_the_profile(self, own):
        own.run("use", "hosted")
        own.write(json.dumps(json.loads(OWN)))
        assert in_force(own) == [("own", False)]

    def test_another_file_has_its_own(self, own):
        own.write("{}", own.local)
        assert in_force(own, "--scope", "local") == [("hosted", False)]

    def test_values_of_no_profile(self, home):
        home.write(OWN)
        assert in_force(home) == []
        assert "No profile is in force" in home.run("use", "--list")[2]

    def test_a_broken_file_hides_no_profile(self, own):
        own.write("{")
        assert set(rows(own)) == {"hosted", "own"}
        assert "not known" in own.run("use", "--list")[2]

    def test_names_for_completion(self, own):
        assert own.run("use", "--names")[1].split() == ["hosted", "own"]


class TestAProfileOfOthers:
    """What others may write, or read, is not used; hooks and permissions cannot come in with a profile."""

    @pytest.mark.parametrize(
        ("file", "mode", "words"),
        [
            ("own.json", 0o666, "written by others"),
            ("own.json", 0o620, "written by others"),
            ("own.secrets.json", 0o644, "read by others"),
            ("own.secrets.json", 0o640, "read by others"),
        ],
    )
    def test_rights(self, own, file, mode, words):
        (folder(own) / file).chmod(mode)
        code, _, err = own.run("use", "own")
        assert code == 1
        assert words in err
        assert "chmod 600" in err
        assert words in rows(own)["own"]["error"]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "[]",
            '{"settings": []}',
            '{"settings": {"hooks": {}}}',
            '{"settings": {"permissions.defaultMode": "plan"}}',
            '{"settings": {"env": {}}}',
            '{"settings": {"env.PATH": "x"}}',
            '{"settings": {"env.ANTHROPIC_AUTH_TOKEN": "x"}}',
            '{"settings": {}, "secrets": {"env.ANTHROPIC_AUTH_TOKEN": "../../.ssh/id"}}',
            '{"settings": {}, "secrets": {"env.ANTHROPIC_AUTH_TOKEN": "none.secrets.json"}}',
            '{"settings": {}, "secrets": {"env.ANTHROPIC_AUTH_TOKEN": 5}}',
            '{"settings": {}, "secrets": {"hooks": "own.secrets.json"}}',
            '{"settings": {}, "secrets": {"env.ANTHROPIC_API_KEY": "own.secrets.json"}}',
        ],
    )
    def test_contents(self, own, text):
        (folder(own) / "own.json").write_text(text)
        code, out, err = own.run("use", "own")
        if text:
            assert (code, out) == (1, "")
            assert "cannot be used" in err
        assert own.run("use", "--list")[0] == 0

    def test_a_pipe_and_a_folder(self, own):
        (folder(own) / "own.json").unlink()
        os.mkfifo(folder(own) / "own.json")
        (folder(own) / "dir.json").mkdir()
        assert "not a regular file" in rows(own)["own"]["error"]
        assert rows(own)["dir"]["error"]

    def test_other_files_are_no_profiles(self, own):
        for name in ("README.md", ".own.json", "a b.json", "hosted.json", "x.secrets.json", "x.json~"):
            (folder(own) / name).write_text("{}")
        assert set(rows(own)) == {"hosted", "own"}


class TestTheMemoryOfLayouts:
    def memory(self, home):
        return home.folder / ".local" / "state" / "stormdeck" / "layouts"

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"last": 5, "texts": {"own": 5}}', '{"texts": {"own": "{"}}'])
    def test_a_broken_one_is_none(self, own, text):
        own.run("use", "hosted")
        for file in self.memory(own).iterdir():
            file.write_text(text)
        assert own.run("use", "own", "--yes")[0] == 0
        assert json.loads(own.settings.read_text()) == json.loads(OWN)

    def test_one_that_cannot_be_written_is_reported_and_the_edit_is_made(self, own):
        (self.memory(own)).rename(self.memory(own).with_name("away"))
        self.memory(own).write_text("a file")
        code, _, err = own.run("use", "hosted")
        assert code == 0
        assert "layout of the keys is not kept" in err
        assert "ANTHROPIC_BASE_URL" not in own.settings.read_text()

    def test_texts_of_profiles_that_are_gone_are_dropped(self, own):
        own.run("use", "hosted")
        (folder(own) / "own.json").rename(folder(own) / "second.json")
        own.run("use", "second", "--yes")
        own.run("use", "hosted")
        (file,) = self.memory(own).iterdir()
        assert set(json.loads(file.read_text())["texts"]) == {"second", "hosted"}


def test_the_keys_of_a_profile_are_those_of_the_path():
    assert {"model", "apiKeyHelper", "env.ANTHROPIC_BASE_URL", "env.API_TIMEOUT_MS"} <= PATH_KEYS
    assert not {path for path in PATH_KEYS if path.startswith(("permissions", "hooks", "enabledPlugins", "statusLine"))}


@pytest.mark.parametrize("text", ['{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}, "model": null}'])
def test_a_file_that_the_client_ignores_is_not_saved(home, text):
    home.write(text)
    code, _, err = home.run("use", "--save", "own")
    assert code == 1
    assert "`model` must be text, but is null; Claude Code ignores it" in err
    assert home.settings.read_text() == text
    assert not folder(home).exists()
