"""The model family and its tool call parsers, detected by names, paths and folders."""

import pytest

from places import TESTS
from stormdeck.model.finding import Severity
from stormdeck.model.rules.facts import Facts, Live
from stormdeck.model.rules.registry import RULES, check
from stormdeck.model.rules.vllm.families import FAMILIES, family_of
from stormdeck.model.rules.vllm.parsers import REASONING, TOOL
from stormdeck.model.settings.merge import merged
from stormdeck.model.snapshots.server import ServedModel, ServerState, VllmSnapshot
from stormdeck.sources.processes.model_folder import model_type

CASES = TESTS / "data" / "cases"
FIT = {
    "Qwen/Qwen2.5-32B-Instruct": "hermes",
    "Qwen/Qwen2.5-Coder-32B-Instruct-AWQ": "hermes",
    "Qwen/QwQ-32B": "hermes",
    "Qwen/Qwen3-8B": "hermes",
    "Qwen/Qwen3-0.6B": "hermes",
    "Qwen/Qwen3-30B-A3B-Instruct-2507-FP8": "hermes",
    "Qwen/Qwen3-235B-A22B": "hermes",
    "Qwen/Qwen3-Next-80B-A3B-Instruct": "hermes",
    "NousResearch/Hermes-3-Llama-3.1-8B": "hermes",
    "Qwen/Qwen3-Coder-30B-A3B-Instruct": "qwen3_coder",
    "Qwen/Qwen3-Coder-Next-FP8": "qwen3_coder",
    "unsloth/qwen3_coder_30b": "qwen3_coder",
    "Qwen/Qwen3.5-27B": "qwen3_coder",
    "Qwen/Qwen3.5-0.8B": "qwen3_coder",
    "Qwen/Qwen3.6-35B-A3B": "qwen3_coder",
    "/models/Qwen/Qwen3___6-35B-A3B": "qwen3_coder",
    "/models/Qwen/Qwen2___5-32B-Instruct": "hermes",
    "/home/me/.cache/huggingface/hub/models--Qwen--Qwen3.5-27B/snapshots/0123abcd": "qwen3_coder",
    "/data/qwen3.5-27b/final": "qwen3_coder",
    "google/gemma-3-27b-it": "pythonic",
    "google/gemma-4-26B-A4B-it": "gemma4",
    "google/functiongemma-270m-it": "functiongemma",
    "meta-llama/Llama-3.3-70B-Instruct": "llama3_json",
    "meta-llama/Llama-4-Scout-17B-16E-Instruct": "llama4_pythonic",
    "mistralai/Devstral-Small-2507": "mistral",
    "zai-org/GLM-4.6-FP8": "glm45",
    "openai/gpt-oss-120b": "openai",
    "deepseek-ai/DeepSeek-V3-0324": "deepseek_v3",
    "deepseek-ai/DeepSeek-R1-0528": "deepseek_v3",
    "deepseek-ai/DeepSeek-V3.1-Terminus": "deepseek_v31",
    "deepseek-ai/DeepSeek-V3.2": "deepseek_v32",
    "deepseek-ai/DeepSeek-V4": "deepseek_v4",
    "moonshotai/Kimi-K2-Instruct": "kimi_k2",
    "MiniMaxAI/MiniMax-M2": "minimax_m2",
    "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16": "qwen3_coder",
    "stepfun-ai/step3": "step3",
    "stepfun-ai/Step-3.5-Flash": "step3p5",
    "baidu/ERNIE-4.5-21B-A3B-Thinking": "ernie45",
    "ibm-granite/granite-4.0-h-small": "granite4",
    "microsoft/Phi-4-mini-instruct": "phi4_mini_json",
    "ByteDance-Seed/Seed-OSS-36B-Instruct": "seed_oss",
    "internlm/internlm2_5-7b-chat": "internlm",
    "LiquidAI/LFM2-8B-A1B": "lfm2",
    "XiaomiMiMo/MiMo-V2-Flash": "mimo",
}


@pytest.mark.parametrize(("name", "parser"), FIT.items(), ids=FIT)
def test_a_name_gives_the_family(name, parser):
    assert family_of([name]).parsers[0] == parser


UNKNOWN = (
    "acme/x",
    "Qwen/Qwen3.7-35B",
    "Qwen/Qwen3.8-27B",
    "Qwen/Qwen-72B-Chat",
    "qwen3-5-27b",
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B",
    "Salesforce/Llama-xLAM-2-8b-fc-r",
    "nvidia/Llama-3.1-Nemotron-70B-Instruct",
    "/home/qwq/models/prod",
    "/opt/llama.cpp/models/prod",
    "",
)


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_no_name_gives_is_not_guessed(name):
    assert family_of([name]) is None


def test_the_nearest_part_of_a_path_gives():
    assert family_of(["/srv/llama-3/Qwen3-Coder-30B"]).parsers[0] == "qwen3_coder"


def test_a_folder_s_own_type_gives_where_no_name_does():
    assert family_of(["/models/prod"], "qwen3_5_moe").parsers[0] == "qwen3_coder"
    assert family_of(["/models/prod"], "qwen3").parsers[0] == "hermes"
    # Qwen3-30B-A3B and Qwen3-Coder-30B-A3B are both of this type.
    assert family_of(["/models/prod"], "qwen3_moe") is None


def found(command, root=None, kind=""):
    models = (ServedModel("alias", 131072, root),) if root else ()
    vllm = VllmSnapshot("http://127.0.0.1:8000", ServerState.UP, models=models)
    live = Live(vllm=vllm, command=tuple(command.split()), model_type=kind)
    return [one for one in check(Facts.effective(merged((), {}), live=live)) if one.code == "SERVER902"]


