"""Files of other programs that contain LiteLLM's YAML, and files that LiteLLM cannot load."""

import pytest

from stormdeck.model.litellm.config import Node
from stormdeck.model.litellm.other_kinds import part_in
from stormdeck.sources.litellm_yaml import parse_proxy_config, read_proxy_config

CONFIG_MAP = """\
apiVersion: v1
kind: Service
metadata: {name: litellm}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: litellm}
data:
  config.yaml: |
    model_list:
      - model_name: local
        litellm_params:
          model: hosted_vllm/x
          api_base: http://127.0.0.1:8000
"""


def test_the_lines_of_a_text_in_a_manifest_are_those_of_the_file():
    config = parse_proxy_config(CONFIG_MAP, "x.yaml")
    assert (config.error, config.other.name, config.other.path) == (None, "a Kubernetes manifest", "data.config.yaml")
    (deployment,) = config.deployments()
    base = deployment.params.member("api_base")
    assert config.lines[base.line - 1][base.column - 1 :] == "api_base: http://127.0.0.1:8000"


def test_helm_values_deep_in_a_release_are_found():
    text = "apiVersion: helm/v2\nkind: HelmRelease\nspec:\n  values:\n    proxy_config:\n      model_list: []\n"
    assert parse_proxy_config(text, "x.yaml").other.path == "spec.values.proxy_config"


def test_a_file_without_litellm_s_part_says_where_it_usually_stands():
    config = parse_proxy_config("services:\n  litellm: {image: litellm}\n", "x.yaml")
    assert (config.other.name, config.other.path, config.is_litellm) == ("a compose file", "", False)
    config = parse_proxy_config("{{- if .Values.x }}\nmodel_list: []\n{{- end }}\n", "x.yaml")
    assert config.other.name == "a Helm template"
    assert config.error is None


@pytest.mark.parametrize("key", ["model_list", "model_lst", "litellmsettings", "general_settings", "include"])
def test_a_file_with_one_of_litellm_s_keys_is_its_own(key):
    assert parse_proxy_config(f"{key}: []\nsomething: 1\n", "x.yaml").other is None


UNLOADABLE = {
    "a template without quotes": ("a:\n  b: {{ x }}\n", "filled in"),
    "a list as a key": ("? [a]\n: b\n", "key"),
    "a tag on a mapping": ("a: !vault\n  b: c\n", "!vault"),
    "a tag on a list": ("a: !mine [b]\n", "!mine"),
    "a merge of text": ("a:\n  <<: text\n", "<<"),
    "a day that does not exist": ("a: 2026-13-45\n", "month"),
}


@pytest.mark.parametrize(("text", "word"), UNLOADABLE.values(), ids=UNLOADABLE)
def test_what_litellm_cannot_load_is_an_error(text, word):
    config = parse_proxy_config("model_list: []\n" + text, "x.yaml")
    assert config.root is None
    assert word in config.error.message


def test_other_bytes_than_utf_8_are_an_error(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"model_list: []\n# caf\xe9\n")
    error = read_proxy_config(path).error
    assert (error.line, "0xe9" in error.message) == (2, True)


def test_lists_that_aliases_repeat_are_looked_at_up_to_a_bound():
    looked_at = []

    class Counted(tuple):
        def __iter__(self):
            for item in super().__iter__():
                looked_at.append(item)
                yield item

    node = Node(1, 1, value="x")
    for _ in range(12):
        node = Node(1, 1, items=Counted([node] * 9))
    assert part_in(node) is None
    assert 9 < len(looked_at) <= 2001
