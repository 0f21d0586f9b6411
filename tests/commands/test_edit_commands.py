"""``stormdeck set`` and ``unset``: one entry of one file, its diff, and what is refused."""

import json

import pytest

FILE = '{\n  "model": "sonnet",\n  "hooks": {"a":[1, 2]},\n  "env": {\n    "API_TIMEOUT_MS": "600000"\n  }\n}\n'


class TestSet:
    def test_the_value_changes_and_nothing_else(self, home):
        home.write(FILE)
        code, out, err = home.run("set", "model", "opus")
        assert code == 0
        assert home.settings.read_text() == FILE.replace("sonnet", "opus")
        assert out.splitlines() == [
            str(home.settings),
            "   1   {",
            '   2 -   "model": "sonnet",',
            '   2 +   "model": "opus",',
            '   3     "hooks": {"a":[1, 2]},',
        ]
        assert [copy.read_text() for copy in home.backups()] == [FILE]
        assert "Written" in err

    @pytest.mark.parametrize("key", ["ANTHROPIC_BASE_URL", "env.ANTHROPIC_BASE_URL"])
    def test_an_upper_case_name_alone_is_a_variable(self, home, key):
        home.write(FILE)
        assert home.run("set", key, "http://h:8000", "--yes")[0] == 0
        assert json.loads(home.settings.read_text())["env"]["ANTHROPIC_BASE_URL"] == "http://h:8000"

    def test_a_file_that_is_missing_is_made_for_its_owner_alone(self, home):
        assert home.run("set", "model", "opus")[0] == 0
        assert json.loads(home.settings.read_text()) == {"model": "opus"}
        assert home.settings.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("text", ["true", "5", "null", "[1]", '{"a": 1}', "", " x ", "-1", "ключ"], ids=repr)
    def test_a_value_is_text(self, home, text):
        assert home.run("set", "--scope", "user", "env.X", "--", text)[0] == 0
        assert json.loads(home.settings.read_text()) == {"env": {"X": text}}

    @pytest.mark.parametrize("value", [True, 5, None, [1], {"a": [1.5]}, "x"], ids=repr)
    def test_json_on_request(self, home, value):
        home.write(FILE)
        assert home.run("set", "other", json.dumps(value), "--json-value")[0] == 0
        assert json.loads(home.settings.read_text()) == {**json.loads(FILE), "other": value}

    @pytest.mark.parametrize(("scope", "file"), [("project", "shared"), ("local", "local"), ("user", "settings")])
    def test_the_scope_that_is_named_is_written_and_no_other(self, home, scope, file):
        for each in ("shared", "local", "settings"):
            home.write(FILE, getattr(home, each))
        assert home.run("set", "model", "opus", "--scope", scope)[0] == 0
        changed = {each for each in ("shared", "local", "settings") if "opus" in getattr(home, each).read_text()}
        assert changed == {file}

    def test_settings_names_the_one_file(self, home):
        other = home.write(FILE, home.folder / "other.json")
        assert home.run("set", "model", "opus", "--settings", str(other))[0] == 0
        assert "opus" in other.read_text()
        assert not home.settings.exists()

    def test_a_dry_run_writes_nothing(self, home):
        home.write(FILE)
        code, out, err = home.run("set", "model", "opus", "--dry-run")
        assert code == 0
        assert '+   "model": "opus"' in out
        assert "nothing is written" in err
        assert home.settings.read_text() == FILE
        assert not home.backups()

    def test_what_is_so_already_is_not_written(self, home):
        home.write(FILE)
        code, out, err = home.run("set", "model", "sonnet")
        assert (code, out) == (0, "")
        assert "Nothing to change" in err
        assert not home.backups()

    def test_a_secret_is_written_and_not_shown(self, home):
        home.write(FILE)
        for argv in (["--dry-run", "--json"], ["--dry-run"], []):
            out, err = home.run("set", "ANTHROPIC_AUTH_TOKEN", "sk-hunter2-hunter2", *argv)[1:]
            assert "hunter2" not in out + err
        assert "sk-hunter2-hunter2" in home.settings.read_text()

    def test_what_the_rules_say_about_the_new_value_is_reported(self, home):
        err = home.run("set", "ANTHROPIC_BASE_URL", "http://h:8000/v1")[2]
        assert f"{home.settings}:3:5: error URL101:" in err

    def test_a_stronger_scope_that_sets_it_too_is_reported(self, home):
        home.write(FILE, home.local)
        err = home.run("set", "model", "opus")[2]
        assert "no effect: the local settings also set model" in err


