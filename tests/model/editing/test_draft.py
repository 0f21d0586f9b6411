"""A draft: unsaved edits, their effect, and its cost."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stormdeck.model.deck import Deck
from stormdeck.model.editing.draft import Draft
from stormdeck.model.finding import Edit
from stormdeck.model.json_edit import document
from stormdeck.model.settings.merge import loaded, merged, preview
from stormdeck.model.settings.scope import FolderTrust, Scope, SettingsFile

URL = "env.ANTHROPIC_BASE_URL"


def draft(text, **others):
    files = [loaded(SettingsFile(Scope.USER, Path("/h/settings.json"), exists=True), text)]
    files += [
        loaded(SettingsFile(Scope[name.upper()], Path(f"/p/{name}.json"), exists=True), other)
        for name, other in others.items()
    ]
    return Draft(Deck(settings=merged(files, {})))


def many(count, **env):
    return json.dumps(
        {"model": "sonnet", "env": {**env, **{f"MY_{number:05}": "1" for number in range(count)}}}, indent=2
    )


@pytest.fixture
def scans(monkeypatch):
    """Return a list with one entry for each scan of a text."""
    read, original = [], document.scan
    monkeypatch.setattr(document, "scan", lambda text, start=0: (read.append(len(text)), original(text, start))[1])
    return read


@pytest.fixture
def rule_runs(monkeypatch):
    """Return a list with one entry for each run of all rules: the number of values."""
    from stormdeck.model.rules import collect

    runs, original = [], collect.check
    monkeypatch.setattr(collect, "check", lambda facts: (runs.append(len(facts.values)), original(facts))[1])
    return runs


def test_an_edit_reads_the_whole_text_not_at_all_and_runs_the_rules_once(scans, rule_runs):
    before = draft(many(3000, ANTHROPIC_BASE_URL="http://127.0.0.1:8000/v1"))
    scans.clear()
    after = before.edit(URL, "http://127.0.0.1:8000")
    for _ in range(3):
        after.value(URL), after.modified, after.findings, after.text(), after.changed, after.preview
    assert scans == []
    assert [count for count in rule_runs if count > 500] == [3002], "the rules ran over the whole file more than once"


def test_no_letter_and_no_fix_reads_the_whole_text(scans):
    typing = draft(many(1000, ANTHROPIC_BASE_URL="http://127.0.0.1:8000/v1"))
    scans.clear()
    for text in ("h", "ht", "htt"):
        typing.edit(URL, text).findings  # noqa: B018
    fixed = typing.fixed()
    assert len(fixed.edits) > 1
    assert fixed.undo().text() != fixed.text()
    assert scans == []


def test_fixes_are_tried_without_the_thousands_of_values_that_no_rule_knows(rule_runs):
    found = draft(many(3000, ANTHROPIC_BASE_URL="http://127.0.0.1:8000/v1")).findings
    assert [one.code for one in found if one.fix]
    assert rule_runs[0] > 3000
    assert max(rule_runs[1:]) < 500


def test_another_state_of_a_server_reads_no_text(scans):
    before = draft(many(100)).edit(URL, "http://h")
    scans.clear()
    after = before.on(Deck(settings=before.deck.settings, client_version="2.1.329"))
    assert after.findings
    assert scans == []


@pytest.mark.parametrize(
    "edits",
    [
        [(URL, "http://x")],
        [("model", None)],
        [("model", "opus"), ("env.NEW", "1"), ("env.A", None)],
        [("env.A", "2"), ("env.A", None), ("env.A", "3")],
        [("other", "x")],
        [("permissions.allow", "x")],
    ],
)
def test_what_is_in_force_after_an_edit_is_what_all_files_say_together(edits):
    made = draft('{"model": "sonnet", "env": {"A": "1", "L": [1]}}', project='{"model": "haiku", "env": {"A": "9"}}')
    for path, value in edits:
        made = made.edit(path, value)
        whole = merged(made.preview.files, {})
        assert made.preview.effective == whole.effective
        assert made.preview == preview(made.deck.settings, Scope.USER, made.edits)


def test_undo_and_redo():
    made = draft('{"model": "sonnet"}').edit("model", "opus").edit(URL, "http://h")
    assert made.modified == {"model", URL}
    assert made.undo().modified == {"model"}
    assert made.undo().redo().text() == made.text()
    assert made.undo().undo().changed is False


def test_an_edit_keeps_the_trust_in_the_folder():
    settings = draft("{}", project='{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}}').deck.settings
    settings = replace(settings, trust=FolderTrust("/p", by_client=True))
    for path in ("model", "env.A", "env.A.b"):
        after = preview(settings, Scope.USER, [Edit(path, "x")])
        assert after != settings
        assert after.trust == settings.trust


def test_undo_leads_through_the_same_states_back(scans):
    drafts = [draft(many(10))]
    for number in range(6):
        drafts.append(drafts[-1].edit(f"env.MY_0000{number}", "2"))
    scans.clear()
    back = drafts[-1]
    for before in reversed(drafts[:-1]):
        back = back.undo()
        assert (back.text(), back.preview.effective) == (before.text(), before.preview.effective)
    several = drafts[1].take(drafts[3].edits[-2:]).undo()
    assert several.text() == drafts[2].text()
    assert drafts[2].edit("model", "x").undo().text() == drafts[2].text()
