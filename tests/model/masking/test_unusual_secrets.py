"""Secrets in unusual writing: escaped quotes, brackets without end, aliases of YAML, users that are tokens."""

import pytest

from samples import settings
from stormdeck.model.masking.findings import known_secrets
from stormdeck.model.masking.lines import MASK, mask_text
from stormdeck.model.masking.redaction.identities import _host
from stormdeck.model.masking.redaction.public_names import nameless
from stormdeck.model.masking.yaml_text import mask_yaml

SECRET = "s3cr3t-Xy7-nobody"


@pytest.mark.parametrize(
    "text",
    [
        f'API_KEY="ab\\"{SECRET}" and more',
        f"API_KEYS=[{SECRET}, other-9f8e7d",
        f'API_KEYS=["{SECRET}", "{SECRET}"',
        f"ANTHROPIC_CUSTOM_HEADERS=Authorization=Basic {SECRET}",
        f"ANTHROPIC_CUSTOM_HEADERS=Authorization: Bearer {SECRET}",
        f"setx API_KEY {SECRET}",
        f"-Hx-api-key:{SECRET}",
        f"curl -HAuthorization:{SECRET} http://h",
        f"pass: {SECRET}",
        f'{{"headers": "x-api-key: {SECRET}"}}',
        "API_KEY -> " + SECRET,
        f"(key:{SECRET})",
    ],
)
def test_no_secret_is_left(text):
    assert SECRET not in mask_text(text)


@pytest.mark.parametrize(
    "text", ["pass: 12", "AUTH_TOKEN: no token is set", "Authorization:", "key: value", "x-api-key: "]
)
def test_prose_about_secrets_stays(text):
    assert mask_text(text) == text


def test_a_word_at_once_behind_a_colon_is_a_value_unless_the_text_ends_with_it():
    assert mask_text("sent (key:swordfish) again") == f"sent (key:{MASK}) again"
    assert mask_text("the key:swordfish") == "the key:swordfish"


def test_brackets_are_read_to_their_end_whatever_character_is_in_them():
    for mark in set(map(chr, range(256))) - set(")]}"):
        assert SECRET not in mask_text(f"API_KEYS=[x{mark} , {SECRET}"), repr(mark)
        assert SECRET not in mask_text(f"API_KEYS=['x', {mark}, {SECRET}"), repr(mark)


def test_long_texts_are_masked_like_short_ones():
    assert SECRET not in mask_text("x " * 5000 + f"API_KEY={SECRET}")


def test_an_alias_that_is_used_as_a_key_is_a_secret_where_it_is_defined():
    lines = [f"shared: &mine {SECRET}", "litellm_params:", "  api_key: *mine"]
    assert SECRET not in "\n".join(mask_yaml(lines))


def test_the_value_beside_the_name_of_a_secret_is_masked():
    lines = ["env:", "  - name: MY_API_KEY", f"    value: {SECRET}"]
    assert SECRET not in "\n".join(mask_yaml(lines))


@pytest.mark.parametrize(
    ("url", "part"),
    [
        (f"http://{SECRET}-and-more:x@h/", f"{SECRET}-and-more"),
        ("http://me:p%40ssw0rd-9@h/", "p@ssw0rd-9"),
        ("http://h/?api_key=p%40ssw0rd-9", "p@ssw0rd-9"),
    ],
)
def test_each_form_of_a_secret_in_a_url_is_known(url, part):
    hide = known_secrets(settings(f'{{"env": {{"ANTHROPIC_BASE_URL": "{url}"}}}}'))
    assert hide(f"refused {part} now") == f"refused {MASK} now"


def test_a_host_that_cannot_be_read_and_a_name_without_a_number():
    assert _host("http://[::1") == ""
    assert nameless("host", "anything") == "<host>"


def test_a_comment_behind_a_value_of_yaml_is_no_part_of_it():
    lines = [f"api_base: http://me:{SECRET}@h  # ours", f"note: API_KEY={SECRET}  # the key"]
    shown = "\n".join(mask_yaml(lines))
    assert SECRET not in shown
    assert "# ours" in shown
    assert "# the key" in shown


@pytest.mark.parametrize("text", ["API_KEYS=[\x00", "{'api_key': \x00"])
def test_brackets_around_control_characters_end_somewhere(text):
    assert isinstance(mask_text(f"{text}{SECRET}"), str)


def test_an_arrow_before_a_word_is_prose():
    assert mask_text("token -> nothing") == "token -> nothing"
