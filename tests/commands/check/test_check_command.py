"""``stormdeck check``: the report, the JSON that scripts rely on, the exit code, the fixes."""

import json
import sys

import pytest

from command_home import Terminal
from stormdeck.__main__ import main

KEYS = [
    "code",
    "severity",
    "title",
    "message",
    "file",
    "path",
    "line",
    "column",
    "evidence",
    "applies",
    "fix",
]
SOUND = """{
  "model": "sonnet",
  "env": {
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000",
    "ANTHROPIC_AUTH_TOKEN": "dummy",
    "ANTHROPIC_DEFAULT_OPUS_MODEL": "Qwen3.5-27B",
    "ANTHROPIC_DEFAULT_SONNET_MODEL": "Qwen3.5-27B",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL": "Qwen3.5-27B",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1"
  }
}
"""
WRONG = SOUND.replace(":8000", ":8000/v1")
SECRET = "sk-hunter2-hunter2"


def codes(out):
    return [finding["code"] for finding in json.loads(out)["findings"]]


class TestReport:
    def test_a_sound_file_has_no_findings(self, home):
        home.write(SOUND)
        assert home.run("check", "--offline") == (0, "No findings.\n", "")

    def test_a_finding_has_place_line_caret_and_help(self, home):
        home.write(WRONG)
        code, out, err = home.run("check", "--offline")
        assert code == 1
        assert out.splitlines()[:8] == [
            "client: what Claude Code reads",
            "",
            f"{home.settings}:4:5: error URL101: ends in /v1",
            "  |",
            '4 |     "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000/v1",',
            "  |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^",
            "  = Claude Code appends /v1/messages itself; requests go to /v1/v1/messages and fail, shown as",
            '    "There\'s an issue with the selected model".',
        ]
        assert "  = help: set it to http://127.0.0.1:8000\n" in out
        assert out.endswith("\n\n1 error.\n")
        assert "check --fix" in err

    def test_one_that_is_missing_is_reported_by_name(self, home):
        home.write(SOUND.replace('    "ANTHROPIC_AUTH_TOKEN": "dummy",\n', ""))
        out = home.run("check", "--offline")[1]
        assert f"{home.settings}: error AUTH201: env.ANTHROPIC_AUTH_TOKEN: no token: no request is sent" in out

    @pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
    def test_the_caret_stands_under_the_value_whatever_is_before_it(self, home, end):
        home.write(f'{{"ключ": "值值", "env": {{{end}\t"x": "\U0001f600", "ANTHROPIC_BASE_URL":"127.0.0.1:8000"}}}}')
        out = home.run("check", "--offline")[1].split("URL103")[1]
        line, caret = out.splitlines()[2:4]
        # The picture takes two columns.
        assert line.index('"127') + 1 == caret.index("^")
        assert caret.count("^") == len('"127.0.0.1:8000"')

    def test_a_long_line_is_cut_around_the_value(self, home):
        padding = ", ".join(f'"k{number}": {number}' for number in range(60))
        home.write(f'{{{padding}, "env": {{"ANTHROPIC_BASE_URL": "http://h:8000/v1"}}, {padding.replace("k", "l")}}}')
        out = home.run("check", "--offline")[1].split("URL101")[1]
        line, caret = out.splitlines()[2:4]
        assert len(line) < 110
        assert line[caret.index("^") :].startswith('"http://h:8000/v1"')

    def test_a_broken_file_is_reported_with_its_place_and_a_way_out(self, home):
        home.write('{\n  "model": "sonnet", // mine\n}\n')
        code, out, err = home.run("check", "--offline")
        assert code == 1
        assert out.splitlines()[2:6] == [
            f"{home.settings}:2:22: error FILE701: Claude Code ignores the whole file",
            "  |",
            '2 |   "model": "sonnet", // mine',
            "  |                      ^^",
        ]
        assert "check --fix" in err

    def test_colours_are_for_terminals(self, home, monkeypatch):
        home.write(WRONG)
        monkeypatch.setenv("TERM", "xterm-256color")
        assert "\x1b" not in home.run("check", "--offline")[1]
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", Terminal())
            home.run("check", "--offline")
            assert "\x1b[1;31merror\x1b[0m" in sys.stdout.getvalue()
            patch.setenv("NO_COLOR", "1")
            patch.setattr(sys, "stdout", Terminal())
            home.run("check", "--offline")
            assert "\x1b" not in sys.stdout.getvalue()

    def test_escapes_in_a_file_never_reach_the_terminal(self, home):
        home.write('{"env": {"ANTHROPIC_BASE_URL": "http://h/v1\\u001b]0;x\\u0007", "A\\u001b[31m": "\u202e"}}')
        for argv in (["check", "--offline"], ["check", "--offline", "--json"]):
            out, err = home.run(*argv)[1:]
            assert not {"\x1b", "\x07", "\u202e"} & set(out + err)

    def test_no_settings_at_all_are_no_fault(self, home):
        code, out, err = home.run("check", "--offline")
        assert (code, out) == (0, "No findings.\n")
        assert "no settings for Claude Code yet" in err


