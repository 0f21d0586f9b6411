"""Detect the family of an open model by its name, and list the tool call parsers of vLLM for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SOURCE = "docs: vLLM's page on tool calling and its recipes; the names of the parsers: source, vLLM 0.32"


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
    by_template: bool = False
    """The format depends on ``--chat-template``."""


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
"""All parsers listed above; other parsers are not judged."""
_MIXED = re.compile(r"distill|xlam|nemotron|toolace|merge")
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