START = "vllm serve {} --served-model-name alias --enable-auto-tool-choice --tool-call-parser {}"
WRONG = {
    "qwen3-coder with hermes": ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "hermes", {}),
    "qwen2.5 with qwen3_coder": ("Qwen/Qwen2.5-32B-Instruct", "qwen3_coder", {}),
    "qwen3.5 with hermes": ("Qwen/Qwen3.5-27B", "hermes", {}),
    "qwen3 with qwen3_xml": ("Qwen/Qwen3-32B", "qwen3_xml", {}),
    "a local path": ("/models/Qwen/Qwen3___6-35B-A3B", "hermes", {}),
    "an alias, told by root": ("", "hermes", {"root": "Qwen/Qwen3.5-27B"}),
    "a folder's type": ("/models/prod", "hermes", {"kind": "qwen3_5"}),
    "gemma": ("google/gemma-3-27b-it", "hermes", {}),
}


@pytest.mark.parametrize(("model", "parser", "more"), WRONG.values(), ids=WRONG)
def test_a_parser_of_another_grammar_is_found(model, parser, more):
    (finding,) = found(START.format(model, parser), **more)
    assert finding.severity is Severity.WARNING
    assert f"{parser} does not fit" in finding.title


@pytest.mark.parametrize(
    "command", (TESTS / "data" / "cases" / "qwen-parser" / "cmdlines.txt").read_text().splitlines()
)
def test_the_two_grammars_of_qwen_are_distinguished_behind_an_alias(command):
    (finding,) = (one for one in found(command) if one.code == "SERVER902")
    assert finding.severity is Severity.WARNING


RIGHT = {
    "qwen3.5 with qwen3_xml": START.format("Qwen/Qwen3.5-27B", "qwen3_xml"),
    "qwen3 with hermes": START.format("Qwen/Qwen3-32B", "hermes"),
    "qwen3 with another name of hermes": START.format("Qwen/Qwen3-32B", "qwen3_json"),
    "a parser of one's own": START.format("Qwen/Qwen3.5-27B", "mine"),
    "gemma 3 with a template": START.format("google/gemma-3-27b-it", "hermes") + " --chat-template mine.jinja",
    "no known family": START.format("/models/prod", "hermes"),
}


@pytest.mark.parametrize("command", RIGHT.values(), ids=RIGHT)
def test_a_parser_that_fits_or_may_fit_is_left_alone(command):
    assert found(command) == []


def test_no_page_advises_a_parser_that_its_own_rule_finds_wrong():
    for rule in RULES:
        if "--tool-call-parser" in rule.page.example:
            assert found(rule.page.example) == []


def test_every_family_is_found_by_no_other_one_first():
    assert len({one.name for one in FAMILIES}) == len(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_the_parsers_of_a_family_are_vllm_s(family):
    assert set(family.parsers) <= {*TOOL, "minimax"}
    assert set(family.reasoning) <= set(REASONING)


REASONING_PAIRS = {
    "gpt-oss": ("openai/gpt-oss-120b", "openai", "qwen3", "openai_gptoss"),
    "gemma": ("google/gemma-4-26B-A4B-it", "gemma4", "deepseek_r1", "gemma4"),
    "qwen": ("Qwen/Qwen3.5-27B", "qwen3_coder", "openai_gptoss", "qwen3"),
    "seed": ("ByteDance-Seed/Seed-OSS-36B-Instruct", "seed_oss", "qwen3", "seed_oss"),
}


@pytest.mark.parametrize(("model", "tools", "wrong", "right"), REASONING_PAIRS.values(), ids=REASONING_PAIRS)
def test_a_reasoning_parser_of_another_family_is_found_with_the_right_one(model, tools, wrong, right):
    (finding,) = found(f"{START.format(model, tools)} --reasoning-parser {wrong}")
    assert right in finding.message
    assert finding.path == "--reasoning-parser"
    assert found(f"{START.format(model, tools)} --reasoning-parser {right}") == []
    assert found(f"{START.format(model, tools)} --reasoning-parser mine") == []


def test_a_parser_for_the_same_marks_is_left_alone():
    assert found(START.format("Qwen/Qwen3-32B", "hermes") + " --reasoning-parser deepseek_r1") == []


def test_the_type_is_read_from_the_model_s_folder(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "qwen3_5"}')
    assert model_type(["vllm", "serve", str(tmp_path), "--port", "8000"]) == "qwen3_5"
    assert model_type(["python", "-m", "vllm.entrypoints.openai.api_server", "--model", str(tmp_path)]) == "qwen3_5"


@pytest.mark.parametrize("text", ["[]", "{", '{"model_type": 3}', '{"model_type": "a b"}'])
def test_a_folder_that_says_nothing_is_no_error(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    assert model_type(["vllm", "serve", str(tmp_path)]) == ""
    assert model_type(["vllm", "serve", "Qwen/Qwen3-8B"]) == ""
    assert model_type(["vllm", "serve", "/nowhere"]) == ""


@pytest.mark.parametrize(
    ("kind", "parser"),
    [
        ("kimi_k25", "kimi_k2"),
        ("ernie4_5_moe", "ernie45"),
        ("hunyuan_v1_moe", "hunyuan_a13b"),
        ("granitemoehybrid", "granite4"),
        ("longcat_flash", "longcat"),
        ("minimax_m3_vl", "minimax_m2"),
    ],
)
def test_a_type_of_one_family_gives(kind, parser):
    assert family_of(["/models/prod"], kind).parsers[0] == parser


@pytest.mark.parametrize("kind", ["qwen3_moe", "qwen3_next", "deepseek_v3", "llama", "qwen2", "mistral3", "nemotron_h"])
def test_a_type_that_families_with_other_formats_share_gives_nothing(kind):
    assert family_of(["/models/prod"], kind) is None
