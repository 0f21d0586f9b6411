"""Rules about LiteLLM's YAML: every row of the measurements, as real files."""

import pytest

from places import TESTS
from stormdeck.model.finding import HopKind, Severity
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import merged
from stormdeck.model.snapshots.server import ProxySnapshot, ServedModel, ServerKind, ServerState, VllmSnapshot
from stormdeck.sources.litellm_yaml import parse_proxy_config, read_proxy_config

DATA = TESTS / "data" / "litellm"
NEW, OLD = "1.109.1", "1.80.5"
HAIKU = "claude-haiku-4-5-20251001"
MAPPED = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": "Qwen3.5-27B" for tier in ("SONNET", "OPUS", "HAIKU")}
CLIENT = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:4000", "ANTHROPIC_AUTH_TOKEN": "sk-9f2c4e7a1b"}


def config_of(name):
    return read_proxy_config(DATA / f"{name}.yaml")


def running(version=None, url="http://127.0.0.1:4000", **more):
    return Live(proxy=ProxySnapshot(url, ServerKind.LITELLM, ServerState.UP, version=version), **more)


def about(config, env=None, live=None, version=None):
    snapshot = merged((), env or {})
    facts = Facts.effective(snapshot, version, proxy_config=config, live=live)
    return [finding for finding in check(facts) if finding.hop is HopKind.PROXY]


def marks(findings):
    return {(finding.code, finding.severity.value) for finding in findings}


def of_code(findings, code):
    return [finding for finding in findings if finding.code == code]


ROWS = {
    "no master key": ("no-master-key", "PROXY801", "warning", 1),
    "public master key": ("public-master-key", "PROXY801", "error", 9),
    "blank master key": ("blank-master-key", "PROXY801", "error", 9),
    "openai/": ("openai", "PROXY807", "warning", 4),
    "openai/ with the chat URL": ("openai-chat-url", "PROXY807", "info", 4),
    "openai/ without key": ("openai-no-key", "PROXY814", "info", 4),
    "anthropic/ in /v1": ("native-in-v1", "PROXY804", "error", 5),
    "drop_params missing": ("no-drop-params", "PROXY802", "info", 1),
    "openai/ without /v1": ("openai-without-v1", "PROXY804", "error", 5),
    "hosted_vllm/ without /v1": ("hosted-without-v1", "PROXY804", "error", 5),
    "api_base of an endpoint": ("base-of-an-endpoint", "PROXY804", "error", 5),
    "no provider": ("no-provider", "PROXY805", "error", 4),
    "owner for a provider": ("owner-as-provider", "PROXY805", "error", 4),
    "anthropic/*": ("wildcard-anthropic", "PROXY806", "info", 2),
    "* to the same id": ("wildcard-all", "PROXY806", "warning", 2),
    "misspelt section": ("misspelt-section", "PROXY810", "error", 8),
    "misspelt keys": ("misspelt-keys", "PROXY810", "error", 9),
    "timeout in general_settings": ("timeout-in-general", "PROXY803", "warning", 13),
    "timeout in router_settings": ("timeout-in-router", "PROXY803", "warning", 9),
    "timeout that lowers the default": ("timeout-in-litellm", "PROXY803", "info", 10),
    "timeout of the router": ("timeout-of-router", "PROXY803", "warning", 9),
    "timeout of a model": ("timeout-of-model", "PROXY803", "warning", 7),
    "max_retries": ("max-retries", "PROXY809", "info", 7),
    "two proxies": ("behind-a-proxy", "PROXY812", "warning", 5),
    "no YAML": ("not-yaml", "PROXY813", "error", 3),
    "no model": ("no-model", "PROXY813", "error", 2),
}


@pytest.mark.parametrize(("name", "code", "severity", "line"), ROWS.values(), ids=ROWS)
def test_a_pitfall_is_found_at_its_line(name, code, severity, line):
    found = of_code(about(config_of(name)), code)
    assert (code, severity) in marks(found)
    assert line in {finding.line for finding in found}
    assert all(finding.column is not None and finding.file.endswith(f"{name}.yaml") for finding in found)


FINE = {
    "chat completions by key": ("openai-chat-api", "PROXY807"),
    "chat completions by prefix": ("openai-chat-prefix", "PROXY807"),
    "trailing slash": ("trailing-slash", "PROXY804"),
    "claude-*": ("wildcard-claude", "PROXY806"),
    "native without /v1": ("starts-native", "PROXY804"),
}


