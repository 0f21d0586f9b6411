"""``set`` and ``unset`` show the effect of an edit, ask at a terminal, and can restore the old text."""

import json
import os

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stormdeck.commands import edit
from stormdeck.model.json_edit.document import Document

SOUND = '{"model": "qwen", "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000", "ANTHROPIC_AUTH_TOKEN": "dummy"}}'
WRONG = ("set", "ANTHROPIC_BASE_URL", "http://127.0.0.1:8000/v1")


class TestAnEditThatBringsAnError:
    def test_is_refused_where_nobody_can_be_asked(self, home):
        home.write(SOUND)
        code, out, err = home.run(*WRONG)
        assert code == 1
        assert home.settings.read_text() == SOUND
        assert not home.backups()
        assert "/v1" in out
        assert err.index("New with this edit:") < err.index("error URL101") < err.index("nothing is written")
        assert "the edit causes 1 error (URL101). --yes writes it anyway" in err

    def test_is_written_with_yes(self, home):
        home.write(SOUND)
        code, _, err = home.run(*WRONG, "--yes")
        assert code == 0
        assert "/v1" in home.settings.read_text()
        assert "error URL101" in err

    def test_is_shown_by_a_dry_run(self, home):
        home.write(SOUND)
        code, out, err = home.run(*WRONG, "--dry-run")
        assert (code, home.settings.read_text()) == (0, SOUND)
        assert "/v1" in out
        assert "error URL101" in err

    def test_is_reported_as_json(self, home):
        home.write(SOUND)
        code, out, _ = home.run(*WRONG, "--json")
        printed = json.loads(out)
        assert (code, printed["written"]) == (1, False)
        assert "URL101" in printed["refused"]
        assert [one["code"] for one in printed["findings"] if one["severity"] == "error"] == ["URL101"]
        assert all(one["new"] for one in printed["findings"])

    @pytest.mark.parametrize(
        ("before", "key", "value"),
        [
            ('{"theme": "dark"}', "ANTHROPIC_BASE_URL", "http://127.0.0.1:8000"),
            ('{"model": "default"}', "ANTHROPIC_BASE_URL", "http://192.168.1.50:8000"),
            ('{"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}}', "ANTHROPIC_BASE_URL", "http://127.0.0.1:8000"),
            ('{"theme": "dark"}', "ANTHROPIC_DEFAULT_SONNET_MODEL", "Qwen3.5-27B"),
            ("", "ANTHROPIC_MODEL", "Qwen3.5-27B"),
        ],
    )
    def test_is_no_first_step_that_others_follow(self, home, before, key, value):
        home.write(before)
        code, _, err = home.run("set", key, value)
        assert (code, json.loads(home.settings.read_text())["env"][key]) == (0, value)
        assert "error" in err

    def test_may_be_in_an_object_that_is_set_as_a_whole(self, home):
        home.write('{"theme": "dark"}')
        code, _, err = home.run("set", "env", '{"ANTHROPIC_BASE_URL": "127.0.0.1:8000"}', "--json-value")
        assert (code, home.settings.read_text()) == (1, '{"theme": "dark"}')
        assert "the edit causes 1 error (URL103)" in err

    def test_may_put_one_error_in_the_place_of_another(self, home):
        home.write(SOUND.replace(":8000", ":8000/v1"))
        assert home.run("set", "ANTHROPIC_BASE_URL", "http://127.0.0.1:9000/v1")[0] == 0
        assert ":9000/v1" in home.settings.read_text()

    def test_may_be_an_unset_too(self, home):
        home.write(SOUND)
        code, _, err = home.run("unset", "ANTHROPIC_AUTH_TOKEN")
        assert code == 1
        assert "AUTH201" in err
        assert home.settings.read_text() == SOUND

    def test_an_error_that_stood_there_before_stops_no_edit(self, home):
        home.write(SOUND.replace(":8000", ":8000/v1"))
        assert home.run("set", "cleanupPeriodDays", "30", "--json-value")[0] == 0


