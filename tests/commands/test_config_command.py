"""``stormdeck config``: the path, the table of effective values and their origins, and a starter file."""

import json
import os
import re

import pytest

from stormdeck.__main__ import main
from stormdeck.commands.config import init_text
from stormdeck.options import DECLARED, Options, OriginKind, load


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Return where the options file is to be; nothing of it exists."""
    for name in [name for name in os.environ if name.startswith("STORMDECK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    return tmp_path / "xdg" / "stormdeck" / "config.yaml"


def write(file, text):
    file.parent.mkdir(parents=True)
    file.write_text(text)


class TestPath:
    def test_it_is_printed_alone_and_a_missing_file_is_reported_on_stderr(self, file, capsys):
        assert main(["config", "path"]) == 0
        out, err = capsys.readouterr()
        assert out == f"{file}\n"
        assert "does not exist" in err
        assert "config init" in err

    def test_a_file_full_of_mistakes_can_still_be_found(self, file, capsys):
        write(file, "{{{")
        assert main(["config", "path"]) == 0
        assert capsys.readouterr() == (f"{file}\n", "")

    def test_it_follows_the_home_flag(self, file, tmp_path, capsys):
        assert main(["config", "path", "--home", str(tmp_path)]) == 0
        assert capsys.readouterr().out == f"{tmp_path}/.config/stormdeck/config.yaml\n"


class TestValidate:
    def test_without_a_file_the_defaults_hold(self, file, capsys):
        assert main(["config", "validate"]) == 0
        assert capsys.readouterr().out == "no options file: the defaults apply\n"

    def test_a_file_without_mistakes_is_reported_so(self, file, capsys):
        write(file, "window: 20\n")
        assert main(["config", "validate"]) == 0
        assert capsys.readouterr().out == f"{file}: no problems\n"

    def test_every_mistake_is_reported_with_its_line(self, file, capsys):
        write(file, "# mine\nwindow: soon\ntheem: dark\n")
        assert main(["config", "validate"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert f"{file}:2" in err
        assert f"{file}:3" in err


class TestPrint:
    def test_every_option_has_a_line_with_value_and_origin(self, file, capsys, monkeypatch):
        write(file, "# mine\nwindow: 20\nlog: [/a.log, /b.log]\n")
        monkeypatch.setenv("STORMDECK_POLL", "5")
        assert main(["config", "print", "--no-gpu"]) == 0
        rows = {row[0]: row[1:] for row in (re.split(r" {2,}", line) for line in capsys.readouterr().out.splitlines())}
        assert list(rows) == [declared.name for declared in DECLARED]
        assert rows["window"] == ["20", f"{file}:2"]
        assert rows["log"] == ["/a.log, /b.log", f"{file}:3"]
        assert rows["poll"] == ["5", "STORMDECK_POLL"]
        assert rows["gpu"] == ["off", "--gpu"]
        assert rows["vllm"] == ["-", "default"]
        assert rows["theme"] == ["-", "default"]

    def test_the_columns_are_aligned(self, file, capsys):
        main(["config", "print"])
        assert len({line.rindex("default") for line in capsys.readouterr().out.splitlines()}) == 1

    def test_json_has_the_values_in_their_own_types(self, file, capsys):
        write(file, "window: 20\nlog: /a.log\nbell: on\n")
        assert main(["config", "print", "--json", "--vllm", "http://h:1"]) == 0
        printed = json.loads(capsys.readouterr().out)
        assert (printed["version"], printed["file"], printed["exists"]) == (1, str(file), True)
        options = printed["options"]
        assert set(options) == {declared.name for declared in DECLARED}
        assert options["window"] == {"value": 20, "origin": {"kind": "file", "name": str(file), "line": 1}}
        assert options["log"]["value"] == ["/a.log"]
        assert options["bell"]["value"] is True
        assert options["vllm"] == {"value": "http://h:1", "origin": {"kind": "flag", "name": "--vllm", "line": None}}
        assert options["home"] == {"value": None, "origin": {"kind": "default", "name": None, "line": None}}

    def test_mistakes_go_to_stderr_and_nothing_to_stdout(self, file, capsys):
        write(file, "windw: 20\npoll: 0\n")
        assert main(["config", "print"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert f"{file}:1: unknown option" in err
        assert f"{file}:2: poll: expected" in err

    def test_an_escape_in_a_file_name_does_not_reach_the_terminal(self, file, capsys):
        assert main(["config", "print", "--log", "a\u202eb"]) == 0
        assert "a\\u202eb" in capsys.readouterr().out


class TestInit:
    def test_the_file_is_made_with_its_folders_and_reads_as_the_defaults(self, file, capsys):
        assert main(["config", "init"]) == 0
        assert capsys.readouterr().out == f"{file}\n"
        loaded = load({}, os.environ)
        assert loaded.problems == ()
        assert loaded.options == Options()
        # The keymap stands there as comments, action by action.
        with_default = {one.name for one in DECLARED if one.default is not None and not one.kind.pairs}
        assert {name for name in with_default if loaded.options.origin(name).kind is OriginKind.FILE} == with_default

    def test_it_gives_all_there_is_to_know_of_each_option(self):
        text = init_text()
        for declared in DECLARED:
            assert re.search(rf"^{declared.name}:( |$)", text, re.MULTILINE)
            assert all(word in text for word in (declared.help, declared.flag, declared.variable))

    @pytest.mark.parametrize(
        "name", [d.name for d in DECLARED if d.example and d.kind.metavar != "DIR" and not d.kind.pairs]
    )
    def test_an_example_can_be_put_in_its_place(self, file, name):
        example = re.search(rf"such as (\S+)\n.*\n{name}: ", init_text()).group(1)
        write(file, re.sub(rf"^{name}: .*", f"{name}: {example}", init_text(), flags=re.MULTILINE))
        loaded = load({}, os.environ)
        assert loaded.problems == ()
        assert loaded.options.origin(name).kind is OriginKind.FILE

    def test_a_file_that_is_there_is_left_as_it_is(self, file, capsys):
        write(file, "{{{ mine")
        assert main(["config", "init"]) == 2
        assert file.read_text() == "{{{ mine"
        assert "is not changed" in capsys.readouterr().err

    def test_a_link_that_leads_nowhere_is_not_followed(self, file, tmp_path):
        file.parent.mkdir(parents=True)
        file.symlink_to(tmp_path / "elsewhere")
        assert main(["config", "init"]) == 2
        assert not (tmp_path / "elsewhere").exists()

    def test_a_place_that_cannot_be_written_is_reported(self, file, capsys):
        file.parent.parent.write_text("a file where a folder is needed")
        assert main(["config", "init"]) == 2
        assert "cannot be written" in capsys.readouterr().err

    def test_bad_flags_write_nothing(self, file):
        assert main(["config", "init", "--window", "0"]) == 2
        assert not file.exists()
