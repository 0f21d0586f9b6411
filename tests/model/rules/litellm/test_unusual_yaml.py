"""LiteLLM's YAML in shapes that few people write: no advice that would break it."""

from dataclasses import replace

import pytest

from stormdeck.model.finding import Severity
from stormdeck.model.json_edit.document import FileError
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.rules.litellm.models import right_base
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.merge import merged
from stormdeck.model.snapshots.server import ProxySnapshot, ServedModel, ServerKind, ServerState, VllmSnapshot
from stormdeck.sources.litellm_yaml import parse_proxy_config

LOCAL = "model: openai/Q, api_base: 'http://127.0.0.1:8000/v1', api_key: x"


def findings(text, live=None):
    facts = Facts.effective(merged((), {}), None, proxy_config=parse_proxy_config(text, "litellm.yaml"), live=live)
    return {finding.code: finding for finding in check(facts)}


def test_values_in_one_line_with_others_get_no_line_to_paste():
    found = findings(f"model_list: [{{model_name: Q, litellm_params: {{{LOCAL}, timeout: 1}}}}]\n")
    assert all(one.paste is None or "{" not in one.paste.text for one in found.values())


@pytest.mark.parametrize("text", ["", "null\n", "# nothing\n"])
def test_an_empty_file_has_no_unknown_keys(text):
    assert "PROXY810" not in findings(text)


def test_a_key_that_resembles_a_known_one_is_named():
    found = findings(f"model_list:\n  - model_name: Q\n    litellm_params: {{{LOCAL}}}\nlitellm_setings: {{}}\n")
    assert found["PROXY810"].title == "did you mean litellm_settings?"


def test_a_key_of_a_model_that_resembles_a_known_one_is_named():
    found = findings(f"model_list:\n  - model_name: Q\n    model_infos: {{}}\n    litellm_params: {{{LOCAL}}}\n")
    assert found["PROXY810"].title == "did you mean model_info?"


def test_a_key_in_a_section_that_resembles_a_known_one_is_named():
    found = findings(
        f"model_list:\n  - model_name: Q\n    litellm_params: {{{LOCAL}}}\nlitellm_settings:\n  drop_parms: true\n"
    )
    assert found["PROXY810"].title == "did you mean drop_params?"


def test_a_name_of_a_parameter_that_resembles_a_known_one_is_named():
    found = findings(
        "model_list:\n  - model_name: Q\n    litellm_params:\n      model: openai/Q\n      api_bse: http://127.0.0.1:8000/v1\n"
    )
    assert found["PROXY810"].title == "did you mean api_base?"


def test_another_litellm_behind_is_named():
    found = findings(
        "model_list:\n  - model_name: Q\n    litellm_params: {model: litellm_proxy/Q, api_base: 'http://h'}\n"
    )
    assert found["PROXY812"].title == "leads to another LiteLLM"


def test_another_running_proxy_behind_is_named():
    found = findings(
        "model_list:\n  - model_name: Q\n    litellm_params: {model: openai/Q, api_base: 'http://127.0.0.1:4100/v1'}\n",
        Live(proxies=("http://127.0.0.1:4000", "http://127.0.0.1:4100")),
    )
    assert found["PROXY812"].title == "leads to another proxy"


def test_a_deployment_with_stored_credentials_needs_no_address_here():
    params = "{model: openai/Qwen3.5-27B, litellm_credential_name: mine}"
    assert "PROXY803" not in findings(f"model_list:\n  - model_name: Q\n    litellm_params: {params}\n")


def test_a_wildcard_for_every_provider_is_no_unknown_provider():
    assert "PROXY805" not in findings("model_list:\n  - {model_name: '*', litellm_params: {model: '*'}}\n")


@pytest.mark.parametrize(
    ("provider", "base", "right"),
    [
        ("openai", "http://h:8000/v1/v1", "http://h:8000/v1"),
        ("openai", "http://h:8000", "http://h:8000/v1"),
        ("openai", "http://h:8000/v1", None),
        ("anthropic", "http://h:8000/v1/v1/", "http://h:8000"),
        ("anthropic", "http://h:8000", None),
        ("bedrock", "http://h:8000/v1", None),
    ],
)
def test_the_right_address_for_a_provider(provider, base, right):
    assert right_base(provider, base) == right


@pytest.mark.parametrize("value", ["soon", "true", ".inf", "[1]"])
def test_a_timeout_that_is_no_number_is_not_compared(value):
    params = f"model: openai/Q\n      api_base: http://127.0.0.1:8000/v1\n      timeout: {value}"
    assert findings(f"model_list:\n  - model_name: Q\n    litellm_params:\n      {params}\n") is not None


def test_among_many_unlike_ids_none_is_proposed():
    models = tuple(ServedModel(name) for name in ("alpha-7b", "beta-7b"))
    live = Live(
        proxy=ProxySnapshot("http://127.0.0.1:4000", ServerKind.LITELLM, ServerState.UP),
        vllm=VllmSnapshot("http://127.0.0.1:8000", ServerState.UP, models=models),
    )
    params = "{model: hosted_vllm/zzzz, api_base: 'http://127.0.0.1:8000/v1'}"
    found = findings(f"model_list:\n  - model_name: Q\n    litellm_params: {params}\n", live)
    assert found["PROXY815"].paste is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("general_settings:\n  master_key: sk-1\n", "model_list is missing or empty"),
        ("model_list: []\n", "model_list is missing or empty"),
        ("model_list:\n  - just a word\n", "An entry of model_list is not a mapping"),
    ],
)
def test_a_yaml_without_a_usable_model_is_an_error(text, message):
    assert message in findings(text)["PROXY813"].message


def test_a_section_with_a_letter_too_many_is_named():
    found = findings("model_list: []\nlitelm_settings:\n  drop_params: true\n")["PROXY810"]
    assert found.title == "did you mean litellm_settings?"


def test_a_yaml_that_may_not_be_read_is_a_note_and_no_verdict_on_litellm():
    config = replace(parse_proxy_config("", "litellm.yaml"), error=FileError("Permission denied", 1, 1))
    facts = Facts.effective(merged((), {}), None, proxy_config=config)
    (found,) = [one for one in check(facts) if one.code == "PROXY813"]
    assert found.severity is Severity.INFO
    assert found.message.startswith("stormdeck knows nothing of its models and keys: ")


def test_a_kubernetes_manifest_is_not_taken_for_litellms_own_yaml():
    found = findings("apiVersion: v1\nkind: ConfigMap\nmetadata: {}\ndata: {}\n")["PROXY813"]
    assert "a Kubernetes manifest" in found.message


def test_a_file_with_thousands_of_keys_is_searched_to_a_bound():
    text = "services:\n" + "".join(f"  s{at}: {{image: x}}\n" for at in range(6000)) + "  z: {x: {model_list: []}}\n"
    assert findings(text)["PROXY813"].path == ""
