"""Rules about settings, as measured with the real client."""

import json
from pathlib import Path

import pytest

from places import TESTS
from stormdeck.model.finding import Severity
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.registry import RULES, check
from stormdeck.model.settings.merge import loaded, merged, preview
from stormdeck.model.settings.scope import Scope, SettingsFile

DATA = TESTS / "data" / "settings"
MAPPED = {f"ANTHROPIC_DEFAULT_{tier}_MODEL": "Qwen3.5-27B" for tier in ("SONNET", "OPUS", "HAIKU")}
GOOD = {
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000",
    "ANTHROPIC_AUTH_TOKEN": "dummy",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_ATTRIBUTION_HEADER": "0",
    "CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS": "1",
}


def snapshot_of(values):
    text = values if isinstance(values, str) else json.dumps(values)
    return merged((loaded(SettingsFile(Scope.USER, Path("settings.json"), exists=True), text),), {})


def settings(model="sonnet", drop=(), root=None, **env):
    """Settings that work, with changes; ``None`` for JSON null."""
    variables = {name: value for name, value in {**GOOD, **MAPPED, **env}.items() if name not in drop}
    return {**({"model": model} if model else {}), "disableAutoMode": "disable", **(root or {}), "env": variables}


def found(values, **known):
    return check(Facts.effective(snapshot_of(values), **known))


def codes(values, **known):
    return [finding.code for finding in found(values, **known)]


def test_settings_that_work_have_no_findings():
    assert codes(settings()) == []


def test_the_article_s_working_block_has_one_warning():
    findings = found((DATA / "article-working.json").read_text())
    assert [(finding.code, finding.severity) for finding in findings] == [("TIME502", Severity.WARNING)]


def test_the_article_s_core_has_no_error():
    findings = found((DATA / "article-core.json").read_text())
    assert {finding.code for finding in findings} == {"MODEL305", "TRAFFIC402"}
    assert Severity.ERROR not in {finding.severity for finding in findings}


def test_the_article_s_variables_at_the_top_level_are_reported():
    findings = found((DATA / "article-option-at-root.json").read_text())
    errors = [finding.code for finding in findings if finding.severity is Severity.ERROR]
    assert errors == ["AUTH201", "MODEL307", "MODEL307"]
    assert [finding.severity.value for finding in findings if finding.code == "MODEL306"] == ["warning"]


URL = {
    "in /v1": ("http://127.0.0.1:8000/v1", ["URL101"], "http://127.0.0.1:8000"),
    "in /v1/": ("http://127.0.0.1:8000/v1/", ["URL101"], "http://127.0.0.1:8000"),
    "in /v1/messages": ("http://127.0.0.1:8000/v1/messages", ["URL101"], "http://127.0.0.1:8000"),
    "twice": ("http://h/v1/v1", ["URL101"], "http://h"),
    "query": ("http://127.0.0.1:8000?x=1", ["URL101"], "http://127.0.0.1:8000"),
    "behind a prefix": ("https://gate.lan/llm/v1", ["URL101"], "https://gate.lan/llm"),
    "empty": ("", ["URL102"], "http://127.0.0.1:8000"),
    "number without scheme": ("127.0.0.1:8000", ["URL103"], "http://127.0.0.1:8000"),
    "name without scheme": ("localhost:8000", ["URL103"], "http://localhost:8000"),
    "quoted": ('"http://h:1"', ["URL103"], "http://h:1"),
    "all at once": ("0.0.0.0:8000/v1", ["URL101", "URL103", "URL107"], "http://127.0.0.1:8000"),
    "fragment": ("http://127.0.0.1:8000#x", ["URL101"], "http://127.0.0.1:8000"),
    "one slash and a path": ("http:/h:1/v1", ["URL101"], "http://h:1"),
    "one slash and a wildcard": ("http:/0.0.0.0:1", ["URL107"], "http://127.0.0.1:1"),
    "wildcard": ("http://[::]:8000", ["URL107"], "http://[::1]:8000"),
}