class TestUnset:
    def test_the_entry_goes_with_its_line(self, home):
        home.write(FILE)
        assert home.run("unset", "model")[0] == 0
        assert home.settings.read_text() == FILE.replace('  "model": "sonnet",\n', "")

    def test_what_is_not_set_is_no_failure(self, home):
        home.write(FILE)
        code, out, err = home.run("unset", "NOWHERE")
        assert (code, out) == (0, "")
        assert "env.NOWHERE is not set" in err
        assert home.settings.read_text() == FILE

    def test_a_file_that_is_missing_stays_missing(self, home):
        assert home.run("unset", "model")[0] == 0
        assert not home.settings.exists()


class TestRefused:
    @pytest.mark.parametrize("scope", ["managed", "flag", "--settings", "shell"])
    def test_scopes_of_others(self, home, scope):
        home.write(FILE, home.managed)
        code, out, _ = home.run("set", "model", "opus", f"--scope={scope}")
        assert (code, out) == (1, "")
        assert home.managed.read_text() == FILE

    @pytest.mark.parametrize("command", [["set", "model", "opus"], ["unset", "model"]], ids=["set", "unset"])
    @pytest.mark.parametrize(
        ("text", "place"),
        [('{\n  "a": 1,\n}', ":2:9: "), ("{'a': 1}", ":1:2: "), (b'{\n"a": "\xff"}', ":2: "), ("[]", ":1:1: ")],
        ids=["trailing comma", "single quotes", "not UTF-8", "a list"],
    )
    def test_a_broken_file_with_its_place(self, home, command, text, place):
        before = home.write(text).read_bytes()
        code, out, err = home.run(*command)
        assert (code, out) == (1, "")
        assert f"{home.settings}{place}" in err
        assert home.settings.read_bytes() == before

    def test_a_type_with_which_the_client_drops_the_file(self, home):
        home.write(FILE)
        code, _, err = home.run("set", "model", "5", "--json-value")
        assert code == 1
        assert "`model` must be text" in err
        assert home.settings.read_text() == FILE

    def test_and_a_file_that_is_dropped_for_its_type_can_be_put_right(self, home):
        home.write('{"model": 5}')
        assert home.run("set", "model", "sonnet")[0] == 0
        assert home.settings.read_text() == '{"model": "sonnet"}'

    def test_a_read_only_file(self, home):
        home.write(FILE).chmod(0o444)
        code, _, err = home.run("set", "model", "opus")
        assert code == 1
        assert "read only" in err
        assert home.settings.read_text() == FILE

    def test_the_project_scope_in_the_home_folder(self, home):
        code, _, err = home.run("set", "model", "opus", "--scope", "project", "--project", str(home.folder))
        assert code == 1
        assert "in the home folder" in err

    def test_another_scope_beside_a_named_file(self, home):
        other = home.write(FILE, home.folder / "other.json")
        assert home.run("set", "model", "opus", "--scope", "local", "--settings", str(other))[0] == 1
        assert other.read_text() == FILE

    def test_it_is_reported_as_json_too(self, home):
        home.write("{oops")
        code, out, _ = home.run("set", "model", "opus", "--json")
        assert code == 1
        assert json.loads(out)["written"] is False
        assert str(home.settings) in json.loads(out)["refused"]


class TestUse:
    @pytest.mark.parametrize(
        "argv",
        [
            ["set", "model"],
            ["unset"],
            ["set", "a..b", "x"],
            ["set", "", "x"],
            ["set", " model", "x"],
            ["set", "env.\x1b", "x"],
            ["set", "a", "{", "--json-value"],
            ["set", "a", "NaN", "--json-value"],
            ["set", "a", "x", "--scope", "everybody"],
            ["set", "a", "x", "y"],
        ],
        ids=repr,
    )
    def test_wrong_use_changes_nothing(self, home, argv):
        home.write(FILE)
        code, out, err = home.run(*argv)
        assert (code, out) == (2, "")
        assert err.startswith("stormdeck: ")
        assert "\x1b" not in err
        assert home.settings.read_text() == FILE


def test_json_gives_what_was_done(home):
    home.write(FILE)
    printed = json.loads(home.run("set", "model", "opus", "--json")[1])
    assert (printed["file"], printed["scope"], printed["path"]) == (str(home.settings), "user", "model")
    assert (printed["changed"], printed["written"], printed["refused"]) == (True, True, None)
    assert printed["backup"] == str(home.backups()[0])
    assert {"kind": "added", "old": None, "new": 2, "text": '  "model": "opus",'} in printed["diff"]
