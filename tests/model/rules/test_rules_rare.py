"""Rules in states that few settings have, and rounds of fixes that come to no end."""

import json

import pytest

from samples import settings
from stacks import config
from stormdeck.model.rules import fixing
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.scope import Scope


@pytest.mark.parametrize(
    ("model", "is_left_out"), [("default", False), ("claude-opus-4-6", False), ("qwen3.6-plus", True)]
)
def test_only_ids_of_own_servers_are_judged_by_the_list_of_models(model, is_left_out):
    env = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}
    text = json.dumps({"availableModels": ["qwen3.5-27b"], "model": model, "env": env})
    found = [one for one in check(Facts.effective(settings(text), None)) if one.code == "MODEL312"]
    assert bool(found) is is_left_out


def test_fixes_that_come_to_no_end_are_given_up(monkeypatch):
    monkeypatch.setattr(fixing, "_ROUNDS", 0)
    made = fixing.safe_fixes(
        config({"ANTHROPIC_BASE_URL": "127.0.0.1:8000"}), Scope.USER, lambda now: check(Facts.effective(now))
    )
    assert made == fixing.Fixes()
