"""The articles' attempts and every row of the measurements about settings, as real files."""

import json
from pathlib import Path

import pytest

from places import TESTS
from stormdeck.model.finding import Severity
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import loaded, merged
from stormdeck.model.settings.scope import Scope, SettingsFile
from stormdeck.model.snapshots.server import ServedModel, ServerState, VllmSnapshot

DATA = TESTS / "data" / "settings"
FIRST = ("1.0.128", "2.0.76")
MISLEADING = ("2.1.41", "2.1.42", "2.1.112", "2.1.329")


def serving(*ids):
    models = tuple(ServedModel(id=one, max_model_len=200_000, root=one) for one in ids)
    return Live(vllm=VllmSnapshot("http://127.0.0.1:8000", ServerState.UP, version="0.32.0", models=models))


def of_text(text, version=None, **known):
    snapshot = merged((loaded(SettingsFile(Scope.USER, Path("settings.json"), exists=True), text),), {})
    return check(Facts.effective(snapshot, version, **known))


def of_file(name, version=None, **known):
    return of_text((DATA / f"{name}.json").read_text("utf-8"), version, **known)


def marked(findings):
    return {(finding.code, finding.severity.value) for finding in findings}


def errors(findings):
    return {finding.code for finding in findings if finding.severity is Severity.ERROR}


def test_attempt_1_a_base_url_in_v1_is_an_error_in_every_version():
    for version in (*FIRST, *MISLEADING):
        assert errors(of_file("attempt-1-base-url-in-v1", version)) == {"URL101"}


@pytest.mark.parametrize("version", MISLEADING)
def test_attempt_1_names_the_misleading_text(version):
    (finding,) = [one for one in of_file("attempt-1-base-url-in-v1", version) if one.code == "URL101"]
    assert "There's an issue with the selected model" in finding.message


@pytest.mark.parametrize("version", MISLEADING)
def test_attempt_2_an_id_in_model_works_since_2_1_41_whatever_the_article_says(version):
    findings = of_file("attempt-2-id-in-model", version)
    assert errors(findings) == set()
    assert ("MODEL302", "info") in marked(findings)


@pytest.mark.parametrize(("version", "words"), [("1.0.128", "lower case"), ("2.0.76", "ignores")], ids=FIRST)
def test_attempt_2_fails_in_old_versions_for_another_reason(version, words):
    (finding,) = [one for one in of_file("attempt-2-id-in-model", version) if one.severity is Severity.ERROR]
    assert finding.code == "MODEL302"
    assert words in finding.message


def test_attempt_3_an_owner_on_one_side_only_is_an_error():
    findings = of_file("attempt-3-slash", live=serving("Qwen/Qwen3.5-27B"))
    (finding,) = [one for one in findings if one.severity is Severity.ERROR]
    assert finding.code == "MODEL304"
    assert finding.fix.edits[0].value == "Qwen/Qwen3.5-27B"


def test_attempt_3_a_slash_on_both_sides_is_fine():
    text = (DATA / "attempt-3-slash.json").read_text().replace("Qwen3.5-27B", "Qwen/Qwen3.5-27B")
    assert errors(of_text(text, live=serving("Qwen/Qwen3.5-27B"))) == set()


def test_attempt_4_at_the_root_is_ignored_and_not_logged_in():
    assert {"AUTH201", "MODEL307"} <= errors(of_file("attempt-4-option-only"))


def test_attempt_4_in_env_still_asks_for_the_hosted_default():
    seen = serving("Qwen3.5-27B")
    assert errors(of_file("attempt-4-option-in-env", "2.1.329", live=seen)) == {"MODEL306"}
    assert errors(of_file("attempt-4-option-in-env", "2.1.77", live=seen)) == {"MODEL301"}


def test_attempt_5_a_key_is_half_right():
    assert ("AUTH202", "warning") in marked(of_file("attempt-5-api-key"))
    assert errors(of_file("attempt-5-api-key")) == set()