@pytest.mark.parametrize(("url", "expected", "fixed"), URL.values(), ids=URL)
def test_a_base_url_that_does_not_work_is_found_and_fixed(url, expected, fixed):
    findings = found(settings(ANTHROPIC_BASE_URL=url))
    assert [finding.code for finding in findings] == expected
    assert {finding.fix.edits[0].value for finding in findings} == {fixed}
    assert {finding.path for finding in findings} == {"env.ANTHROPIC_BASE_URL"}


WORKS = [
    *(
        "http://127.0.0.1:8000/",
        " http://h:1\n",
        "https://gate/v1beta",
        "http://h/llm",
        "HTTP://h:1",
        "http://[::1]:8000",
    ),
    *("http:/h:1", "http:h:1", "http:///h:1", "http://h:1/./", "http://h:1//", "http://u:p@h:1"),
]
"""The newest clients reach the server with each of them (measured, 2.1.329 and 2.1.332)."""


@pytest.mark.parametrize("url", WORKS)
def test_a_base_url_that_works_is_left_alone(url):
    assert codes(settings(ANTHROPIC_BASE_URL=url)) == []


@pytest.mark.parametrize(
    ("url", "code"),
    [("http://h:1//", "URL115"), ("http:/h:1///", "URL115"), ("http://u:p@h:1", "URL116"), ("http://u@h:1/", "URL116")],
)
def test_what_only_an_old_client_cannot_reach_is_found_where_it_is_old(url, code):
    for version, expected in (("2.1.42", [code]), ("2.1.112", [code]), ("2.1.329", []), ("2.1.332", [])):
        findings = found(settings(ANTHROPIC_BASE_URL=url), client_version=version)
        assert [one.code for one in findings if one.code in {"URL115", "URL116"}] == expected
        assert all(one.fix is None or one.fix.edits[0].value == "http://h:1" for one in findings if one.code == code)


@pytest.mark.parametrize("version", ["2.1.42", "2.1.112"])
@pytest.mark.parametrize("url", ["http://h:1/", "http://h:1", "http://h:1/llm/", "http:/h:1/", "http://h:1/@"])
def test_an_old_client_reaches_these(url, version):
    codes = {one.code for one in found(settings(ANTHROPIC_BASE_URL=url), client_version=version)}
    assert not codes & {"URL115", "URL116", "URL103", "URL110"}


def test_the_newest_client_takes_a_name_without_scheme():
    assert codes(settings(ANTHROPIC_BASE_URL="localhost:8000"), client_version="2.1.329") == []


def test_no_address_with_a_mapped_model_sends_prompts_away():
    assert codes(settings(drop={"ANTHROPIC_BASE_URL"})) == ["URL102"]


def test_the_text_that_the_user_sees_depends_on_the_version():
    (new,) = found(settings(ANTHROPIC_BASE_URL="http://h/v1"), client_version="2.1.41")
    (old,) = found(settings(ANTHROPIC_BASE_URL="http://h/v1"), client_version="2.0.76")
    assert "issue with the selected model" in new.message
    assert "API Error: 404" in old.message


AUTH = {
    "nobody": ({"drop": {"ANTHROPIC_AUTH_TOKEN"}}, ["AUTH201"]),
    "null token": ({"ANTHROPIC_AUTH_TOKEN": None}, ["AUTH201"]),
    "helper": ({"drop": {"ANTHROPIC_AUTH_TOKEN"}, "root": {"apiKeyHelper": "/bin/key"}}, []),
    "key": ({"drop": {"ANTHROPIC_AUTH_TOKEN"}, "ANTHROPIC_API_KEY": "k"}, ["AUTH202"]),
    "both": ({"ANTHROPIC_API_KEY": "k"}, ["AUTH203"]),
    "empty token": ({"ANTHROPIC_AUTH_TOKEN": ""}, ["AUTH206"]),
}


@pytest.mark.parametrize(("change", "expected"), AUTH.values(), ids=AUTH)
def test_who_the_client_is(change, expected):
    assert codes(settings(**change)) == expected


def test_an_empty_token_is_an_error_where_it_is_refused():
    severity = {
        version: found(settings(ANTHROPIC_AUTH_TOKEN=""), client_version=version)[-1].severity
        for version in ("1.0.128", "2.1.42", "2.1.329")
    }
    assert severity == {"1.0.128": "error", "2.1.42": "warning", "2.1.329": "error"}