@pytest.mark.parametrize(("name", "code"), FINE.values(), ids=FINE)
def test_what_works_is_not_called_a_pitfall(name, code):
    assert of_code(about(config_of(name)), code) == []


@pytest.mark.parametrize("name", ["starts-native", "starts-hosted-vllm"])
def test_a_configuration_that_works_has_one_warning_that_each_abandoned_request_proves(name):
    findings = about(config_of(name), CLIENT | MAPPED)
    assert [one.code for one in findings if one.severity is not Severity.INFO] == ["PROXY811"]


def test_a_configuration_with_everything_set_has_no_finding():
    assert about(config_of("starts-all-set"), CLIENT | MAPPED) == []


def test_the_second_article_s_configuration_does_not_start_and_leaves_the_background_model_out():
    env = {**CLIENT, "ANTHROPIC_AUTH_TOKEN": "sk-anything", "ANTHROPIC_MODEL": "claude-3-5-sonnet-20241022"}
    findings = about(config_of("article-2"), env)
    assert {("PROXY801", "warning"), ("PROXY806", "error"), ("PROXY807", "warning")} <= marks(findings)
    (missing,) = of_code(findings, "PROXY806")
    assert HAIKU in missing.title
    assert missing.fix.edits[0].value == "claude-3-5-sonnet-20241022"


def test_the_second_article_without_its_underscores_says_nothing_to_litellm():
    found = of_code(about(config_of("article-2-without-underscores")), "PROXY810")
    assert {finding.path for finding in found} == {
        "litellmsettings",
        "litellm_settings.dropparams",
        "litellm_settings.requesttimeout",
    }
    assert {finding.severity for finding in found} == {Severity.ERROR}


def test_the_second_article_s_timeout_lowers_what_it_should_raise():
    (finding,) = of_code(about(config_of("article-2-timeout")), "PROXY803")
    assert "from 6000 s to 600 s" in finding.title


SERVE = ("vllm", "serve", "Qwen/Qwen3.5-Coder-32B-Instruct")
TOOLS = (*SERVE, "--enable-auto-tool-choice", "--tool-call-parser")
SYMPTOMS = {
    "spins for ever": ({"live": Live(command=SERVE)}, "SERVER901", "error"),
    "another family's parser": ({"live": Live(command=(*TOOLS, "llama3_json"))}, "SERVER902", "warning"),
    "400 on half of the requests, old": (
        {"proxy_config": config_of("no-drop-params"), "live": running(OLD)},
        "PROXY802",
        "warning",
    ),
    "cut off mid-sentence": (
        {"proxy_config": config_of("timeout-in-litellm"), "live": running(OLD)},
        "PROXY803",
        "warning",
    ),
    "auth error": ({}, "AUTH201", "error"),
}


@pytest.mark.parametrize(("known", "code", "severity"), SYMPTOMS.values(), ids=SYMPTOMS)
def test_the_second_article_s_table_of_symptoms(known, code, severity):
    findings = check(Facts.effective(merged((), {}), **known))
    assert (code, severity) in marks(findings)


def test_the_second_article_s_parser_is_of_another_grammar():
    findings = check(Facts.effective(merged((), {}), live=Live(command=(*TOOLS, "hermes"))))
    assert [one.code for one in findings if one.hop is HopKind.SERVER] == ["SERVER902"]


def test_the_fourth_article_s_catch_all_takes_no_id_of_one_s_own():
    env = {**CLIENT, **dict.fromkeys(MAPPED, "your-main-model")}
    found = of_code(about(config_of("article-4"), env), "PROXY806")
    assert [(finding.severity.value, finding.title) for finding in found] == [
        ("error", "no model_list entry matches your-main-model")
    ]


CATCHES = {
    "anthropic/* and haiku": ("wildcard-anthropic", HAIKU, set()),
    "anthropic/* and an old id": ("wildcard-anthropic", "claude-3-5-sonnet-20241022", {"error"}),
    "anthropic/* and a new id": ("wildcard-anthropic", "claude-opus-5-5", set()),
    "anthropic/* and its own form": ("wildcard-anthropic", "anthropic/claude-x", set()),
    "claude-* and any": ("wildcard-claude", "claude-3-5-sonnet-20241022", set()),
    "claude-* and a window": ("wildcard-claude", "claude-opus-5-5[1m]", set()),
    "claude-* and anthropic/": ("wildcard-claude", "anthropic/claude-x", {"error"}),
    "* and a hosted id": ("wildcard-all", "claude-opus-5-5", {"error"}),
    "* and an own id": ("wildcard-all", "Qwen3.5-27B", set()),
}