def test_attempt_6_the_flag_is_about_traffic_and_not_about_validation():
    (finding,) = [one for one in of_file("attempt-6-no-flag") if one.code == "TRAFFIC401"]
    assert finding.severity is Severity.WARNING
    assert "Turns work anyway" in finding.message
    assert errors(of_file("attempt-6-no-flag")) == set()


@pytest.mark.parametrize("version", [*FIRST, *MISLEADING, None])
def test_attempt_7_the_core_works_in_every_version(version):
    assert errors(of_file("attempt-7-core", version)) == set()


def test_attempt_7_without_model_asks_for_opus_in_the_newest():
    seen = serving("Qwen3.5-27B")
    assert errors(of_file("attempt-7-core-without-model", "2.1.329", live=seen)) == {"MODEL301"}
    assert errors(of_file("attempt-7-core-without-model", "2.1.112", live=seen)) == set()


@pytest.mark.parametrize("version", [*FIRST, *MISLEADING, None])
def test_the_working_block_has_no_error_and_one_warning_that_is_measured(version):
    findings = of_file("article-working", version, live=serving("Qwen3.5-27B"))
    codes = {one.code for one in findings if one.severity is not Severity.INFO}
    assert codes <= {"TIME502", "CTX601", "TRAFFIC405"}
    assert errors(findings) == set()


PITFALLS = {
    "an id in model without mapping": ("attempt-2-id-in-model", "MODEL302"),
    "base URL in /v1": ("attempt-1-base-url-in-v1", "URL101"),
    "served name does not match": ("attempt-3-slash", "MODEL304"),
    "flag is missing": ("attempt-6-no-flag", "TRAFFIC401"),
    "option alone": ("attempt-4-option-in-env", "MODEL306"),
}


@pytest.mark.parametrize(("name", "code"), PITFALLS.values(), ids=PITFALLS)
def test_the_first_article_s_table_of_pitfalls(name, code):
    assert code in {one.code for one in of_file(name, live=serving("Qwen/Qwen3.5-27B"))}


def broken(name):
    data = (DATA / "broken" / f"{name}.json").read_bytes()
    return SettingsFile(Scope.USER, Path("/home/me/.claude/settings.json"), exists=True), data.decode("utf-8")


def of_broken(name, version=None):
    file, text = broken(name)
    return check(Facts.effective(merged((loaded(file, text),), {}), version))


DROPPED = {
    "comment": ("FILE701", 2),
    "trailing-comma": ("FILE701", 5),
    "single-quotes": ("FILE701", 2),
    "cut-off": ("FILE701", 4),
    "root-array": ("FILE702", 1),
    "model-a-number": ("FILE702", 2),
    "env-a-list": ("FILE702", 2),
    "permissions-allow-a-string": ("FILE702", 2),
    "status-line-a-string": ("FILE702", 2),
}


@pytest.mark.parametrize(("name", "code", "line"), [(name, *codes) for name, codes in DROPPED.items()], ids=DROPPED)
def test_a_file_that_the_client_drops_is_one_error_at_its_place(name, code, line):
    findings = of_broken(name)
    assert [(one.code, one.severity.value, one.line) for one in findings if one.severity is Severity.ERROR] == [
        (code, "error", line)
    ]
    assert findings[0].column is not None
    assert findings[0].file == "/home/me/.claude/settings.json"


def test_what_a_dropped_file_would_have_set_is_not_called_missing():
    assert {one.code for one in of_broken("comment")} == {"FILE701"}


@pytest.mark.parametrize("name", ["crlf", "byte-order-mark", "key-twice"])
def test_a_file_that_is_only_unusual_is_no_error(name):
    assert errors(of_broken(name)) == set()


def test_a_byte_order_mark_matters_to_the_oldest_client_alone():
    assert ("FILE705", "info") in marked(of_broken("byte-order-mark"))
    assert ("FILE705", "error") in marked(of_broken("byte-order-mark", "1.0.128"))