def only(tier):
    return {f"ANTHROPIC_DEFAULT_{name}_MODEL" for name in ("SONNET", "OPUS", "HAIKU")} - {
        f"ANTHROPIC_DEFAULT_{tier}_MODEL"
    }


NO_TIER = only("NONE")
MODEL = {
    "tier not mapped": ("sonnet", only("OPUS"), None, "env.ANTHROPIC_DEFAULT_SONNET_MODEL"),
    "tier with a window": ("opus[1m]", only("SONNET"), None, "env.ANTHROPIC_DEFAULT_OPUS_MODEL"),
    "plan mode needs both": ("opusplan", only("OPUS"), None, "env.ANTHROPIC_DEFAULT_SONNET_MODEL"),
    "no model, version unknown": (None, only("SONNET"), None, "env.ANTHROPIC_DEFAULT_OPUS_MODEL"),
    "no model, newest": (None, only("SONNET"), "2.1.329", "env.ANTHROPIC_DEFAULT_OPUS_MODEL"),
    "no model, before": (None, only("OPUS"), "2.1.112", "env.ANTHROPIC_DEFAULT_SONNET_MODEL"),
    "nothing mapped": ("haiku", NO_TIER, None, "env.ANTHROPIC_DEFAULT_HAIKU_MODEL"),
}


@pytest.mark.parametrize(("model", "drop", "version", "path"), MODEL.values(), ids=MODEL)
def test_a_chosen_tier_without_a_mapping_is_an_error(model, drop, version, path):
    seen = ("Qwen3.5-27B", "other")
    findings = found(settings(model, drop), client_version=version, served=seen)
    assert [(finding.code, finding.severity, finding.path) for finding in findings] == [("MODEL301", "error", path)]
    assert (findings[0].fix is None) == (drop == NO_TIER)


@pytest.mark.parametrize(("model", "drop", "version", "path"), MODEL.values(), ids=MODEL)
def test_an_unmapped_tier_is_a_conditional_note_if_the_served_models_are_unknown(model, drop, version, path):
    (finding,) = found(settings(model, drop), client_version=version)
    assert (finding.code, finding.severity, finding.path) == ("MODEL301", "info", path)
    assert "unless it serves or maps that" in finding.message


@pytest.mark.parametrize(("version", "drop"), [("2.1.112", only("SONNET")), ("2.1.329", only("OPUS"))])
def test_the_default_tier_that_is_mapped_is_no_error(version, drop):
    assert codes(settings(None, drop), client_version=version) == ["MODEL305"]


def test_a_single_served_id_fixes_what_nothing_names():
    (finding,) = found(settings(drop=NO_TIER), served=("Qwen",))
    assert {edit.value for edit in finding.fix.edits} == {"Qwen"}
    assert len(finding.fix.edits) == 3


def test_a_picker_row_alone_is_an_error_and_replaces_the_finding_about_the_tier():
    values = settings(None, NO_TIER, ANTHROPIC_CUSTOM_MODEL_OPTION="Q")
    assert codes(values) == ["MODEL306"]
    assert codes(values, client_version="2.1.77") == ["MODEL301"]


@pytest.mark.parametrize(
    "change", [{"model": "Q"}, {"model": "sonnet", "ANTHROPIC_MODEL": "Q"}], ids=["model", "variable"]
)
def test_a_picker_row_beside_the_id_itself_works(change):
    assert "MODEL306" not in codes(settings(drop=NO_TIER, ANTHROPIC_CUSTOM_MODEL_OPTION="Q", **change))


DIRECT = {
    "unknown": (None, "model", "info"),
    "newest": ("2.1.329", "model", "info"),
    "lower-cased": ("1.0.128", "model", "error"),
    "ignored": ("2.0.76", "model", "error"),
    "the variable is not ignored": ("2.0.76", "variable", "info"),
}


