"""Detect the family of an open model by its name, and list the tool call parsers of vLLM for it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from stormdeck.model.rules.vllm.parsers import VERSION

SOURCE = f"docs: vLLM's page on tool calling and its recipes; the parsers: source, vLLM {VERSION}"


@dataclass(frozen=True, slots=True)
class Family:
    """Models that write tool calls in the same format."""

    name: str
    pattern: str
    """Matches a normalized name (see ``_normalized``); the first matching family counts."""
    parsers: tuple[str, ...]
    """Parsers for its format, the recommended one first."""
    types: tuple[str, ...] = ()
    """``model_type`` values in ``config.json`` that belong only to this family."""
    reasoning: tuple[str, ...] = ()
    """Reasoning parsers for its format, the recommended one first; empty if it has none, or it is not known."""
    by_template: bool = False
    """The format depends on ``--chat-template``."""


_THINK = ("deepseek_r1", "deepseek_v3", "glm45", "glm47", "nemotron_v3", "qwen3", "step3", "step3p5", "step5", "mimo")
"""Reasoning parsers for ``<think>`` and ``</think>``: one does for the other's models, mostly."""
_NEMOTRON_3 = r"-?(?:nano-|super-|ultra-)?v?3(?![.\d])"
_QWEN_XML = ("qwen3_coder", "qwen3_xml")
_QWEN_JSON = ("hermes", "qwen3_json")

FAMILIES = (
    Family("Hermes", r"hermes", _QWEN_JSON),
    Family("Qwen3-Coder", r"qwen-?3-?coder", _QWEN_XML),
    Family("Qwen3.5 and 3.6", r"qwen-?3[.p][56](?!\d)", _QWEN_XML, ("qwen3_5", "qwen3_5_moe"), ("qwen3", *_THINK)),
    Family("Qwen3", r"qwen-?3(?![\d.p]|-\d(?!\d*\.?\d*b))", _QWEN_JSON, ("qwen3",), ("qwen3", *_THINK)),
    Family("Qwen2.5 and QwQ", r"qwen-?2[.p]5|qwq", _QWEN_JSON),
    Family("FunctionGemma", r"function-?gemma", ("functiongemma",)),
    Family("Gemma 4", r"gemma-?4", ("gemma4",), ("gemma4",), ("gemma4",)),
    Family("Gemma 3", r"gemma-?3", ("pythonic",), ("gemma3", "gemma3_text"), by_template=True),
    Family("Llama 4", r"llama-?4", ("llama4_pythonic", "llama4_json", "pythonic"), ("llama4",)),
    Family("Llama 3", r"llama-?3", ("llama3_json", "pythonic", "hermes")),
    Family(
        "Mistral",
        r"mistral|mixtral|devstral|magistral|ministral|codestral",
        ("mistral",),
        reasoning=("mistral", *_THINK),
    ),
    Family("DeepSeek V4.1", r"deepseek-?v4[.p]1(?!\d)", ("deepseek_v41",)),
    Family("DeepSeek V4", r"deepseek-?v4(?![.p\d])", ("deepseek_v4",), ("deepseek_v4",)),
    Family("DeepSeek V3.2", r"deepseek-?v3[.p]2(?!\d)", ("deepseek_v32",), ("deepseek_v32",)),
    Family("DeepSeek V3.1", r"deepseek-?v3[.p]1(?!\d)", ("deepseek_v31",)),
    Family("DeepSeek V3 and R1", r"deepseek-?(?:v3|r1)(?![.p]?\d)", ("deepseek_v3",)),
    Family("DeepSeek", r"deepseek", ("deepseek_v3", "deepseek_v31", "deepseek_v32", "deepseek_v4", "deepseek_v41")),
    Family("GLM", r"glm-?\d", ("glm45", "glm47"), ("glm4_moe",), ("glm45", *_THINK)),
    Family("Kimi K3", r"kimi-?k3", ("kimi_k3",), ("kimi_k3",), ("kimi_k3",)),
    Family("Kimi K2", r"kimi-?k2", ("kimi_k2",), ("kimi_k2", "kimi_k25"), ("kimi_k2", *_THINK)),
    Family("gpt-oss", r"gpt-oss", ("openai",), ("gpt_oss",), ("openai_gptoss",)),
    Family(
        "MiniMax",
        r"minimax",
        ("minimax_m2", "minimax_m3", "minimax"),
        ("minimax_m2", "minimax_m3_vl", "minimax_m3_text"),
        ("minimax_m2", "minimax_m2_append_think", "minimax_m3", *_THINK),
    ),
    Family("Nemotron 3", rf"nemotron{_NEMOTRON_3}", _QWEN_XML, reasoning=("nemotron_v3", *_THINK)),
    Family("Step 5", r"(?<![a-z])step-?5(?!\d)", ("step5", *_QWEN_XML), (), ("step5", *_THINK)),
    Family("Step 3.5", r"(?<![a-z])step-?3[.p]5", ("step3p5", *_QWEN_XML), ("step3p5",), ("step3p5", *_THINK)),
    Family("Step 3", r"(?<![a-z])step-?3(?![.p\d])", ("step3",), ("step3_vl",), ("step3", *_THINK)),
    Family("Ernie 4.5", r"ernie-?4[.p]5", ("ernie45",), ("ernie4_5", "ernie4_5_moe"), ("ernie45", *_THINK)),
    Family("MiMo V2", r"mimo-?v2", ("mimo", *_QWEN_XML), (), ("mimo", *_THINK)),
    Family("LFM2", r"lfm-?2", ("lfm2",), ("lfm2", "lfm2_moe")),
    Family("Ling 3", r"(?<![a-z])ling-?3(?!\d)", ("ling3",), (), ("ling3", *_THINK)),
    Family("MiniCPM5", r"minicpm-?5", ("minicpm5",)),
    Family("PLaMo 3", r"plamo-?3", ("plamo3",), ("plamo3",), ("plamo3",)),
    Family("Command A", r"command-a(?![a-z])", ("cohere_command3", "cohere_command4")),
    Family(
        "Granite", r"granite", ("granite4", "granite", "granite-20b-fc"), ("granite", "granitemoe", "granitemoehybrid")
    ),
    Family("Phi 4", r"phi-?4", ("phi4_mini_json",)),
    Family("InternLM", r"internlm", ("internlm",)),
    Family("Jamba", r"jamba", ("jamba",), ("jamba",)),
    Family("Hunyuan", r"hunyuan", ("hunyuan_a13b", "hy_v3", "hy_v4"), ("hunyuan_v1_moe",)),
    Family("LongCat", r"longcat", ("longcat",), ("longcat_flash",)),
    Family("Olmo 3", r"olmo-?3", ("olmo3",), ("olmo3",), ("olmo3", *_THINK)),
    Family("GigaChat 3", r"gigachat-?3", ("gigachat3",)),
    Family("Apertus", r"apertus", ("apertus",), ("apertus",)),
    Family("Seed-OSS", r"seed-oss", ("seed_oss",), ("seed_oss",), ("seed_oss",)),
)


