"""What LiteLLM makes of ``include``: its own loader and stormdeck read the same files."""

from __future__ import annotations

import json
import subprocess

import pytest
from programs import litellm
from versions import LITELLM, value_for

from stormdeck.sources.litellm_yaml import read_proxy_config

LOADER = """
import asyncio, json, sys
from litellm.proxy.proxy_server import ProxyConfig
for path in sys.argv[1:]:
    try:
        made = asyncio.run(ProxyConfig()._get_config_from_file(path))
        names = [one["model_name"] for one in made.get("model_list", [])]
        print("seen", json.dumps([names, made.get("litellm_settings"), made.get("general_settings")]))
    except Exception as error:
        print("seen", json.dumps(str(type(error).__name__)))
"""


def names(*models):
    return "model_list:\n" + "".join(f"- {{model_name: {one}, litellm_params: {{model: x/{one}}}}}\n" for one in models)


SETTINGS = "litellm_settings: {drop_params: true}\ngeneral_settings: {master_key: sk-a}\n"
BESIDE = {"1.80.5": False, "1.109.1": True}
"""Whether an included file's own entries are looked for beside it; 1.80.5 looks beside the first file only."""
SAME = {
    "lists": {"main": f"include: [b.yaml, c.yaml]\n{names('a')}", "b": names("b"), "c": names("c", "d")},
    "sections": {"main": f"include: [b.yaml]\n{SETTINGS}{names('a')}", "b": "litellm_settings: {num_retries: 2}\n"},
    "without models": {"main": f"include: [b.yaml]\n{SETTINGS}", "b": names("b")},
    "empty": {"main": f"include: [b.yaml]\n{names('a')}", "b": "# nothing\n"},
    "a folder": {"main": "include: [sub/b.yaml]\n", "sub/b": names("b")},
    "at the root": {"main": "include: [sub/b.yaml]\n", "sub/b": f"include: [c.yaml]\n{names('b')}", "c": names("c")},
}
NESTED = {
    "beside": {"main": "include: [sub/b.yaml]\n", "sub/b": f"include: [c.yaml]\n{names('b')}", "sub/c": names("c")},
    "both": {
        "main": "include: [sub/b.yaml]\n",
        "sub/b": f"include: [c.yaml]\n{names('b')}",
        "sub/c": names("c"),
        "c": names("other"),
    },
    "a circle": {"main": f"include: [b.yaml]\n{names('a')}", "b": f"include: [main.yaml, b.yaml]\n{names('b')}"},
}
REFUSED = {
    "missing": {"main": f"include: [gone.yaml]\n{names('a')}"},
    "a text": {"main": f"include: b.yaml\n{names('a')}", "b": names("b")},
    "a number": {"main": f"include: [1]\n{names('a')}"},
    "a list": {"main": f"include: [b.yaml]\n{names('a')}", "b": "- a\n"},
    "no YAML": {"main": f"include: [b.yaml]\n{names('a')}", "b": "a: [\n"},
}


def lay_out(folder, files):
    for name, text in files.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "main.yaml"


def loaded(version, paths, home):
    """Return what LiteLLM's loader makes of each file: names and sections, or the name of its error."""
    done = subprocess.run(
        [litellm(version).parent / "python", "-c", LOADER, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    )
    return [json.loads(row.removeprefix("seen ")) for row in done.stdout.splitlines() if row.startswith("seen ")]


def plain(node):
    """Return a section as LiteLLM has it."""
    return {one.key: one.node.value for one in node.members} if node is not None else None


VERSIONS = [pytest.param(one, marks=pytest.mark.program("LiteLLM", one), id=one) for one in LITELLM]


@pytest.fixture(scope="module", params=VERSIONS)
def made(request, tmp_path_factory):
    """Return what LiteLLM's loader makes of every case, with the path of its first file."""
    version, folder = request.param, tmp_path_factory.mktemp("loads")
    cases = {**SAME, **(NESTED if value_for(version, BESIDE) else {}), **REFUSED}
    paths = [lay_out(folder / name, files) for name, files in cases.items()]
    theirs = loaded(version, paths, folder)
    assert len(theirs) == len(cases)
    return dict(zip(cases, zip(paths, theirs, strict=True), strict=True))


def test_includes_are_merged_as_litellm_does(made):
    for name, (path, theirs) in made.items():
        if name not in REFUSED:
            ours = read_proxy_config(path)
            settings = [plain(ours.section(one)) for one in ("litellm_settings", "general_settings")]
            assert [[one.name for one in ours.deployments()], *settings] == theirs, name
            assert ours.missing == (), name


def test_a_key_that_is_called_lost_is_lost(made):
    path, (_, settings, general) = made["sections"]
    [lost] = [one for one in read_proxy_config(path).replaced if one.lost]
    assert (lost.member.key, lost.lost) == ("litellm_settings", ("drop_params",))
    assert settings == {"num_retries": 2}
    assert general == {"master_key": "sk-a"}


def test_what_litellm_refuses_is_an_error(made):
    for name in REFUSED:
        path, theirs = made[name]
        assert isinstance(theirs, str), name
        assert any(one.ends_start for one in read_proxy_config(path).missing), name
