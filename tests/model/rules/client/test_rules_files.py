"""Rules about files: misspelled names, overridden values, readable secrets, and running clients."""

import json
from pathlib import Path

import pytest

from samples import settings
from stormdeck import __version__
from stormdeck.model.finding import Severity
from stormdeck.model.rules import client_names
from stormdeck.model.rules.client.client_state import _has_early_token
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.known_names import NEWEST_LISTED, ROOT_KEYS, VARIABLES
from stormdeck.model.rules.registry import check
from stormdeck.model.rules.spelling import closest_name
from stormdeck.model.settings.merge import loaded, merged, preview
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.snapshots.client import Exposure, RunningClient

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
    assert closest_name(name, VARIABLES) == expected


@pytest.mark.parametrize("name", ["Model", "modle", "permisions", "apikeyhelper", "envs"])
def test_a_misspelled_top_level_key_is_reported(name):
    assert closest_name(name, ROOT_KEYS) is not None


def test_a_misspelt_variable_is_renamed_in_its_file():
    settings = files(user='{\n  "env": {\n    "ANTHROPIC_BASE_ULR": "http://h:1"\n  }\n}')
    (finding,) = of_code("FILE703", settings)
    assert (finding.file, finding.line, finding.column) == (str(USER), 3, 5)
    after = preview(settings, Scope.USER, finding.fix.edits)
    assert after.text("env.ANTHROPIC_BASE_URL") == "http://h:1"
    assert of_code("FILE703", after) == []


def test_a_name_in_other_words_is_reported():
    settings = files(user='{"disableExperimentalBetas": true, "env": {"CLAUDE_MODEL": "q", "ANTHROPIC_AUTH_KEY": "k"}}')
    titles = {one.path: one.title for one in of_code("FILE703", settings)}
    assert titles == {
        "env.CLAUDE_MODEL": "did you mean ANTHROPIC_MODEL?",
        "env.ANTHROPIC_AUTH_KEY": "did you mean ANTHROPIC_AUTH_TOKEN?",
        "disableExperimentalBetas": "did you mean CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS in env?",
    }


NOT_MISSPELT = {
    "real keys": '{"enableWorkflows": true, "allowedMarketplaces": [], "feedbackSurveyState": {"lastShownTime": 1}}',
    "notes": '{"_comment": "x", "description": "y", "version": 3, "//": "z", "$comment": "w", "name": "n"}',
    "bookkeeping": '{"numStartups": 3, "hasCompletedOnboarding": true, "tipsHistory": {}, "mcpServers": {}}',
    "opposites": '{"enableAgentView": true, "disableSpinnerTips": true, "claudeAiConnectors": true, "denyPlugins": []}',
    "another type": '{"models": ["a"], "agents": {}, "languages": ["de"], "plugins": []}',
    "another program's": '{"env": {"PROJECT_DIR": "/x", "SESSION_ID": "1", "OPENAI_MODEL": "g", "PROMPT_CACHING": "1", '
    '"LOG_LEVEL": "debug", "GITHUB_TOKEN": "t", "MODEL": "m", "AUTH_TOKEN": "a"}}',
}


@pytest.mark.parametrize("text", NOT_MISSPELT.values(), ids=NOT_MISSPELT)
def test_other_names_are_not_reported(text):
    assert of_code("FILE703", files(user=text)) == []


@pytest.mark.parametrize("version", [None, "2.1.42", NEWEST_LISTED])
def test_a_client_in_the_list_does_not_know_the_name(version):
    settings = files(user='{"alwaysThinkingEnable": true, "env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}')
    (finding,) = of_code("FILE703", settings, client_version=version)
    assert (finding.severity, finding.title) == (Severity.WARNING, "did you mean alwaysThinkingEnabled?")


@pytest.mark.parametrize("version", ["2.1.333", "3.0.0"])
@pytest.mark.parametrize(
    ("text", "name", "meant"),
    [
        ('"alwaysThinkingEnable": true, "env": {', "alwaysThinkingEnable", "alwaysThinkingEnabled"),
        ('"env": {"API_TIMEOUTS_MS": "1", ', "API_TIMEOUTS_MS", "API_TIMEOUT_MS"),
        ('"env": {"CLAUDE_MODEL": "q", ', "CLAUDE_MODEL", "ANTHROPIC_MODEL"),
    ],
)
def test_a_client_newer_than_the_list_may_know_the_name(version, text, name, meant):
    settings = files(user=f'{{{text}"ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}}}}')
    (finding,) = of_code("FILE703", settings, client_version=version)
    assert (finding.severity, finding.title) == (Severity.INFO, f"not known to stormdeck {__version__}")
    assert f"may know {name}. If it does not, {meant} may be meant." in finding.message
    assert finding.fix is None


