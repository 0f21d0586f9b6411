"""``readonly``: no command writes a file, and each one reports why."""

from pathlib import Path

import pytest

from stormdeck.__main__ import main

WRONG = '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000/v1"}}\n'
WRITERS = {
    "set": ["set", "model", "sonnet"],
    "set as JSON": ["set", "model", "sonnet", "--json"],
    "unset": ["unset", "ANTHROPIC_BASE_URL"],
    "use": ["use", "hosted"],
    "use --save": ["use", "--save", "own"],
    "check --fix": ["check", "--offline", "--fix", "--yes"],
    "bundle": ["bundle", "--yes", "--out", "report"],
    "watch --record": ["watch", "some.log", "--record", "kept.jsonl"],
    "config init": ["config", "init"],
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a home with wrong settings and a log, which is the current folder too."""
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "settings.json").write_text(WRONG)
    (tmp_path / "some.log").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def tree(folder):
    """Return every path below a folder, with the bytes of the files."""
    return {path: path.read_bytes() if path.is_file() else None for path in sorted(Path(folder).rglob("*"))}


@pytest.mark.parametrize("argv", WRITERS.values(), ids=WRITERS)
def test_a_command_that_writes_is_refused_in_one_sentence(argv, place, monkeypatch, capsys):
    monkeypatch.setenv("STORMDECK_READONLY", "yes")
    before = tree(place)
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == ""
    said = "stormdeck: read only (STORMDECK_READONLY): nothing is written. --no-readonly lets this command write.\n"
    assert err == said
    assert tree(place) == before


@pytest.mark.parametrize(
    "argv",
    [["check", "--offline"], ["set", "model", "sonnet", "--dry-run"], ["config", "path"], ["explain", "URL101"]],
    ids=" ".join,
)
def test_a_command_that_only_looks_runs_and_writes_nothing(argv, place, monkeypatch, capsys):
    monkeypatch.setenv("STORMDECK_READONLY", "1")
    before = tree(place)
    assert main(argv) in {0, 1}
    assert capsys.readouterr().out
    assert tree(place) == before


def test_the_options_file_may_ask_for_it_and_is_named_with_its_line(place, capsys):
    file = place / ".config" / "stormdeck" / "config.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("window: 5\nreadonly: true\n")
    before = tree(place)
    assert main(["set", "model", "sonnet"]) == 2
    assert f"read only ({file}:2): nothing is written" in capsys.readouterr().err
    assert tree(place) == before


@pytest.mark.parametrize(
    ("variable", "flag", "written"),
    [("1", "--no-readonly", True), ("0", "--readonly", False), ("off", None, True)],
    ids=["a flag allows it", "a flag forbids it", "off"],
)
def test_a_flag_wins_over_the_variable(variable, flag, written, place, monkeypatch):
    monkeypatch.setenv("STORMDECK_READONLY", variable)
    assert main(["set", "model", "sonnet", *([flag] if flag else [])]) == (0 if written else 2)
    assert ("sonnet" in (place / ".claude" / "settings.json").read_text()) is written