@pytest.mark.parametrize(("name", "asked", "expected"), CATCHES.values(), ids=CATCHES)
def test_what_a_wildcard_takes(name, asked, expected):
    env = {**CLIENT, **dict.fromkeys(MAPPED, asked)}
    assert {one.severity.value for one in of_code(about(config_of(name), env), "PROXY806")} == expected


HOSTED_ID = "claude-opus-5-5"
UNLISTED = {
    "claude-* takes it": ("wildcard-claude", HOSTED_ID, []),
    "anthropic/* takes it": ("wildcard-anthropic", HOSTED_ID, []),
    "* takes an own id": ("wildcard-all", "Qwen3.5-27B", []),
    "no wildcard": ("starts-hosted-vllm", HOSTED_ID, ["error"]),
    "a YAML that is not known": (None, HOSTED_ID, ["warning"]),
    "an own id, a YAML that is not known": (None, "Qwen3.5-27B", ["error"]),
}


@pytest.mark.parametrize(("name", "asked", "expected"), UNLISTED.values(), ids=UNLISTED)
def test_what_a_wildcard_takes_counts_as_served_though_litellm_does_not_list_it(name, asked, expected):
    """Measured: /v1/models of 1.109.1 leaves claude-* out."""
    env = {**CLIENT, "ANTHROPIC_MODEL": asked}
    proxy = ProxySnapshot(CLIENT["ANTHROPIC_BASE_URL"], ServerKind.LITELLM, ServerState.UP, models=("zephyr", "llama"))
    config = config_of(name) if name else None
    facts = Facts.effective(merged((), env), None, proxy_config=config, live=Live(proxy=proxy))
    assert [one.severity.value for one in of_code(check(facts), "MODEL303")] == expected


def test_a_client_that_goes_past_the_proxy_asks_nothing_of_it():
    env = {**CLIENT, "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000"}
    assert of_code(about(config_of("starts-native"), env), "PROXY806") == []


VERSIONS = {
    "master key, runs, new": ("no-master-key", NEW, "PROXY801", None),
    "master key, runs, old": ("no-master-key", OLD, "PROXY801", "warning"),
    "drop_params, new": ("no-drop-params", NEW, "PROXY802", None),
    "drop_params, old": ("no-drop-params", OLD, "PROXY802", "warning"),
    "long timeout, new": ("timeout-in-litellm", NEW, "PROXY803", "info"),
    "long timeout, old": ("timeout-in-litellm", OLD, "PROXY803", "warning"),
    "short timeout, new": ("timeout-of-router", NEW, "PROXY803", "warning"),
    "openai/, old": ("openai", OLD, "PROXY807", None),
    "cancel, old": ("starts-native", OLD, "PROXY811", "info"),
}


@pytest.mark.parametrize(("name", "version", "code", "severity"), VERSIONS.values(), ids=VERSIONS)
def test_the_severity_follows_the_version_that_runs(name, version, code, severity):
    found = of_code(about(config_of(name), live=running(version)), code)
    assert {finding.severity.value for finding in found} == ({severity} if severity else set())


@pytest.mark.parametrize("name", ["no-provider", "hosted-without-v1", "openai"])
def test_a_cooldown_is_a_warning_where_the_yaml_leads_to_errors(name):
    assert ("PROXY808", "warning") in marks(about(config_of(name)))
    assert ("PROXY808", "info") in marks(about(config_of("starts-native")))


def test_an_id_that_vllm_does_not_serve_is_found_live():
    vllm = VllmSnapshot("http://localhost:8000", ServerState.UP, models=(ServedModel("Qwen3.5-27B", 65536, None),))
    (finding,) = of_code(about(config_of("another-served-name"), live=running(NEW, vllm=vllm)), "PROXY815")
    assert finding.severity is Severity.ERROR
    assert finding.paste.text == "      model: hosted_vllm/Qwen3.5-27B"


def test_a_proxy_that_leads_to_itself_is_an_error():
    live = running(NEW, url="http://localhost:8082")
    assert ("PROXY812", "error") in marks(about(config_of("behind-a-proxy"), live=live))


def test_a_token_that_is_not_the_master_key_is_found_offline():
    env = {**CLIENT, "ANTHROPIC_AUTH_TOKEN": "sk-anything"}
    facts = Facts.effective(merged((), env), proxy_config=config_of("starts-native"))
    (finding,) = [one for one in check(facts) if one.code == "AUTH204"]
    assert finding.fix.edits[0].value == CLIENT["ANTHROPIC_AUTH_TOKEN"]
    assert CLIENT["ANTHROPIC_AUTH_TOKEN"] not in finding.title + finding.message + finding.fix.description
    facts = Facts.effective(merged((), CLIENT), proxy_config=config_of("starts-native"))
    assert not [one for one in check(facts) if one.code == "AUTH204"]


