"""No value of any type at any known key raises or hangs, in any scope, for any version of the client."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as run
from hypothesis import strategies as st

from stormdeck.model.deck import Deck
from stormdeck.model.rules.collect import findings_of, raw_findings
from stormdeck.model.rules.known_names import ROOT_KEYS, VARIABLES, WRONG_WORDS
from stormdeck.model.rules.locations import located
from stormdeck.model.settings.cloud import SWITCHES
from stormdeck.model.settings.fields import FIELDS
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile, SettingsSnapshot
from stormdeck.model.snapshots.client_state import ClientState, Login
from stormdeck.model.snapshots.server import ServedModel, ServerState, VllmSnapshot

NESTED = ("permissions.defaultMode", "permissions.disableAutoMode", "permissions.allow", "permissions.deny")
PATHS = sorted({*ROOT_KEYS, *(f"env.{name}" for name in VARIABLES | set(WRONG_WORDS)), *NESTED})
LONG = 5_000
"""Characters; all variables together are nearly as much as stormdeck reads of a file."""
JSON = {
    "null": "null",
    "true": "true",
    "zero": "0",
    "negative": "-1",
    "fraction": "0.5",
    "more than a float": "1e999",
    "more digits than Python reads": "9" * 5000,
    "empty": '""',
    "blank": '" \\t"',
    "control characters": '"\\u0000\\u001b[2J\\r\\n"',
    "half a character": '"\\ud800"',
    "empty list": "[]",
    "mixed list": '[null, 1, "x", [], {}]',
    "deep list": "[" * 100 + "]" * 100,
    "empty object": "{}",
    "object": '{"a": {"b": [1]}, "": null}',
    **{f"long {char!r}": json.dumps(char * LONG) for char in "a1 /:.-_[{%\n$"},
    "long header": json.dumps("authorization: Bearer x\n" * 200),
    "long words": json.dumps("sonnet-qwen " * 400),
    "address": '"http://[::1"',
    "port": '"http://h:99999/v1/v1?x#y"',
}
VERSIONS = (None, "1.0.128", "2.1.42", "2.1.112", "2.1.332", "9.9.9", "x")
SERVED = VllmSnapshot("http://127.0.0.1:8000", ServerState.UP, version="0.32.0", models=(ServedModel("Q", 32768),))
OWN = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000", "ANTHROPIC_AUTH_TOKEN": "x", "ANTHROPIC_MODEL": "Q"}
BESIDE = [path for path in PATHS if path.startswith("env.") and path not in SWITCHES and path[4:] not in OWN]
"""The variables that may be anything while requests go to the user's own server."""


def text_of(paths: dict[str, str]) -> str:
    """Return a settings file with JSON texts at these paths, beside what makes the rules speak."""
    groups: dict[str, dict[str, str]] = {"": {}, "env": {name: json.dumps(value) for name, value in OWN.items()}}
    for path, value in paths.items():
        above, _, name = path.rpartition(".")
        groups.setdefault(above, {})[name] = value
    inner = {name: one for name, one in groups.items() if name and name not in groups[""]}
    body = {**groups[""], **{name: "{" + members(one) + "}" for name, one in inner.items()}}
    return "{" + members(body) + "}"


def members(values: dict[str, str]) -> str:
    return ", ".join(f"{json.dumps(name)}: {value}" for name, value in values.items())


def snapshot(text: str, scope: Scope = Scope.USER, other: str = "") -> SettingsSnapshot:
    files = [loaded(SettingsFile(scope, Path("/h/a.json"), exists=True), text)]
    if other:
        files.append(loaded(SettingsFile(Scope.CLIENT, Path("/h/.claude.json"), exists=True, writable=False), other))
    return merged(files, {})


def deck(settings: SettingsSnapshot, version: str | None = "2.1.332", state: ClientState | None = None) -> Deck:
    return Deck(settings=settings, client_version=version, vllm=SERVED, client=state or ClientState(Login.NONE))


@pytest.mark.parametrize("value", JSON.values(), ids=JSON)
def test_a_value_at_every_variable_at_once(value):
    settings = snapshot(text_of(dict.fromkeys(BESIDE, value)))
    for finding in located(settings, findings_of(deck(settings))):
        assert finding.title
        assert finding.message


@pytest.mark.parametrize("value", ["null", "true", "-1", '"x"', '["x", null]', '{"x": 1}'])
def test_a_value_at_each_key_alone(value):
    for path in (path for path in PATHS if not path.startswith("env.")):
        settings = snapshot(text_of({path: value}))
        assert isinstance(raw_findings(deck(settings), settings), tuple)


@pytest.mark.parametrize("char", "a/ :.-[")
def test_a_text_of_a_hundred_thousand_characters_in_what_is_parsed(char):
    for name in ("ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS", "ANTHROPIC_MODEL", "NO_PROXY", "API_TIMEOUT_MS"):
        settings = snapshot(text_of({f"env.{name}": json.dumps(char * 100_000)}))
        assert isinstance(raw_findings(deck(settings), settings), tuple)


@pytest.mark.parametrize("value", JSON.values(), ids=JSON)
def test_a_value_in_each_field_of_the_form_in_the_clients_state(value):
    env = {field.path: value for field in FIELDS if field.path.startswith("env.")}
    settings = snapshot(text_of({}), other=text_of(env))
    state = ClientState(Login.KEY, has_key=True, onboarded=False, file="/h/.claude.json")
    assert isinstance(findings_of(deck(settings, state=state)), tuple)


@run(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(PATHS), st.sampled_from(sorted(JSON.values(), key=len)[:20]), max_size=8),
    st.sampled_from([*Scope][:5]),
    st.sampled_from(VERSIONS),
    st.sampled_from([None, True, False]),
)
def test_any_few_values_in_any_scope(paths, scope, version, onboarded):
    settings = snapshot(text_of(paths), scope)
    found = findings_of(deck(settings, version, ClientState(onboarded=onboarded)))
    assert isinstance(located(settings, found), tuple)
