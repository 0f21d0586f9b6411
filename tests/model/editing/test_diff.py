"""The diff before a save: changed lines with their numbers, and no secret."""

import pytest

from stormdeck.model.editing.diff import DiffKind, diff
from stormdeck.model.json_edit.document import Document
from stormdeck.model.masking.json_text import mask_json
from stormdeck.model.masking.names import is_secret_name
from stormdeck.model.masking.values import mask_value


def drawn(old, new):
    return [f"{line.kind}{line.old or ''}/{line.new or ''} {line.text}" for line in diff(old, new)]


TEXT = (
    '{\r\n  "model": "sonnet",\r\n  "env": {\r\n    "ANTHROPIC_AUTH_TOKEN": "hunter2",\r\n    "B": "2"\r\n  }\r\n}\r\n'
)


def test_a_changed_line_has_one_line_around_it():
    assert drawn(TEXT, Document.parse(TEXT).set("env.B", "3").text) == [
        ' 4/4     "ANTHROPIC_AUTH_TOKEN": "••••••••",',
        '-5/     "B": "2"',
        '+/5     "B": "3"',
        " 6/6   }",
    ]


def test_a_changed_secret_shows_that_it_changed_and_not_what_it_is():
    lines = drawn(TEXT, Document.parse(TEXT).set("env.ANTHROPIC_AUTH_TOKEN", "other").text)
    assert lines[1:3] == ['-4/     "ANTHROPIC_AUTH_TOKEN": "••••••••",', '+/4     "ANTHROPIC_AUTH_TOKEN": "••••••••",']
    assert "hunter2" not in "".join(lines)


def test_a_new_file_is_all_added_and_the_same_text_is_no_diff():
    new = Document.parse("").set("model", "sonnet").text
    assert {line.kind for line in diff("", new)} == {DiffKind.ADDED}
    assert diff(TEXT, TEXT) == ()


def test_two_distant_changes_leave_out_what_is_between():
    old = "".join(f"line {n}\n" for n in range(40))
    lines = diff(old, old.replace("line 3\n", "x\n").replace("line 30\n", "y\n"))
    assert [line.old for line in lines if line.kind is DiffKind.REMOVED] == [4, 31]
    assert len(lines) == 8


def test_control_characters_in_a_file_do_not_reach_the_terminal():
    assert all(line.text.isprintable() for line in diff("{\x1b[2J\x07}", "{}"))


SECRET_TEXTS = {
    "value on the next line": '{"ANTHROPIC_API_KEY":\n  "hunter2"}',
    "escaped key": '{"ANTHROPIC_AUTH\\u005fTOKEN": "hunter2"}',
    "somewhere below": '{"mcpServers": {"x": {"env": {"GITHUB_TOKEN": "hunter2"}}}}',
    "camel case": '{"accessToken": "hunter2"}',
    "headers": '{"env": {"ANTHROPIC_CUSTOM_HEADERS": "X-A: hunter2"}}',
    "in an address": '{"env": {"HTTPS_PROXY": "http://me:hunter2@proxy:3128"}}',
    "a token in a command": '{"apiKeyHelper": "echo sk-hunter2hunter2"}',
    "broken file": '{"ANTHROPIC_AUTH_TOKEN": "hunter2",}',
    "broken file, single quotes": "{'ANTHROPIC_AUTH_TOKEN': 'hunter2'}",
    "broken file, quote missing": '{"ANTHROPIC_AUTH_TOKEN": "hunter2,\n"x": 1}',
}


@pytest.mark.parametrize("text", SECRET_TEXTS.values(), ids=SECRET_TEXTS)
def test_secrets_are_masked_line_for_line(text):
    shown = mask_json(text)
    assert "hunter2" not in shown
    assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "name", ["ANTHROPIC_MODEL", "CLAUDE_CODE_MAX_OUTPUT_TOKENS", "MAX_THINKING_TOKENS", "monkey", "apiKeyHelper"]
)
def test_what_is_no_secret_stays_readable(name):
    assert not is_secret_name(name)
    assert mask_value(f"env.{name}", "32000") == "32000"


def test_a_long_text_of_equal_lines_is_compared_in_linear_time(monkeypatch):
    looked = []
    monkeypatch.setattr("difflib.SequenceMatcher.find_longest_match", lambda *given: looked.append(given))
    old = ["{", '"first": 1,', *['"x": 1,'] * 20_000, '"last": 1', "}"]
    new = [*old[:1], '"new": 0,', '"first": 2,', *old[2:-2], '"last": 3', "}"]
    lines = diff("\n".join(old), "\n".join(new))
    assert [line.text for line in lines if line.kind is DiffKind.REMOVED] == ['"first": 1,', '"last": 1']
    assert [line.text for line in lines if line.kind is DiffKind.ADDED] == ['"new": 0,', '"first": 2,', '"last": 3']
    assert looked == []
