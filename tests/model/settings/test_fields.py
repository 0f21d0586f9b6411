"""The fields of the form."""

import pytest

from stormdeck.model.masking.names import is_secret_name
from stormdeck.model.settings.field import Kind, problem
from stormdeck.model.settings.fields import FIELDS, field_of


def test_each_setting_appears_once_and_groups_are_not_mixed():
    assert len({field.path for field in FIELDS}) == len(FIELDS)
    assert len({field.label for field in FIELDS}) == len(FIELDS)
    groups = [field.group for field in FIELDS]
    assert groups == sorted(groups, key=list(dict.fromkeys(groups)).index)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_a_field_has_a_short_label_and_a_help_text(field):
    assert 0 < len(field.label) <= 20
    assert field.help.endswith(".")
    assert field.default
    assert (field.kind is Kind.SECRET) <= is_secret_name(field.name)


def test_what_the_measurements_name_has_a_field():
    for name in ("model", "apiKeyHelper", "env.ANTHROPIC_BASE_URL", "env.CLAUDE_CODE_MAX_CONTEXT_TOKENS"):
        assert field_of(name) is not None
    assert field_of("env.NO_SUCH_NAME") is None


GOOD = {
    "env.ANTHROPIC_BASE_URL": "http://127.0.0.1:8000",
    "env.ANTHROPIC_AUTH_TOKEN": "dummy",
    "model": "sonnet",
    "env.API_TIMEOUT_MS": "3000000",
    "env.CLAUDE_CODE_MAX_RETRIES": "0",
    "env.CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "true",
    "env.CLAUDE_CODE_EXTRA_BODY": '{"top_k": 20}',
    "env.ANTHROPIC_CUSTOM_HEADERS": "X-Session: a\nX-Team: b",
}


@pytest.mark.parametrize(("path", "text"), GOOD.items(), ids=GOOD)
def test_a_value_of_the_type_is_no_problem(path, text):
    assert problem(field_of(path), text) is None


BAD = {
    "blank in an address": ("env.ANTHROPIC_BASE_URL", "http://a b", "no spaces"),
    "empty": ("model", " ", "remove the setting"),
    "line break": ("env.ANTHROPIC_AUTH_TOKEN", "a\nb", "one line"),
    "words for milliseconds": ("env.API_TIMEOUT_MS", "10 minutes", "whole number of milliseconds"),
    "arabic digits": ("env.API_TIMEOUT_MS", "٣", "digits"),
    "more than a timer takes": ("env.API_TIMEOUT_MS", "9" * 5000, "24 days"),
    "negative": ("env.CLAUDE_CODE_MAX_RETRIES", "-1", "whole number of retries"),
    "switch": ("env.CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "maybe", "on or off"),
    "broken JSON": ("env.CLAUDE_CODE_EXTRA_BODY", '{"a": 1,}', "column 8"),
    "JSON, no object": ("env.CLAUDE_CODE_EXTRA_BODY", "[1]", "list"),
    "header without colon": ("env.ANTHROPIC_CUSTOM_HEADERS", "X-A: 1\nnonsense", "line 2 is not"),
}


@pytest.mark.parametrize(("path", "text", "words"), BAD.values(), ids=BAD)
def test_a_value_of_another_type_is_explained(path, text, words):
    assert words in problem(field_of(path), text)


def test_switches_write_what_the_client_was_measured_with():
    quiet, block = (
        field_of("env.CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"),
        field_of("env.CLAUDE_CODE_ATTRIBUTION_HEADER"),
    )
    assert (quiet.written(on=True), quiet.written(on=False)) == ("1", None)
    assert (block.written(on=True), block.written(on=False)) == ("1", "0")
    assert [quiet.is_on(text) for text in (None, "1", "true", "0")] == [False, True, True, False]
    assert [block.is_on(text) for text in (None, "1", "0", "false")] == [True, True, False, False]


def test_a_switch_that_has_one_value_names_it():
    field = field_of("disableAutoMode")
    assert field is not None
    assert problem(field, "disable") is None
    assert problem(field, "1") == "must be disable; to switch it off, remove the setting"