class TestJson:
    def test_it_has_the_shape_of_the_contract(self, home):
        home.write(WRONG)
        code, out, _ = home.run("check", "--offline", "--json")
        printed = json.loads(out)
        assert code == 1
        assert list(printed) == ["version", "ok", "findings", "summary"]
        assert (printed["version"], printed["ok"]) == (1, False)
        assert printed["summary"] == {"errors": 1, "warnings": 0, "infos": 0}
        (finding,) = printed["findings"]
        assert list(finding) == KEYS
        assert (finding["file"], finding["line"], finding["column"]) == (str(home.settings), 4, 5)
        assert finding["path"] == "env.ANTHROPIC_BASE_URL"
        assert finding["fix"]["edits"] == [
            {"file": str(home.settings), "path": "env.ANTHROPIC_BASE_URL", "value": "http://127.0.0.1:8000"}
        ]

    def test_a_clean_file_is_ok(self, home):
        home.write(SOUND)
        code, out, _ = home.run("check", "--offline", "--json")
        assert (code, json.loads(out)["ok"], json.loads(out)["findings"]) == (0, True, [])

    def test_warnings_alone_are_no_failure(self, home):
        home.write(SOUND.replace('"CLAUDE_CODE_ATTRIBUTION_HEADER": "0"', '"CLAUDE_CODE_ATTRIBUTION_HEADER": "1"'))
        code, out, _ = home.run("check", "--offline", "--json")
        assert (code, json.loads(out)["ok"], codes(out)) == (0, True, ["TRAFFIC402"])

    def test_the_worst_comes_first(self, home):
        home.write(
            '{"env": {"ANTHROPIC_BASE_URL": "http://h:8000/v1", "ANTHROPIC_API_KEY": "k", "API_TIMEOUT_MS": "x"}}'
        )
        severities = [
            finding["severity"] for finding in json.loads(home.run("check", "--offline", "--json")[1])["findings"]
        ]
        assert severities == sorted(severities, key=["error", "warning", "info"].index)
        assert len(set(severities)) > 1

    def test_a_finding_names_the_file_whose_value_is_in_force(self, home):
        home.write(SOUND)
        home.write('{\n"env": {"ANTHROPIC_BASE_URL": "http://h:8000/v1"}}', home.local)
        findings = json.loads(home.run("check", "--offline", "--json")[1])["findings"]
        (found,) = (finding for finding in findings if finding["code"] == "URL101")
        assert (found["file"], found["line"]) == (str(home.local), 2)
        assert found["fix"]["edits"][0]["file"] == str(home.local)

    @pytest.mark.parametrize("argv", [[], ["--json"], ["--fix"], ["--json", "--fix"]], ids=" ".join)
    @pytest.mark.parametrize(
        "text",
        [
            f'{{"env": {{"ANTHROPIC_API_KEY": "{SECRET}"}}}}',
            f'{{"ANTHROPIC_AUTH_TOKEN": "{SECRET}"}}',
            f'{{"env": {{"ANTHROPIC_BASE_URL": "user:{SECRET}@h:8000/v1"}}}}',
            f'{{"env": {{"ANTHROPIC_BASE_URL": "http://user:{SECRET}@h:8000/v1"}}}}',
            f'{{"env": {{"ANTHROPIC_AUTH_TOKEN": {SECRET},}}}}',
            f"{{'env': {{'ANTHROPIC_AUTH_TOKEN': '{SECRET}',}}}}",
            f'{{"env": {{"ANTHROPIC_AUTH_TOKEN" {SECRET}',
            f'{{"env": {{"ANTHROPIC_CUSTOM_HEADERS": "x-api-key: {SECRET}"}}}}',
        ],
        ids=["key", "at the root", "no scheme", "in the address", "bare", "single quotes", "no colon", "header"],
    )
    def test_no_secret_is_shown(self, home, text, argv):
        home.write(text)
        assert "hunter2" not in "".join(home.run("check", "--offline", *argv)[1:])