def pasted(config, paste):
    """Return the text after the user has pasted the snippet."""
    lines = list(config.lines)
    rows = paste.text.split("\n") if paste.text else []
    if paste.last < paste.first:
        lines[paste.first : paste.first] = rows
    else:
        lines[paste.first - 1 : paste.last] = rows
    return "\n".join(lines)


ALL = sorted(path.stem for path in DATA.glob("*.yaml"))


@pytest.mark.parametrize("name", ALL)
def test_what_is_pasted_takes_its_finding_away(name):
    config = config_of(name)
    for finding in about(config):
        if finding.paste is None:
            continue
        after = parse_proxy_config(pasted(config, finding.paste), config.file)
        assert after.error is None
        here = {(one.code, one.path, one.title) for one in about(after)}
        assert (finding.code, finding.path, finding.title) not in here


@pytest.mark.parametrize("name", ["article-2", "article-4", "openai", "no-master-key", "misspelt-keys"])
def test_pasting_one_after_another_leads_to_a_file_without_errors_and_warnings(name):
    config = config_of(name)
    for _ in range(20):
        found = next((one for one in about(config) if one.paste is not None), None)
        if found is None:
            break
        config = parse_proxy_config(pasted(config, found.paste), config.file)
    assert {one.code for one in about(config) if one.severity is not Severity.INFO} <= {"PROXY806", "PROXY818"}


def test_an_entry_is_repeated_under_the_missing_name():
    text = "model_list:\n- model_name: a\n  litellm_params:\n    model: hosted_vllm/q\n    api_base: http://h:8000/v1\n"
    text += "- model_name: b\n  litellm_params: {model: hosted_vllm/q, api_base: 'http://h:8000/v1'}\n"
    config = parse_proxy_config(text, "x.yaml")
    env = {**CLIENT, **MAPPED}
    (finding,) = of_code(about(config, env), "PROXY806")
    assert finding.paste.text.split("\n")[0] == "- model_name: Qwen3.5-27B"
    assert (finding.paste.first, finding.paste.last) == (5, 4)
    after = parse_proxy_config(pasted(config, finding.paste), "x.yaml")
    assert of_code(about(after, env), "PROXY806") == []


def test_in_flow_style_no_lines_are_proposed_that_would_break_it():
    text = "model_list: [{model_name: a, litellm_params: {model: openai/q, api_base: 'http://h:8000'}}]\n"
    findings = about(parse_proxy_config(text, "x.yaml"))
    assert ("PROXY804", "error") in marks(findings)
    assert all(one.paste is None for one in of_code(findings, "PROXY804"))


def test_a_variable_for_the_master_key_counts_as_set():
    for text in (
        "general_settings:\n  master_key: os.environ/MY_KEY\n",
        "environment_variables:\n  LITELLM_MASTER_KEY: k\n",
    ):
        config = parse_proxy_config("model_list: []\n" + text, "x.yaml")
        assert of_code(about(config), "PROXY801") == []


def test_settings_of_one_missing_section_are_pasted_together():
    config = config_of("article-2")
    found = {one.code: one.paste for one in about(config)}
    assert found["PROXY801"].text == found["PROXY811"].text
    assert found["PROXY801"].text.split("\n")[0] == "general_settings:"
    after = parse_proxy_config(pasted(config, found["PROXY801"]), config.file)
    assert not {"PROXY801", "PROXY811"} & {one.code for one in about(after)}


def test_a_duplicate_section_is_reported_at_the_one_without_effect():
    text = "model_list: []\ngeneral_settings:\n  master_key: k\ngeneral_settings:\n  cancel_on_disconnect: true\n"
    found = of_code(about(parse_proxy_config(text, "x.yaml")), "PROXY810")
    assert [(one.path, one.line) for one in found] == [("general_settings", 2)]


def test_keys_in_the_wrong_section_are_sent_home():
    config = parse_proxy_config("model_list: []\ngeneral_settings:\n  drop_params: true\n  master_key: k\n", "x.yaml")
    (finding,) = of_code(about(config), "PROXY810")
    assert finding.title == "belongs in litellm_settings"


def test_the_files_above_have_findings_to_paste():
    with_paste = [name for name in ALL if any(one.paste is not None for one in about(config_of(name)))]
    assert len(with_paste) > len(ALL) / 2