@pytest.mark.parametrize(("version", "where", "severity"), DIRECT.values(), ids=DIRECT)
def test_an_id_in_model_is_judged_by_version(version, where, severity):
    values = settings("Qwen3.5-27B") if where == "model" else settings(None, ANTHROPIC_MODEL="Qwen3.5-27B")
    (finding,) = [one for one in found(values, client_version=version) if one.code.startswith("MODEL")]
    assert (finding.code, finding.severity) == ("MODEL302", severity)


OTHER = {
    "default": (settings("default"), ["MODEL311"], None),
    "default, where it works": (settings("default"), [], "2.0.76"),
    "two choices": (settings("opus", ANTHROPIC_MODEL="sonnet"), ["MODEL309"], None),
    "old name": (settings(ANTHROPIC_SMALL_FAST_MODEL="Q"), ["MODEL310"], None),
    "blank at the end": (settings(ANTHROPIC_DEFAULT_OPUS_MODEL="Q "), ["MODEL308"], None),
    "blank, trimmed": (settings(ANTHROPIC_DEFAULT_OPUS_MODEL="Q "), [], "2.1.329"),
    "at the root": (settings(root={"API_TIMEOUT_MS": 5}), ["MODEL307"], None),
    "slash on one side": (settings(ANTHROPIC_DEFAULT_OPUS_MODEL="Qwen/Qwen3.5-27B"), ["MODEL304"], None),
    "switch as a boolean": (settings(CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=True), [], None),
    "extra traffic": (settings(drop={"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"}), ["TRAFFIC401"], None),
    "extra traffic, 0": (settings(CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="0"), ["TRAFFIC401"], None),
    "attribution": (settings(drop={"CLAUDE_CODE_ATTRIBUTION_HEADER"}), ["TRAFFIC402"], None),
    "attribution, before it came": (settings(drop={"CLAUDE_CODE_ATTRIBUTION_HEADER"}), [], "2.0.76"),
    "betas": (settings(drop={"CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"}), ["TRAFFIC403"], "2.1.329"),
    "betas, version unknown": (settings(drop={"CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS"}), [], None),
    "timeout in words": (settings(API_TIMEOUT_MS="10 minutes"), ["TIME501"], None),
    "timeout null": (settings(API_TIMEOUT_MS=None), ["TIME501"], None),
    "timeout null, ignored": (settings(API_TIMEOUT_MS=None), [], "2.1.329"),
    "five minutes": (settings(API_TIMEOUT_MS=300000), [], None),
    "long timeout": (settings(API_TIMEOUT_MS="300001"), ["TIME502"], None),
    "long timeout, lifted": (settings(API_TIMEOUT_MS="900000", CLAUDE_STREAM_IDLE_TIMEOUT_MS="900000"), [], None),
    "long timeout, switched off": (settings(API_TIMEOUT_MS="900000", API_FORCE_IDLE_TIMEOUT="0"), [], None),
    "long timeout, cannot be lifted": (
        settings(API_TIMEOUT_MS="900000", CLAUDE_STREAM_IDLE_TIMEOUT_MS="900000"),
        ["TIME502"],
        "2.1.112",
    ),
    "retries below": (settings(CLAUDE_CODE_MAX_RETRIES="-1"), ["TIME503"], None),
    "retries above": (settings(CLAUDE_CODE_MAX_RETRIES="20"), ["TIME503"], None),
    "retries above, obeyed": (settings(CLAUDE_CODE_MAX_RETRIES="20"), [], "2.1.42"),
    "no retries": (settings(CLAUDE_CODE_MAX_RETRIES="0"), [], None),
}


@pytest.mark.parametrize(("values", "expected", "version"), OTHER.values(), ids=OTHER)
def test_one_thing_wrong_is_one_finding(values, expected, version):
    assert codes(values, client_version=version) == expected