def fits(parser: str, fitting: Sequence[str], classes: Mapping[str, str]) -> bool:
    """Return whether a parser is one of those that fit, or the same under another name, or not known."""
    return parser not in classes or parser in fitting or classes[parser] in {classes.get(one) for one in fitting}


_MIXED = re.compile(rf"distill|xlam|nemotron(?!{_NEMOTRON_3})|toolace|merge")
"""Names of models that were, or may have been, trained on the format of another family."""
_HOMES = {"home", "users"}


def family_of(names: Iterable[str], model_type: str = "") -> Family | None:
    """Return the family of a model, ``None`` if it is not known.

    ``names`` are ids and paths of one model, most reliable first. Every part of a path is tried, the last one first:
    folders are often named after the model. ``model_type`` comes from the ``config.json`` in the model's folder.

        family_of(["/models/Qwen3-Coder-30B"]).parsers  # ("qwen3_coder", "qwen3_xml")
    """
    for name in names:
        parts = _parts(name)
        if any(_MIXED.search(part) for part in parts):
            return None
        for part in reversed(parts):
            found = next((one for one in FAMILIES if re.search(one.pattern, part)), None)
            if found is not None:
                return found
    return next((one for one in FAMILIES if model_type and model_type in one.types), None)


def _parts(name: str) -> list[str]:
    """Return the normalized parts of an id or a path, without the name of a home folder."""
    parts = [_normalized(part) for part in name.replace("\\", "/").split("/") if part]
    return [part for at, part in enumerate(parts) if at == 0 or parts[at - 1] not in _HOMES]


def _normalized(part: str) -> str:
    """Return a part in lower case. ModelScope writes a dot as ``___`` in folder names: ``Qwen3___6``."""
    return re.sub(r"_{3,}", ".", part.lower()).replace("_", "-")
