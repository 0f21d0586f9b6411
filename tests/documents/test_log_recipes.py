"""Every log that a recipe names has a test that reads such a log: of the real program, or why not.

The recipes themselves are parsed in ``test_documents.py``: the panel needs a terminal, and each place its program.
"""

from pathlib import Path

import pytest
from blocks import blocks, commands_in
from fill import DOCS, TESTS

from stormdeck.model.logs.spec import STDIN, ContainerLog, JournalLog, PodLog, RemoteLog, parse_log

RECIPES = DOCS / "recipes.md"
RUN_BY = {
    ContainerLog: ("docker/logscenes.py", "def composed_logs", "def podman_logs"),
    JournalLog: ("sources/logs/places/test_journal_source.py", "journalctl"),
    PodLog: ("sources/logs/places/test_pod_source.py", "kubectl"),
    RemoteLog: ("sources/logs/places/test_ssh_source.py", "sshd"),
    Path: ("sources/logs/test_follow.py", "def test_"),
    type(STDIN): ("commands/retries/test_watch_command.py", "stdin=subprocess.PIPE"),
}
"""The test that reads a log of each place, and words in it."""
NOT_REAL: dict[type, str] = {PodLog: "a stand-in for kubectl: no cluster runs in the tests"}
"""Places that no test has for real, and why, as the recipes say it."""


def named():
    """Return the logs of the recipes."""
    scripts = [body for kind, body in blocks(RECIPES.read_text(encoding="utf-8")) if kind == "sh"]
    commands = [one.words for body in scripts for one in commands_in(body) if one.program == "stormdeck"]
    found = [words[at + 1] for words in commands for at, word in enumerate(words[:-1]) if word == "--log"]
    found += [words[2] for words in commands if words[1:2] == ("watch",) and len(words) > 2]
    return list(dict.fromkeys(text for text in found if not text.startswith("--")))


@pytest.mark.parametrize("text", named())
def test_a_log_of_a_recipe_is_read_by_a_test(text):
    log = parse_log(text)
    kind = Path if isinstance(log, Path) else type(log)
    name, *words = RUN_BY[kind]
    body = (TESTS / name).read_text(encoding="utf-8")
    assert all(word in body for word in words)
    assert NOT_REAL.get(kind, "") in RECIPES.read_text(encoding="utf-8")


def test_the_recipes_name_every_place():
    kinds = {type(parse_log(text)) for text in named()}
    assert {ContainerLog, JournalLog, PodLog, RemoteLog} <= kinds
