"""Lines to paste into LiteLLM's YAML: none where they would break what stands beside them."""

import pytest

from stormdeck.model.litellm.yaml_snippet import new_setting, new_value, renamed, same_under, without
from stormdeck.sources.litellm_yaml import parse_proxy_config


def config(text):
    return parse_proxy_config(text, "litellm.yaml")


def member(made, *keys):
    assert made.root is not None
    found = made.root.member(keys[0])
    for key in keys[1:]:
        found = found.node.member(key)
    return found


FLOW = config("litellm_settings: {drop_params: true, num_retries: 2}\n")
BLOCK = config("litellm_settings:\n  drop_params: true # why\n  num_retries: 2\n")


def test_an_entry_between_others_in_one_line_is_left_alone():
    flow, block = (member(made, "litellm_settings", "num_retries") for made in (FLOW, BLOCK))
    assert without(FLOW, flow, "d") is None
    assert without(BLOCK, block, "d") is not None
    assert renamed(FLOW, flow, "x", "d") is None
    assert renamed(BLOCK, block, "x", "d") is not None


def test_a_value_in_a_line_with_others_is_left_alone():
    assert new_value(FLOW, member(FLOW, "litellm_settings", "drop_params"), "false", "d") is None
    made = new_value(BLOCK, member(BLOCK, "litellm_settings", "drop_params"), "false", "d")
    assert made is not None
    assert made.text == "  drop_params: false # why"


@pytest.mark.parametrize("text", ["", "litellm_settings: {drop_params: true}\n", "litellm_settings:\n"])
def test_a_setting_for_a_section_that_is_not_in_block_style(text):
    assert new_setting(config(text), "litellm_settings", "num_retries", "0", "d") is None


@pytest.mark.parametrize(
    "text",
    [
        "model_list: [{model_name: Q, litellm_params: {model: openai/Q}}]\n",
        "model_list:\n  - {model_name: Q, litellm_params: {model: openai/Q}}\n",
        "model_list:\n  - litellm_params: {model: openai/Q}\n",
        "model_list:\n  - model_name: >\n      Q\n    litellm_params:\n      model: openai/Q\n",
    ],
)
def test_an_entry_that_cannot_be_copied_line_by_line_is_not_offered(text):
    made = config(text)
    assert [same_under(made, one, "R", "d") for one in made.deployments()] == [None]


def test_an_entry_in_block_style_is_copied_with_another_name():
    made = config("model_list:\n  - model_name: Q\n    litellm_params:\n      model: openai/Q\n")
    (one,) = made.deployments()
    paste = same_under(made, one, "R", "d")
    assert paste is not None
    assert paste.text.startswith("  - model_name: R\n    litellm_params:")