class TestOnATerminal:
    @pytest.mark.parametrize(("answer", "code", "written"), [("y\n", 0, True), ("n\n", 1, False), ("\n", 1, False)])
    def test_the_user_is_asked(self, home, answer, code, written):
        home.write(SOUND)
        said = home.at_terminal(answer, *WRONG)
        assert said[0] == code
        assert ("/v1" in home.settings.read_text()) is written
        assert said[2].index("error URL101") < said[2].index(f"Write {home.settings}? [y/N]")
        assert ("Written." in said[2]) is written
        assert ("nothing is written" in said[2]) is not written

    def test_yes_asks_nothing(self, home):
        home.write(SOUND)
        code, _, err = home.at_terminal("", "set", "model", "other", "--yes")
        assert code == 0
        assert "?" not in err.splitlines()[-1]

    def test_nothing_is_asked_where_nothing_changes(self, home):
        home.write(SOUND)
        assert home.at_terminal("", "set", "model", "qwen")[0] == 0
        assert home.at_terminal("", "set", "model", "other", "--dry-run")[0] == 0
        assert home.settings.read_text() == SOUND

    def test_a_hard_link_is_reported_before_the_question(self, home):
        home.write(SOUND)
        other = home.folder / "dotfiles.json"
        os.link(home.settings, other)
        code, _, err = home.at_terminal("y\n", "set", "model", "other")
        assert code == 0
        assert err.index("the other one keeps the old text") < err.index("[y/N]")
        assert other.read_text() == SOUND

    def test_a_hard_link_is_reported_without_a_terminal_too(self, home):
        home.write(SOUND)
        os.link(home.settings, home.folder / "dotfiles.json")
        code, _, err = home.run("set", "model", "other")
        assert code == 0
        assert "a file with 2 names" in err


class TestRefusedValues:
    @pytest.mark.parametrize(
        "argv",
        [
            ("set", "model", "\udcff"),
            ("set", "FOO", "a\udcffb"),
            ("set", "\udcff", "x"),
            ("set", "model", '"\\ud800"', "--json-value"),
            ("set", "x", '{"a": ["\\udfff"]}', "--json-value"),
        ],
        ids=ascii,
    )
    def test_bytes_that_are_no_text(self, home, argv):
        home.write(SOUND)
        code, _, err = home.run(*argv)
        assert code == 2
        assert "\udcff" not in err
        assert home.settings.read_text() == SOUND

    @pytest.mark.parametrize(
        "argv", [("env.A.B", "v"), ("env.A.B.C", "v"), ("A", "{}", "--json-value"), ("A", "[1]", "--json-value")]
    )
    def test_a_variable_that_would_be_an_object(self, home, argv):
        home.write('{"env": {"A": "1"}}')
        code, _, err = home.run("set", *argv)
        assert code == 2
        assert "env.A is a variable and must be text" in err
        assert home.settings.read_text() == '{"env": {"A": "1"}}'

    @pytest.mark.parametrize("text", ['{"env":"x"}', '{"env": [1, 2]}', '{"env": 5}', '{"env": null}'])
    def test_an_env_that_is_none_is_not_replaced(self, home, text):
        home.write(text)
        code, _, err = home.run("set", "FOO", "bar")
        assert code == 1
        assert "env is not an object" in err
        assert "stormdeck unset env" in err
        assert home.settings.read_text() == text
        assert home.run("unset", "env")[0] == 0
        assert home.run("set", "FOO", "bar")[0] == 0
        assert json.loads(home.settings.read_text()) == {"env": {"FOO": "bar"}}

    @pytest.mark.parametrize("text", ['{"hooks": {"a": [1]}}', '{"hooks": [1]}'])
    def test_text_takes_no_object_s_or_list_s_place(self, home, text):
        home.write(text)
        code, _, err = home.run("set", "hooks", "x")
        assert code == 1
        assert "--json-value" in err
        assert home.settings.read_text() == text
        assert home.run("set", "hooks", "{}", "--json-value")[0] == 0
        assert json.loads(home.settings.read_text()) == {"hooks": {}}

    def test_a_list_in_the_way_is_not_replaced(self, home):
        home.write('{"hooks": [1]}')
        assert home.run("set", "hooks.PreToolUse", "x")[0] == 1
        assert home.settings.read_text() == '{"hooks": [1]}'


class TestARepairIsProposedOnlyWhereThereIsOne:
    @pytest.mark.parametrize(
        "text",
        [
            '{"model": "a"}'.encode("utf-16"),
            '{"a": NaN}',
            "[]",
            "null",
            '{"a":' * 3000 + "1" + "}" * 3000,
            '{"a": 1}\x00',
            '{"a": 1} text',
            '{"a": "unclosed',
        ],
        ids=["UTF-16", "NaN", "list", "null", "deep", "NUL", "text after", "unclosed"],
    )
    def test_not_here(self, home, text):
        before = home.write(text).read_bytes()
        code, _, err = home.run("set", "model", "opus")
        assert code == 1
        assert "check --fix" not in err
        assert "Claude Code ignores the file: correct it with an editor first." in err
        assert "nothing that can be fixed" in home.run("check", "--offline", "--fix", "--yes")[2]
        assert home.settings.read_bytes() == before

    @pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
    def test_not_for_what_is_no_file(self, home, make):
        home.settings.parent.mkdir()
        make(home.settings)
        assert "check --fix" not in home.run("set", "model", "opus")[2]

    @pytest.mark.parametrize("text", ['{"a": 1,}', '{"a": 1 // why\n}', "{'a': 1}"])
    def test_here(self, home, text):
        home.write(text)
        assert "`stormdeck check --fix` proposes a repair" in home.run("set", "model", "opus")[2]
        assert "Written" in home.run("check", "--offline", "--fix", "--yes")[2]

    def test_not_for_a_file_that_is_not_the_user_s(self, home):
        home.write('{"a": 1,}', home.shared)
        assert "check --fix" not in home.run("set", "model", "opus", "--scope", "project")[2]


