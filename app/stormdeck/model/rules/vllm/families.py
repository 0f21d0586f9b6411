"""Families of open models by name, and the tool parsers of vLLM that read what each writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SOURCE = "docs: vLLM's page on tool calling and its recipes; the names of the parsers: source, vLLM 0.32"


@dataclass(frozen=True, slots=True)
class Family:
    """Models that write their tool calls in one grammar."""

    name: str
    pattern: str
    """Of a name in lower case, spelt as ``_spelt`` does; the first family that fits counts."""
    parsers: tuple[str, ...]
    """Those that read its grammar, the one to advise first."""
    types: tuple[str, ...] = ()
    """``model_type`` in the folder's ``config.json``, where it belongs to this family alone."""
    by_template: bool = False
    """It has no grammar of its own: ``--chat-template`` decides."""


FAMILIES = (
    Family("Hermes", r"hermes", ("hermes", "qwen3_json")),
    Family("Qwen3-Coder", r"qwen-?3-?coder", ("qwen3_coder", "qwen3_xml")),
    Family("Qwen3.5 and 3.6", r"qwen-?3[.p][56](?!\d)", ("qwen3_coder", "qwen3_xml"), ("qwen3_5", "qwen3_5_moe")),
    Family("Qwen3", r"qwen-?3(?![\d.p]|-\d(?!\d*\.?\d*b))", ("hermes", "qwen3_json"), ("qwen3",)),
    Family("Qwen2.5 and QwQ", r"qwen-?2[.p]5|qwq", ("hermes", "qwen3_json")),
    Family("FunctionGemma", r"function-?gemma", ("functiongemma",)),
    Family("Gemma 4", r"gemma-?4", ("gemma4",), ("gemma4",)),
    Family("Gemma 3", r"gemma-?3", ("pythonic",), ("gemma3", "gemma3_text"), by_template=True),
    Family("Llama 4", r"llama-?4", ("llama4_pythonic", "llama4_json", "pythonic"), ("llama4",)),
    Family("Llama 3", r"llama-?3", ("llama3_json", "pythonic", "hermes")),
    Family("Mistral", r"mistral|mixtral|devstral|magistral|ministral|codestral", ("mistral",)),
    Family("DeepSeek", r"deepseek", ("deepseek_v3", "deepseek_v31", "deepseek_v32", "deepseek_v4", "deepseek_v41")),
    Family("GLM", r"glm-?\d", ("glm45", "glm47"), ("glm4_moe",)),
    Family("Kimi", r"kimi", ("kimi_k2", "kimi_k3"), ("kimi_k2",)),
    Family("gpt-oss", r"gpt-oss", ("openai",), ("gpt_oss",)),
    Family("MiniMax", r"minimax", ("minimax_m2", "minimax_m3", "minimax"), ("minimax_m2",)),
    Family("Granite", r"granite", ("granite4", "granite", "granite-20b-fc")),
    Family("Phi 4", r"phi-?4", ("phi4_mini_json",)),
    Family("InternLM", r"internlm", ("internlm",)),
    Family("Jamba", r"jamba", ("jamba",)),
    Family("Hunyuan", r"hunyuan", ("hunyuan_a13b", "hy_v3", "hy_v4")),
    Family("LongCat", r"longcat", ("longcat",)),
    Family("Olmo 3", r"olmo-?3", ("olmo3",)),
    Family("GigaChat 3", r"gigachat-?3", ("gigachat3",)),
    Family("Apertus", r"apertus", ("apertus",)),
    Family("Seed-OSS", r"seed-oss", ("seed_oss",)),
)
PARSERS = frozenset(parser for one in FAMILIES for parser in one.parsers)
"""The parsers that are for some family; of others, and of one's own, nothing is said."""
_MIXED = re.compile(r"distill|xlam|nemotron|toolace|merge")
"""Names of models that were taught the grammar of another family, or may have been."""
_HOMES = {"home", "users"}


def family_of(names: Iterable[str], model_type: str = "") -> Family | None:
    """Return the family of a model, ``None`` where nothing tells it.

    ``names`` are ids and paths of one model, the surest first. Any part of a path may tell, the last first: a folder
    may be called as the hub calls the model. ``model_type`` stands in the ``config.json`` of its folder.
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
    """Return the parts of an id or a path, spelt alike; the name of a user's home is none."""
    parts = [_spelt(part) for part in name.replace("\\", "/").split("/") if part]
    return [part for at, part in enumerate(parts) if at == 0 or parts[at - 1] not in _HOMES]


def _spelt(part: str) -> str:
    """Return a part in lower case; ``Qwen3___6`` is how ModelScope spells a point in a folder."""
    return re.sub(r"_{3,}", ".", part.lower()).replace("_", "-")