def test_a_variable_that_the_client_has_given_up_is_a_note():
    (finding,) = of_code("FILE703", files(user='{"env": {"DISABLE_NON_ESSENTIAL_MODEL_CALLS": "1"}}'))
    assert (finding.severity.value, finding.fix) == ("info", None)


def test_a_renamed_key_keeps_its_json_type_and_a_program_keeps_its_variable():
    settings = files(user='{"alwaysThinkingEnable": true, "cleanupPeriodDay": 30, "env": {"API_TIMEOUTS_MS": "1"}}')
    fixes = {one.path: one.fix for one in of_code("FILE703", settings)}
    assert fixes["env.API_TIMEOUTS_MS"] is None
    after = preview(settings, Scope.USER, [edit for fix in fixes.values() if fix for edit in fix.edits])
    assert after.file(Scope.USER).text == (
        '{"env": {"API_TIMEOUTS_MS": "1"}, "alwaysThinkingEnabled": true, "cleanupPeriodDays": 30}'
    )


def test_thousands_of_unknown_names_are_compared_with_a_bounded_number_of_known_ones(monkeypatch):
    compared = []
    closest_name = "stormdeck.model.rules.client.file_syntax.closest_name"
    monkeypatch.setattr(closest_name, lambda name, known: compared.append(name))
    names = {f"CLAUDE_CODE_OWN_{number}": "1" for number in range(5000)}
    of_code("FILE703", files(user=json.dumps({**names, "env": {**names, "MY": "1"}})))
    assert 0 < len(compared) <= 400


def test_known_names_and_proxies_in_lower_case_are_right():
    names = ", ".join(f'"{name}": "1"' for name in ["http_proxy", "NO_PROXY", *sorted(VARIABLES)])
    assert of_code("FILE703", files(user=f'{{"env": {{{names}}}}}')) == []


def test_an_overridden_value_is_reported_in_its_own_file():
    settings = files(
        user='{\n  "model": "opus"\n}', local='{"model": "sonnet"}', exported={"ANTHROPIC_BASE_URL": "http://a:1"}
    )
    (finding,) = of_code("FILE706", settings)
    assert (finding.file, finding.line, finding.path) == (str(USER), 2, "model")
    assert "local" in finding.title


def test_an_overridden_shell_variable_is_reported_without_its_secret():
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


def test_an_entry_of_a_managed_list_of_models_is_not_changed():
    text = json.dumps({"availableModels": ["opus"], "model": "qwen3.5-27b"})
    for scope, is_offered in ((Scope.MANAGED, False), (Scope.USER, True)):
        found = [one for one in check(Facts.effective(settings(text, scope=scope), None)) if one.code == "MODEL312"]
        assert [one.fix is not None for one in found] == [is_offered]


def test_a_token_alone_decides_without_files():
    values = {"env.ANTHROPIC_BASE_URL": "http://127.0.0.1:8000", "env.ANTHROPIC_AUTH_TOKEN": "x"}
    assert _has_early_token(Facts(values=values, settings=None))


def test_a_variable_that_only_the_bundle_names_is_not_misspelt():
    read = dict.fromkeys(sorted(client_names.READ), "1")
    assert "CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS" in read
    assert of_code("FILE703", files(user=json.dumps({"env": read}))) == []


def test_a_name_of_a_library_is_never_what_was_meant():
    for name in ("CLAUDE_CODE_TAG", "GRPC_TRACES", "ANTHROPIC_IDENTITY_TOKENS"):
        assert [one.title for one in of_code("FILE703", files(user=json.dumps({"env": {name: "1"}})))] == []


def test_names_of_the_released_bundles_are_listed():
    assert {"CLAUDE_CODE_SUBAGENT_EFFORT", "CLAUDE_CODE_USE_GATEWAY", "DISABLE_BUG_COMMAND"} <= VARIABLES
    assert {"$schema", "xaaIdp", "quietHours", "teammateDefaultModel"} <= client_names.ROOT_KEYS <= ROOT_KEYS
    assert not client_names.READ & VARIABLES
