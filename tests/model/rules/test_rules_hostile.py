"""For any file content the rules return, with texts that are safe to show."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.known_names import ROOT_KEYS, VARIABLES
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.text import clean
from stormdeck.sources.litellm_yaml import parse_proxy_config

NAMES = st.one_of(st.sampled_from(sorted(VARIABLES)), st.text(max_size=20))
WORDS = [
    "sonnet",
    "opus[1m]",
    "default",
    "http://h:1/v1",
    "//",
    "[",
    "http://[",
    "-1",
    "9" * 4400,
    "\x1b[31m",
    "\ud800",
    "",
]
VALUES = st.one_of(st.sampled_from(WORDS), st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.none())
SETTINGS = st.dictionaries(st.one_of(st.sampled_from(sorted(ROOT_KEYS)), NAMES), VALUES, max_size=6).flatmap(
    lambda root: st.dictionaries(NAMES, VALUES, max_size=12).map(lambda env: {**root, "env": env})
)
KEY_NAMES = """
model_list litellm_settings general_settings router_settings model_name litellm_params model api_base api_key timeout
master_key request_timeout drop_params num_retries dropparams disable_cooldowns environment_variables
"""
KEYS = st.sampled_from(KEY_NAMES.split())
TREES = st.recursive(
    st.one_of(VALUES, st.sampled_from(["openai/q", "anthropic/*", "*", "os.environ/X", "http://127.0.0.1:8082/v1/v1"])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(KEYS, st.text(max_size=8)), inner)),
    max_leaves=25,
)
ENTRY = st.dictionaries(KEYS, TREES, max_size=5)
CONFIGS = st.one_of(
    TREES, st.builds(lambda models, rest: {**rest, "model_list": models}, st.lists(ENTRY, max_size=4), ENTRY)
)


def assert_shown(findings):
    for finding in findings:
        words = [finding.title, finding.message, finding.fix.description if finding.fix else ""]
        assert all(word == clean(word) for word in words)


def of_text(text, **known):
    file = SettingsFile(Scope.USER, Path("settings.json"), exists=True)
    return check(Facts.effective(merged((loaded(file, text),), {}), **known))


@settings(max_examples=60, deadline=None)
@given(SETTINGS, st.sampled_from([None, "1.0.128", "2.0.76", "2.1.42", "2.1.329", "nonsense"]))
def test_any_settings_are_judged(values, version):
    assert_shown(of_text(json.dumps(values), client_version=version, served=("Q", "a/b")))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_judged(text):
    assert_shown(of_text(text))


@settings(max_examples=50, deadline=None)
@given(CONFIGS)
def test_any_yaml_is_judged(tree):
    config = parse_proxy_config(json.dumps(tree), "x.yaml")
    env = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:4000", "ANTHROPIC_AUTH_TOKEN": "t"}
    assert_shown(check(Facts.effective(merged((), env), proxy_config=config)))


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="ab:-*&<[]{}#|>\"'! \n\t\x00\ufeff0", max_size=60))
def test_any_text_for_a_yaml_is_judged(text):
    assert_shown(check(Facts.effective(merged((), {}), proxy_config=parse_proxy_config(text, "x.yaml"))))


def test_ten_thousand_strange_names_do_not_make_the_rules_slow_or_endless():
    env = {f"ANTHROPIC_NAME_{number}": "x" for number in range(10_000)} | {"ANTHROPIC_BASE_URL": "http://h:1"}
    root = {f"ANTHROPIC_ROOT_{number}": "x" for number in range(10_000)}
    findings = of_text(json.dumps({"env": env, **root}))
    assert len([one for one in findings if one.code == "MODEL307"]) == 100
