"""The files that LiteLLM's YAML includes: which are read, how they are merged, and where findings about them are.

What LiteLLM makes of such files is compared with the real one in tests/real/proxy/test_litellm_loads.py.
"""

import os

import pytest

from stormdeck.model.finding import Severity
from stormdeck.model.rules.facts import Facts
from stormdeck.model.rules.registry import check
from stormdeck.model.settings.scope import SettingsSnapshot
from stormdeck.sources.discovery.upstream import read_litellm_config
from stormdeck.sources.litellm_includes import MOST_FILES, with_includes
from stormdeck.sources.litellm_yaml import parse_proxy_config, read_proxy_config
from stormdeck.sources.processes.namespaces import inside

KEY = "general_settings:\n  master_key: sk-of-a-test-1\n"


def entry(name, base="http://127.0.0.1:8000/v1", more=""):
    return (
        f"  - model_name: {name}\n    litellm_params:\n      model: hosted_vllm/{name}\n      api_base: {base}\n{more}"
    )


def models(*names):
    return "model_list:\n" + "".join(map(entry, names))


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(f"{path.name}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "main.yaml"


def names(config):
    return [one.name for one in config.deployments()]


def findings(config):
    return check(Facts.effective(SettingsSnapshot(), proxy_config=config))


def test_lists_are_joined_and_sections_replaced(tmp_path):
    main = write(
        tmp_path,
        main=f"include: [more.yaml, last.yaml]\n{models('a')}{KEY}litellm_settings: {{drop_params: true}}\n",
        more=f"{models('b', 'c')}litellm_settings: {{num_retries: 2}}\n",
        last=models("d"),
    )
    config = read_proxy_config(main)
    assert names(config) == ["a", "b", "c", "d"]
    assert config.setting("litellm_settings", "drop_params") is None
    assert config.setting("litellm_settings", "num_retries").value == 2
    assert config.names_all_models
    assert [one.file for one in config.included] == [str(tmp_path / "more.yaml"), str(tmp_path / "last.yaml")]


@pytest.mark.parametrize(
    ("main", "more", "said"),
    [
        (
            "litellm_settings: {drop_params: true, num_retries: 2}\n",
            "litellm_settings: {num_retries: 0}\n",
            "LiteLLM takes that one only, so drop_params of this one has no effect. Write it into litellm_settings of",
        ),
        (
            "router_settings: {a: 1, b: 2, c: 3, d: 4}\n",
            "router_settings:\n",
            "so a, b, c and 1 more of this one have",
        ),
        ("environment_variables: {A: x}\n", "environment_variables: {B: x}\n", "so A of this one has no effect"),
        ("litellm_settings: {num_retries: 2}\n", "litellm_settings: {num_retries: 0, drop_params: true}\n", ""),
        ("litellm_settings: {num_retries: 2}\n", "router_settings: {num_retries: 0}\n", ""),
        ("litellm_settings:\n", "litellm_settings: {num_retries: 0}\n", ""),
        (models("a"), models("b"), ""),
    ],
)
def test_a_section_that_an_included_file_replaces_is_a_finding_where_keys_are_lost(tmp_path, main, more, said):
    path = write(tmp_path, main=f"include: [more.yaml]\n{main}{KEY}", more=f"{more}{models('c')}")
    found = [one for one in findings(read_proxy_config(path)) if one.code == "PROXY820"]
    assert [(one.severity, one.file, one.line) for one in found] == [(Severity.WARNING, str(path), 2)] * bool(said)
    assert all(said in one.message for one in found)


def test_of_several_included_files_the_last_one_counts(tmp_path):
    path = write(
        tmp_path,
        main=f"include: [one.yaml, two.yaml]\n{KEY}litellm_settings: {{drop_params: true}}\n",
        one=f"litellm_settings: {{drop_params: true, num_retries: 0}}\n{models('a')}",
        two="litellm_settings: {drop_params: false}\n",
    )
    found = [one for one in findings(read_proxy_config(path)) if one.code == "PROXY820"]
    assert [(one.file, one.line) for one in found] == [(str(tmp_path / "one.yaml"), 1)]
    assert "num_retries of this one has no effect. Write it into litellm_settings of two.yaml." in found[0].message


def test_an_included_file_is_beside_the_one_that_names_it(tmp_path):
    main = write(
        tmp_path,
        main="include: [sub/one.yaml]\n",
        sub__one=f"include: [two.yaml]\n{models('one')}",
        sub__two=models("beside"),
        two=models("at the root"),
    )
    assert names(read_proxy_config(main)) == ["one", "beside"]


def test_an_included_file_may_be_beside_the_first_one(tmp_path):
    main = write(tmp_path, main="include: [sub/one.yaml]\n", sub__one="include: [two.yaml]\n", two=models("root"))
    assert names(read_proxy_config(main)) == ["root"]


def test_files_that_include_each_other_are_read_once(tmp_path):
    main = write(
        tmp_path,
        main=f"include: [one.yaml, one.yaml]\n{models('a')}",
        one=f"include: [main.yaml, one.yaml]\n{models('b')}",
    )
    assert names(read_proxy_config(main)) == ["a", "b"]


def test_a_finding_names_the_file_and_the_line_of_the_included_entry(tmp_path):
    bad = entry("b", more="      timeout: '30s'\n")
    main = write(tmp_path, main=f"include: [more.yaml]\n{models('a')}{KEY}", more=f"# models\nmodel_list:\n{bad}")
    found = [one for one in findings(read_proxy_config(main)) if one.path.startswith("model_list[0]")]
    assert {(one.file, one.line, one.path) for one in found} == {
        (str(tmp_path / "more.yaml"), 7, "model_list[0].litellm_params.timeout")
    }


def test_a_key_in_an_included_file_is_the_master_key(tmp_path):
    main = write(tmp_path, main=f"include: [secret.yaml]\n{models('a')}", secret=KEY)
    config = read_proxy_config(main)
    assert [one.code for one in findings(config) if one.code == "PROXY801"] == []
    assert read_litellm_config(main).master_key == "sk-of-a-test-1"


def test_a_server_in_an_included_file_is_behind_the_proxy(tmp_path):
    main = write(tmp_path, main="include: [more.yaml]\n", more=models("a"))
    assert list(read_litellm_config(main).table.servers) == ["http://127.0.0.1:8000"]


def test_secrets_of_included_files_are_masked_like_those_of_the_first(tmp_path):
    main = write(tmp_path, main=f"include: [secret.yaml]\n{models('a')}", secret=KEY)
    assert "  master_key: sk-of-a-test-1" in read_proxy_config(main).all_lines


@pytest.mark.parametrize(
    ("files", "file", "line", "words"),
    [
        ({"main": f"{KEY}include:\n  - gone.yaml\n"}, "main", 4, "gone.yaml is not there"),
        ({"main": f"{KEY}include: more.yaml\n", "more": models("a")}, "main", 3, "include takes a list of paths"),
        ({"main": f"{KEY}include: [1]\n"}, "main", 3, "include takes a list of paths"),
        ({"main": f"{KEY}include: [more.yaml]\n", "more": "- a\n"}, "more", 1, "not a YAML mapping"),
        ({"main": f"{KEY}include: [more.yaml]\n", "more": "a: 1\nb: [\n"}, "more", 3, "not YAML"),
        (
            {"main": f"{KEY}include: [more.yaml]\n", "more": "include: [gone.yaml]\n"},
            "more",
            1,
            "gone.yaml is not there",
        ),
    ],
    ids=["missing", "a text", "a number", "a list", "no YAML", "missing from an included file"],
)
def test_what_litellm_does_not_start_with_is_an_error_where_it_stands(tmp_path, files, file, line, words):
    config = read_proxy_config(write(tmp_path, **files))
    (found,) = [one for one in findings(config) if one.code == "PROXY813"]
    assert (found.severity, found.file, found.line) == (Severity.ERROR, str(tmp_path / f"{file}.yaml"), line)
    assert words in found.message
    assert not config.names_all_models


@pytest.mark.parametrize("include", ["os.environ/MORE", "[os.environ/MORE]", "['{{ more }}.yaml']", "[a_folder]"])
def test_what_may_be_right_for_litellm_is_not_judged(tmp_path, include):
    (tmp_path / "a_folder").mkdir()
    config = read_proxy_config(write(tmp_path, main=f"include: {include}\n{models('a')}"))
    assert [one for one in findings(config) if one.code in {"PROXY813", "PROXY801"}] == []
    assert not config.names_all_models


def test_an_empty_included_file_adds_nothing(tmp_path):
    config = read_proxy_config(write(tmp_path, main=f"include: [more.yaml]\n{models('a')}", more="# nothing\n"))
    assert names(config) == ["a"]
    assert config.names_all_models


def test_the_number_of_included_files_is_bounded(tmp_path):
    files = {f"f{number}": models(f"m{number}") for number in range(MOST_FILES + 5)}
    config = read_proxy_config(
        write(tmp_path, main=f"include: [{', '.join(f'{one}.yaml' for one in files)}]\n", **files)
    )
    assert len(names(config)) == MOST_FILES
    assert config.is_partly_read
    assert [one for one in findings(config) if "included" in one.title] == []


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "more.yaml")
    config = read_proxy_config(write(tmp_path, main=f"include: [more.yaml]\n{models('a')}"))
    assert config.is_partly_read


def test_a_file_of_a_container_is_looked_for_below_its_root(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "stormdeck.sources.litellm_includes.inside", lambda root, path: seen.append((str(root), path)) or None
    )
    config = parse_proxy_config("include: [/etc/more.yaml, more.yaml]\n", "/proc/7/root/app/main.yaml")
    with_includes(config, lambda *_: config)
    assert {("/proc/7/root", "/etc/more.yaml"), ("/proc/7/root", "/app/more.yaml")} == set(seen)


def test_a_link_in_a_container_leads_to_no_file_of_this_machine(tmp_path):
    root = tmp_path / "root"
    (root / "app").mkdir(parents=True)
    (tmp_path / "secret.yaml").write_text(models("ours"))
    (root / "app" / "more.yaml").symlink_to(tmp_path / "secret.yaml")
    assert not inside(root, "/app/more.yaml").exists()