def test_a_duplicate_key_is_reported_at_the_one_that_wins():
    (finding,) = [one for one in of_broken("key-twice") if one.code == "FILE704"]
    assert (finding.path, finding.line) == ("model", 3)


def test_an_empty_file_is_no_settings():
    assert of_broken("empty") == ()


def spelt(url):
    values = json.loads((DATA / "article-working.json").read_text())
    values["env"]["ANTHROPIC_BASE_URL"] = url
    return json.dumps(values)


SPELLINGS = {
    "/v1/": ("http://127.0.0.1:8000/v1/", None, {"URL101"}),
    "/v1/messages": ("http://127.0.0.1:8000/v1/messages", None, {"URL101"}),
    "query": ("http://127.0.0.1:8000?a=1", None, {"URL101"}),
    "trailing slash": ("http://127.0.0.1:8000/", None, set()),
    "blank and newline": (" http://127.0.0.1:8000\n", None, set()),
    "name without scheme, old": ("localhost:8000", "2.1.42", {"URL103"}),
    "name without scheme, newest": ("localhost:8000", "2.1.329", set()),
    "number without scheme": ("127.0.0.1:8000", "2.1.329", {"URL103"}),
    "quoted": ("'http://127.0.0.1:8000'", "2.1.329", {"URL103"}),
    "empty": ("", None, {"URL102"}),
}


@pytest.mark.parametrize(("url", "version", "expected"), SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_of_the_base_url(url, version, expected):
    assert errors(of_text(spelt(url), version)) == expected


MODELS = {
    "default, sent literally": ("default", "2.1.112", {"MODEL311"}),
    "default, where it works": ("default", "2.0.76", set()),
    "best": ("best", "2.1.41", set()),
    "opusplan": ("opusplan", None, set()),
    "with a window": ("sonnet[1m]", None, set()),
}


@pytest.mark.parametrize(("model", "version", "expected"), MODELS.values(), ids=MODELS)
def test_words_in_model(model, version, expected):
    values = json.loads((DATA / "article-working.json").read_text())
    values["model"] = model
    assert errors(of_text(json.dumps(values), version)) == expected


VALUES = {
    "number": ({"API_TIMEOUT_MS": 300000}, None, set()),
    "boolean": ({"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": True}, None, set()),
    "object": ({"SOME_THING": {}}, None, set()),
    "null timeout": ({"API_TIMEOUT_MS": None}, "2.1.112", {"TIME501"}),
    "null timeout, newest": ({"API_TIMEOUT_MS": None}, "2.1.329", set()),
    "timeout in words": ({"API_TIMEOUT_MS": "10 minutes"}, "2.1.329", {"TIME501"}),
    "unknown name": ({"A_NAME_OF_MY_OWN": "1"}, None, set()),
    "blank behind an id": ({"ANTHROPIC_DEFAULT_SONNET_MODEL": "Qwen3.5-27B "}, "2.1.42", {"MODEL308"}),
    "empty token, refused": ({"ANTHROPIC_AUTH_TOKEN": ""}, "2.1.329", {"AUTH206"}),
    "empty token, sent": ({"ANTHROPIC_AUTH_TOKEN": ""}, "2.1.42", set()),
    "retries, nothing sent": ({"CLAUDE_CODE_MAX_RETRIES": "-1"}, "2.1.42", {"TIME503"}),
    "retries, ignored": ({"CLAUDE_CODE_MAX_RETRIES": "abc"}, "2.1.329", set()),
}


@pytest.mark.parametrize(("env", "version", "expected"), VALUES.values(), ids=VALUES)
def test_values_in_env(env, version, expected):
    values = json.loads((DATA / "article-working.json").read_text())
    values["env"] |= env
    assert errors(of_text(json.dumps(values), version)) == expected