LAYOUTS = [
    "",
    "{}",
    "{ }\n",
    "{\n}\r\n",
    '{"env":{}}',
    '{"env": {\n}}',
    '{"model":"x"}',
    '{\r\n\t"model": "x"\r\n}\r\n',
    '\ufeff{ "a" : 1 ,"b":[1,\n2]}\n\n',
    '{\n"model": "x",\n\n"env": {\n"A": "1"\n}\n}',
]


@pytest.mark.parametrize("key", ["FOO", "newKey", "permissions.defaultMode"])
@pytest.mark.parametrize("text", LAYOUTS, ids=repr)
def test_set_then_unset_gives_the_same_bytes(home, text, key):
    home.write(text)
    assert home.run("set", key, "plan")[0] == 0
    assert home.settings.read_bytes() != text.encode()
    assert home.run("unset", key)[0] == 0
    assert home.settings.read_bytes() == text.encode()


def test_a_file_that_set_made_is_an_empty_object_after_unset(home):
    assert home.run("set", "FOO", "bar")[0] == 0
    assert home.run("unset", "FOO")[0] == 0
    assert home.settings.read_text() == "{}\n"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["a", "ключ", "env"]), st.one_of(st.just({}), st.text(max_size=3), st.just([1]))),
    st.sampled_from([None, 0, 1, 4, "\t"]),
    st.sampled_from(["", "\n", "\r\n"]),
)
def test_set_then_unset_whatever_the_file(home, values, indent, end):
    text = json.dumps(values, indent=indent) + end
    assume(isinstance(values.get("env", {}), dict) and isinstance(Document.parse(text), Document))
    home.write(text)
    home.run("set", "FOO", "bar")
    assert home.run("unset", "FOO")[0] == 0
    assert home.settings.read_bytes() == text.encode()


class TestAnotherWriter:
    def busy(self, monkeypatch, home, times):
        """Let another program write just before each of the first writes."""
        really, left = edit.write_settings, list(range(times))

        def late(path, text, digest, backups):
            if left:
                home.write(json.dumps({"theirs": left.pop()}))
            return really(path, text, digest, backups)

        monkeypatch.setattr(edit, "write_settings", late)

    def test_the_edit_is_made_on_top_of_what_it_wrote(self, home, monkeypatch):
        home.write(SOUND)
        self.busy(monkeypatch, home, 2)
        code, _, err = home.run("set", "model", "other")
        assert code == 0
        assert json.loads(home.settings.read_text()) == {"theirs": 0, "model": "other"}
        assert err.count("trying again with its text") == 2

    def test_one_that_never_stops_is_a_refusal(self, home, monkeypatch):
        home.write(SOUND)
        self.busy(monkeypatch, home, 100)
        code, _, err = home.run("set", "model", "other")
        assert code == 1
        assert "was changed by another program" in err

    def test_who_agreed_to_a_diff_did_so_to_that_one(self, home, monkeypatch):
        home.write(SOUND)
        self.busy(monkeypatch, home, 1)
        code, _, err = home.at_terminal("y\n", "set", "model", "other")
        assert code == 1
        assert "was changed by another program" in err
        assert json.loads(home.settings.read_text()) == {"theirs": 0}


@pytest.mark.parametrize("text", [text for text in LAYOUTS if text != '{"env": {\n}}'], ids=repr)
@pytest.mark.parametrize("off", [("FOO", "BAR", "other"), ("other", "BAR", "FOO"), ("BAR", "other", "FOO")])
def test_several_that_come_and_go_in_any_order_give_the_same_bytes(home, text, off):
    home.write(text)
    for key in ("FOO", "BAR", "other"):
        assert home.run("set", key, "v")[0] == 0
    for key in off:
        assert home.run("unset", key)[0] == 0
    assert home.settings.read_bytes() == text.encode()


def test_a_file_that_set_made_is_empty_after_all_is_unset(home):
    home.run("set", "MY_NAME", "1")
    home.run("set", "MY_OTHER_NAME", "2")
    home.run("set", "permissions.defaultMode", "plan")
    for key in ("MY_NAME", "MY_OTHER_NAME", "permissions.defaultMode"):
        assert home.run("unset", key)[0] == 0
    assert json.loads(home.settings.read_text()) == {}
