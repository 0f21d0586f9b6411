"""What ``--help`` shows: it fits a terminal of 80 columns, and its examples can be typed."""

import re
import shlex

import pytest

from stormdeck.__main__ import main
from stormdeck.commands.argument_parser import PANEL
from stormdeck.commands.cli import parse
from stormdeck.commands.examples import EXAMPLES
from stormdeck.commands.parsers import build
from stormdeck.options import DECLARED

COMMANDS = [parser.get_default("command") for parser in build({})]
LINES = [(command, line) for command, examples in EXAMPLES.items() for line, _ in examples]


def help_of(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main([*(() if command == PANEL else command.split()), "--help"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_it_fits_80_columns_and_has_examples(command, capsys, monkeypatch):
    text = help_of(command, capsys, monkeypatch)
    assert max(len(line) for line in text.splitlines()) < 80
    assert text.startswith(f"usage: stormdeck {'' if command == PANEL else command}".rstrip())
    assert "\nexamples:\n" in text


@pytest.mark.parametrize(("command", "line"), LINES, ids=[line for _, line in LINES])
def test_an_example_can_be_typed(command, line):
    for part in re.split(r"[|;]", line.partition(" > ")[0]):
        words = shlex.split(part)
        if words[0] == "stormdeck":
            parsed = parse([word.replace("~", "/home/me") for word in words[1:]])
            assert parsed.problems == ()
            assert command in {PANEL, "config", parsed.command}


def test_every_command_has_examples_and_nothing_else_has():
    assert set(EXAMPLES) == set(COMMANDS)


def test_the_whole_list_shows_every_option(capsys, monkeypatch):
    text = help_of(PANEL, capsys, monkeypatch)
    assert all(declared.flag in text for declared in DECLARED)


@pytest.mark.parametrize(
    ("command", "there", "not_there"),
    [
        ("check", "--litellm-config", "--theme"),
        ("check", "--only CODES", "--bell"),
        ("set", "--readonly", "--theme"),
        ("explain", "without it, all", "--readonly"),
        ("status", "--no-gpu", "--mouse"),
        ("demo", "--theme", "--vllm"),
        ("analyze", "--transcripts", "--project"),
    ],
)
def test_a_command_shows_the_options_that_mean_something_to_it(command, there, not_there, capsys, monkeypatch):
    text = help_of(command, capsys, monkeypatch)
    assert there in text
    assert not_there not in text.partition("\nexamples:")[0]


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in {PANEL, "config"}])
def test_an_option_that_is_not_shown_is_taken_all_the_same(command):
    more = {"set": ["model", "x"], "unset": ["model"], "explain": ["URL101"], "analyze": ["a.log"],
            "replay": ["a.jsonl"], "completion": ["bash"]}  # fmt: skip
    parsed = parse([*command.split(), *more.get(command, []), "--theme", "nord", "--vllm", "http://a"])
    assert parsed.problems == ()
    assert parsed.flags == {"theme": ["nord"], "vllm": ["http://a"]}