SERVED = {
    "as served": ("Qwen3.5-27B", ("Qwen3.5-27B", "other"), [], None),
    "another case": ("Qwen3.5-27b", ("Qwen3.5-27B", "zephyr"), ["MODEL303"], "Qwen3.5-27B"),
    "nothing near": ("Qwen3.5-27B", ("zephyr", "llama"), ["MODEL303"], None),
    "only one served": ("Qwen3.5-27B", ("zephyr",), ["MODEL303"], "zephyr"),
    "owner on the server": ("Qwen3.5-27B", ("Qwen/Qwen3.5-27B",), ["MODEL304"], "Qwen/Qwen3.5-27B"),
    "owner in the settings": ("Qwen/Qwen3.5-27B", ("Qwen3.5-27B",), ["MODEL304"], "Qwen3.5-27B"),
    "window suffix": ("Qwen3.5-27B[1m]", ("Qwen3.5-27B",), [], None),
    "a proxy takes all": ("anything", ("*",), [], None),
    "nobody was asked": ("Qwen3.5-27B", (), [], None),
}


@pytest.mark.parametrize(("model", "served", "expected", "fixed"), SERVED.values(), ids=SERVED)
def test_a_mapped_id_is_compared_with_what_is_served(model, served, expected, fixed):
    values = settings("opus", {"ANTHROPIC_DEFAULT_SONNET_MODEL", "ANTHROPIC_DEFAULT_HAIKU_MODEL"}) | {}
    values["env"]["ANTHROPIC_DEFAULT_OPUS_MODEL"] = model
    findings = [one for one in found(values, served=served) if one.code in {"MODEL303", "MODEL304"}]
    assert [finding.code for finding in findings] == expected
    assert [finding.fix.edits[0].value if finding.fix else None for finding in findings] == [fixed] * len(expected)


def test_a_proxy_that_takes_hosted_ids_needs_no_mapping():
    assert codes(settings(drop=NO_TIER), served=("claude-*",)) == []


BROKEN = {
    "everything": {"model": "default", "env": {"ANTHROPIC_BASE_URL": "0.0.0.0/v1", "API_TIMEOUT_MS": "x"}},
    "picker row": settings(None, NO_TIER, ANTHROPIC_CUSTOM_MODEL_OPTION="Q"),
    "root": {"ANTHROPIC_CUSTOM_MODEL_OPTION": "Q", "ANTHROPIC_BASE_URL": "http://127.0.0.1:8000/v1"},
    "direct id": settings("Q", NO_TIER),
    "old variables": settings("opus", ANTHROPIC_MODEL="Q", ANTHROPIC_SMALL_FAST_MODEL="S", ANTHROPIC_API_KEY="k"),
}


@pytest.mark.parametrize("values", BROKEN.values(), ids=BROKEN)
def test_fixes_one_after_another_lead_to_settings_without_findings(values):
    snapshot = snapshot_of(values)
    for _ in range(12):
        fixes = [finding.fix for finding in check(Facts.effective(snapshot, served=("Q",))) if finding.fix]
        if not fixes:
            break
        snapshot = preview(snapshot, Scope.USER, fixes[0].edits)
    assert check(Facts.effective(snapshot, served=("Q",))) == ()


def test_findings_come_worst_first_then_by_code():
    findings = found({"model": "Qwen", "env": {"ANTHROPIC_BASE_URL": "0.0.0.0:1/v1"}})
    order = [(list(Severity).index(finding.severity), finding.code) for finding in findings]
    assert len(order) > 4
    assert order == sorted(order)


def test_values_that_findings_quote_are_made_harmless():
    for finding in found(settings("\x1b[2J\x07x", NO_TIER, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="\x1b[31m")):
        assert (finding.title + finding.message + finding.fix.description).isprintable()


def test_a_password_in_an_address_is_not_repeated():
    (finding,) = found(settings(ANTHROPIC_BASE_URL="http://me:hunter2@h/v1"))
    assert "hunter2" not in finding.message + finding.fix.description
    assert finding.fix.edits[0].value == "http://me:hunter2@h"


def test_codes_are_unique_and_findings_carry_the_code_of_their_rule():
    assert len({rule.code for rule in RULES}) == len(RULES)
    facts = [Facts.effective(snapshot_of(values), served=("zzz",)) for values in BROKEN.values()]
    seen = {(rule.code, finding.code) for rule in RULES for fact in facts for finding in rule.find(fact)}
    assert len(seen) > 8
    assert all(code == own for code, own in seen)
