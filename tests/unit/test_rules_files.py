"""What the rules say about files: misspelt names, scopes that lose, readers, and clients that run."""

from pathlib import Path

import pytest

from stormdeck.model.rules.facts import Exposure, Facts, RunningClient
from stormdeck.model.rules.names import ROOT_KEYS, VARIABLES
from stormdeck.model.rules.registry import check
from stormdeck.model.rules.spelling import meant
from stormdeck.model.settings.merge import loaded, merged, preview
from stormdeck.model.settings.scope import Scope, SettingsFile

USER, PROJECT, LOCAL = (
    Path("/h/.claude/settings.json"),
    Path("/p/.claude/settings.json"),
    Path("/p/settings.local.json"),
)


def files(exported=None, **texts):
    paths = {"user": (Scope.USER, USER), "project": (Scope.PROJECT, PROJECT), "local": (Scope.LOCAL, LOCAL)}
    made = [loaded(SettingsFile(*paths[name], exists=True), text) for name, text in texts.items()]
    return merged(made, exported or {})


def of_code(code, settings, **known):
    return [one for one in check(Facts.effective(settings, **known)) if one.code == code]


MISSPELT = {
    "letters": ("ANTHROPIC_BASE_ULR", "ANTHROPIC_BASE_URL"),
    "a letter left out": ("ANTHROPIC_AUTH_TOKN", "ANTHROPIC_AUTH_TOKEN"),
    "no underscores": ("ANTHROPICBASEURL", "ANTHROPIC_BASE_URL"),
    "lower case": ("anthropic_base_url", "ANTHROPIC_BASE_URL"),
    "one underscore more": ("CLAUDE_CODE_DISABLE_NON_ESSENTIAL_TRAFFIC", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"),
    "first words left out": ("DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"),
    "last word left out": ("API_TIMEOUT", "API_TIMEOUT_MS"),
    "singular": ("ANTHROPIC_CUSTOM_HEADER", "ANTHROPIC_CUSTOM_HEADERS"),
    "a name of one's own": ("MY_OWN_NAME", None),
    "a tier that may come": ("ANTHROPIC_DEFAULT_MYTHOS_MODEL", None),
    "the opposite": ("CLAUDE_CODE_ENABLE_THINKING", None),
    "a company's": ("DATADOG_API_KEY", None),
    "endless": ("A" * 500, None),
}


@pytest.mark.parametrize(("name", "expected"), MISSPELT.values(), ids=MISSPELT)
def test_which_variable_was_meant(name, expected):
    assert meant(name, VARIABLES) == expected


@pytest.mark.parametrize("name", ["Model", "modle", "permisions", "apikeyhelper", "envs"])
def test_a_misspelt_key_at_the_root_is_told(name):
    assert meant(name, ROOT_KEYS) is not None


def test_a_misspelt_variable_is_renamed_in_its_file():
    settings = files(user='{\n  "env": {\n    "ANTHROPIC_BASE_ULR": "http://h:1"\n  }\n}')
    (finding,) = of_code("FILE703", settings)
    assert (finding.file, finding.line, finding.column) == (str(USER), 3, 5)
    after = preview(settings, Scope.USER, finding.fix.edits)
    assert after.text("env.ANTHROPIC_BASE_URL") == "http://h:1"
    assert of_code("FILE703", after) == []


def test_known_names_and_proxies_in_lower_case_are_right():
    names = ", ".join(f'"{name}": "1"' for name in ["http_proxy", "NO_PROXY", *sorted(VARIABLES)])
    assert of_code("FILE703", files(user=f'{{"env": {{{names}}}}}')) == []


def test_a_value_that_loses_is_told_in_the_file_that_loses():
    settings = files(
        user='{\n  "model": "opus"\n}', local='{"model": "sonnet"}', exported={"ANTHROPIC_BASE_URL": "http://a:1"}
    )
    (finding,) = of_code("FILE706", settings)
    assert (finding.file, finding.line, finding.path) == (str(USER), 2, "model")
    assert "local" in finding.title


def test_an_exported_variable_that_loses_to_a_file_is_told_without_its_secret():
    settings = files(
        user='{"env": {"ANTHROPIC_BASE_URL": "http://h:1", "ANTHROPIC_AUTH_TOKEN": "sk-one-secret"}}',
        exported={"ANTHROPIC_AUTH_TOKEN": "sk-another"},
    )
    (finding,) = of_code("FILE706", settings)
    assert finding.file is None
    assert "secret" not in finding.message.replace("ANTHROPIC", "")
    assert "sk-" not in finding.message


def test_the_same_value_twice_is_no_finding():
    assert of_code("FILE706", files(user='{"model": "opus"}', project='{"model": "opus"}')) == []


REAL = '{"env": {"ANTHROPIC_AUTH_TOKEN": "sk-7f3a9c1e5b2d8046"}}'
DUMMY = '{"env": {"ANTHROPIC_AUTH_TOKEN": "dummy"}}'
READERS = {
    "tracked": ("project", REAL, Exposure(PROJECT, tracked=True), 1),
    "tracked, a placeholder": ("project", DUMMY, Exposure(PROJECT, tracked=True), 0),
    "every user": ("user", REAL, Exposure(USER, world_readable=True), 1),
    "dotfiles in git": ("user", REAL, Exposure(USER, tracked=True), 0),
    "nobody": ("user", REAL, Exposure(USER), 0),
}


@pytest.mark.parametrize(("scope", "text", "exposure", "count"), READERS.values(), ids=READERS)
def test_a_secret_that_others_can_read(scope, text, exposure, count):
    assert len(of_code("FILE707", files(**{scope: text}), exposures=(exposure,))) == count


VALUES = '{"model": "opus", "env": {"ANTHROPIC_BASE_URL": "http://h", "ANTHROPIC_DEFAULT_OPUS_MODEL": "Q"}}'
TAKEN = {
    "model, newest": ("2.1.329", "model", True),
    "mapping, newest": ("2.1.329", "env.ANTHROPIC_DEFAULT_OPUS_MODEL", False),
    "mapping, before": ("2.1.42", "env.ANTHROPIC_DEFAULT_OPUS_MODEL", True),
    "base URL": ("2.0.76", "env.ANTHROPIC_BASE_URL", False),
    "base URL, oldest": ("1.0.128", "env.ANTHROPIC_BASE_URL", True),
    "removed": ("2.1.329", "env.API_TIMEOUT_MS", True),
    "version unknown": (None, "env.ANTHROPIC_DEFAULT_OPUS_MODEL", False),
}


@pytest.mark.parametrize(("version", "path", "late"), TAKEN.values(), ids=TAKEN)
def test_what_a_running_client_takes_up(version, path, late):
    running = (RunningClient(4711, version),)
    findings = of_code("FILE708", files(user=VALUES), changed=frozenset({path}), running=running)
    assert [one.severity.value for one in findings] == (["info"] if late else [])
    assert of_code("FILE708", files(user=VALUES), changed=frozenset({path})) == []


def test_a_file_that_cannot_be_read_is_an_error_at_no_line():
    settings = merged((SettingsFile(Scope.USER, USER, exists=True, error=None),), {})
    assert of_code("FILE701", settings) == []