class TestFix:
    def test_without_a_terminal_the_diff_is_shown_and_nothing_written(self, home):
        home.write(WRONG)
        code, out, err = home.run("check", "--offline", "--fix")
        assert code == 2
        assert '   4 -     "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000/v1",' in out
        assert '   4 +     "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000",' in out
        assert "--yes" in err
        assert home.settings.read_text() == WRONG

    def test_yes_writes_keeps_a_copy_and_checks_again(self, home):
        home.write(WRONG)
        code, out, err = home.run("check", "--offline", "--fix", "--yes")
        assert (code, home.settings.read_text()) == (0, SOUND)
        assert [copy.read_text() for copy in home.backups()] == [WRONG]
        assert out.endswith("No findings.\n")
        assert "Written" in err

    @pytest.mark.parametrize(
        ("answer", "written"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False)]
    )
    def test_at_a_terminal_it_asks_and_no_is_the_default(self, home, answer, written):
        home.write(WRONG)
        code, _, err = home.at_terminal(answer, "check", "--offline", "--fix")
        assert f"Write {home.settings}? [y/N]" in err
        assert (home.settings.read_text() == SOUND) is written
        assert code == (0 if written else 1)

    def test_json_stays_alone_on_stdout(self, home):
        home.write(WRONG)
        code, out, err = home.run("check", "--offline", "--fix", "--yes", "--json")
        assert (code, json.loads(out)["ok"]) == (0, True)
        assert '+     "ANTHROPIC_BASE_URL"' in err

    def test_a_broken_file_is_repaired_and_fixed_in_one_diff(self, home):
        home.write(WRONG.replace('  "env"', '  // mine\n  "env"').replace('"1"\n', '"1",\n'))
        code, out, _ = home.run("check", "--offline", "--fix", "--yes")
        assert (code, home.settings.read_text()) == (0, SOUND)
        assert "line 3: a comment is removed" in out
        assert "URL101: set it to http://127.0.0.1:8000" in out

    def test_a_byte_order_mark_goes(self, home):
        home.write("\ufeff" + SOUND)
        assert home.run("check", "--offline", "--fix", "--yes")[0] == 0
        assert home.settings.read_text() == SOUND

    @pytest.mark.parametrize(
        "text",
        ['{"env": {"A": "cut', b'{"a": "\xff"}', '{"model": 5}', "[]"],
        ids=["cut off", "not UTF-8", "type", "list"],
    )
    def test_a_file_that_cannot_be_repaired_safely_is_left_alone(self, home, text):
        file = home.write(text)
        before = file.read_bytes()
        code, _, err = home.run("check", "--offline", "--fix", "--yes")
        assert code in {0, 1}
        assert "nothing that can be fixed safely" in err
        assert file.read_bytes() == before

    def test_only_the_user_file_is_written(self, home):
        home.write(SOUND)
        local = '{"env": {"ANTHROPIC_BASE_URL": "http://h:8000/v1"}}'
        for file in (home.local, home.shared, home.managed):
            home.write(local, file)
        code, _, err = home.run("check", "--offline", "--fix", "--yes")
        assert code == 1
        assert "nothing that can be fixed safely" in err
        assert {file.read_text() for file in (home.local, home.shared, home.managed)} == {local}
        assert home.settings.read_text() == SOUND

    def test_with_settings_that_one_file_is_written(self, home):
        home.write(WRONG)
        other = home.write(WRONG, home.folder / "other.json")
        assert home.run("check", "--offline", "--fix", "--yes", "--settings", str(other))[0] == 0
        assert (other.read_text(), home.settings.read_text()) == (SOUND, WRONG)

    def test_a_read_only_file_is_refused_in_words(self, home):
        home.write(WRONG).chmod(0o444)
        code, _, err = home.run("check", "--offline", "--fix", "--yes")
        assert code == 2
        assert "read only" in err
        assert home.settings.read_text() == WRONG

    def test_nothing_is_made_up_for_a_home_without_settings_and_server(self, home):
        code, _, err = home.run("check", "--offline", "--fix", "--yes")
        assert code == 0
        assert "nothing that can be fixed safely" in err
        assert not home.settings.exists()


class TestUse:
    def test_a_settings_file_that_is_named_and_missing(self, home):
        code, out, err = home.run("check", "--offline", "--settings", str(home.folder / "none.json"))
        assert (code, out) == (2, "")
        assert "none.json" in err

    @pytest.mark.parametrize("argv", [["--offlin"], ["more"], ["--home", "/nowhere/at/all"]], ids=" ".join)
    def test_wrong_use_is_refused(self, argv, capsys):
        assert main(["check", *argv]) == 2
        assert capsys.readouterr().out == ""
