"""What differs between a kept copy and the settings file, in words."""

from pathlib import Path

import pytest

from stormdeck.model.settings.backup import changed_paths, difference
from stormdeck.model.settings.merge import loaded
from stormdeck.model.settings.scope import Scope, SettingsFile

NOW = '{"model": "opus", "env": {"A": "1", "B": "2"}}'


def file(text=NOW):
    return loaded(SettingsFile(Scope.USER, Path("/home/me/.claude/settings.json"), exists=True), text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (NOW, "the same"),
        ('{"model": "sonnet", "env": {"A": "1", "B": "2"}}', "model"),
        ('{"env": {"A": "0"}}', "model, A, B"),
        ('{"model": "x", "env": {"A": "0", "C": "1", "D": "2"}}', "model, A, B and 2 more"),
        ('{"model": "opus", "env": {"A": "1", "B": "2"}, "hooks": {}}', "lists, hooks or layout"),
        ('{"model"', "not valid JSON"),
        (None, "cannot be read"),
    ],
)
def test_it_names_the_settings(text, words):
    assert difference(file(), text) == words


def test_of_a_broken_file_it_says_that_the_copy_is_valid():
    assert difference(file('{"model"'), NOW) == "valid, the file is not"
    assert changed_paths(file('{"model"'), NOW) == ()
