"""A token that is not sent to the server of a folder nobody trusts: what the path and the verdict say."""

from dataclasses import replace
from pathlib import Path

import samples
from samples import NOW
from stacks import ALONE, deck, vllm
from stormdeck.model.finding import HopKind
from stormdeck.model.request_path import path
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import FolderTrust, Scope, SettingsFile
from stormdeck.model.snapshots.server import ServerState
from stormdeck.model.symbols import Health
from stormdeck.model.verdict.ranking import statements

FOLDER = '{"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}'


def untrusted():
    user = samples.settings('{"model": "sonnet", "env": {"ANTHROPIC_AUTH_TOKEN": "sk-9f2c4e7a1b"}}').files
    project = loaded(SettingsFile(Scope.PROJECT, Path("/srv/p/.claude/settings.json"), exists=True), FOLDER)
    return replace(merged((*user, project), {}), trust=FolderTrust("/srv/p"))


def test_a_refusal_for_want_of_trust_is_a_warning_and_names_the_folder():
    here = deck(untrusted(), ALONE, vllm(ServerState.REFUSING, "401 to a request"))
    first = statements(here, NOW, lambda at: "14:05")[0]
    assert first.headline.startswith("This folder's settings lead to 127.0.0.1:8000; your token is not sent there")
    hops = {hop.kind: hop for hop in path(here)}
    assert hops[HopKind.SERVER].health is Health.WARNING
