"""LiteLLM's YAML with the position of every value."""

import pytest

from stormdeck.model.litellm.coverage import Cover, cover
from stormdeck.sources.litellm_yaml import LARGEST, parse_proxy_config, read_proxy_config

TEXT = """\
# comment
model_list:
  - model_name: a
    litellm_params: &shared
      model: hosted_vllm/Qwen/Qwen3
      api_base: "http://127.0.0.1:8000/v1"
  - model_name: b
    litellm_params:
      <<: *shared
      model: openai/q
general_settings: {master_key: os.environ/KEY}
"""


def test_every_value_knows_its_line_and_column():
    config = parse_proxy_config(TEXT, "x.yaml")
    first, second = config.deployments()
    member = first.params.member("api_base")
    assert (member.line, member.column) == (6, 7)
    assert (member.node.line, member.node.column, member.node.last_line) == (6, 17, 6)
    assert (first.node.line, first.node.last_line) == (3, 6)
    assert second.name == "b"


def test_merged_keys_count_unless_the_mapping_has_its_own():
    _, second = parse_proxy_config(TEXT, "x.yaml").deployments()
    assert second.api_base == "http://127.0.0.1:8000/v1"
    assert second.model == "openai/q"


def test_provider_and_id_are_distinguished():
    first, _ = parse_proxy_config(TEXT, "x.yaml").deployments()
    assert (first.provider, first.upstream_id) == ("hosted_vllm", "Qwen/Qwen3")


BROKEN = {
    "cut off": ("a: [", 1),
    "indent": ("a:\n  b: 1\n c: 2\n", 3),
    "another document": ("a: 1\n---\nb: 2\n", 2),
    "a list": ("- 1\n", 1),
    "a tag": ("a: !x 1\n", 1),
    "nested too deep": ("[" * 1200, None),
    "control character": ("a: \x00", None),
}


@pytest.mark.parametrize(("text", "line"), BROKEN.values(), ids=BROKEN)
def test_what_is_no_configuration_says_why_and_where(text, line):
    config = parse_proxy_config(text, "x.yaml")
    assert config.root is None
    assert config.error.line == line
    assert config.error.message


def test_a_value_that_holds_itself_ends():
    config = parse_proxy_config("model_list: &a\n  - litellm_params: *a\n", "x.yaml")
    assert len(list(config.deployments())) == 1


def test_aliases_that_multiply_stay_small():
    rows = ["a0: &a0 {k: v}", *(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, 40))]
    config = parse_proxy_config("\n".join(rows), "x.yaml")
    assert len(config.root.get("a39").members) == 1


def test_a_file_that_cannot_be_read_carries_its_error(tmp_path):
    assert "No such file" in read_proxy_config(tmp_path / "none.yaml").error.message
    assert read_proxy_config(tmp_path).error is not None
    large = tmp_path / "large.yaml"
    large.write_text("#" * (LARGEST + 1))
    assert "larger than 1 MiB" in read_proxy_config(large).error.message


def test_a_byte_order_mark_is_no_error(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbfmodel_list: []\n")
    assert read_proxy_config(path).error is None


def test_an_alias_of_the_router_covers_its_name():
    text = (
        "model_list:\n- {model_name: a, litellm_params: {model: x/y}}\nrouter_settings: {model_group_alias: {b: a}}\n"
    )
    config = parse_proxy_config(text, "x.yaml")
    assert [cover(config, name) for name in ("a", "b", "c")] == [Cover.TAKEN, Cover.TAKEN, Cover.UNKNOWN]
