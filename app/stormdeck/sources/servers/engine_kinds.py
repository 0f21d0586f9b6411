"""Recognise inference servers other than vLLM by their answers (docs/facts/servers.md)."""

from __future__ import annotations

from stormdeck.model.snapshots.server import ServerKind
from stormdeck.sources.net.answers import is_loading, served_models, text_field
from stormdeck.sources.net.failure import Failure
from stormdeck.sources.net.http import Answer, json_object

_BY_OWNER = {
    "vllm": ServerKind.VLLM,
    "sglang": ServerKind.SGLANG,
    "llamacpp": ServerKind.LLAMA_SERVER,
    "library": ServerKind.OLLAMA,
    "organization_owner": ServerKind.LM_STUDIO,
    "tensorrt_llm": ServerKind.TENSORRT_LLM,
}
"""``owned_by`` of an entry of ``/v1/models``. Ollama: the first part of a model's name, for its own models."""
_BY_METRICS = {
    b"vllm:": ServerKind.VLLM,
    b"sglang:": ServerKind.SGLANG,
    b"llamacpp:": ServerKind.LLAMA_SERVER,
    b"tgi_": ServerKind.TGI,
}
"""How the names of a server's metrics begin."""
_MOST_ENTRIES = 200


def engine_by_models(answer: Answer | Failure) -> ServerKind | None:
    """Return the kind that an answer to ``/v1/models`` shows."""
    if isinstance(answer, Failure):
        return None
    if is_loading(answer) or answer.headers.get("server", "") == "llama.cpp":
        return ServerKind.LLAMA_SERVER
    if not served_models(answer):
        return None
    entries = _entries(answer)
    owners = {owner for one in entries if isinstance(owner := one.get("owned_by"), str)}
    kinds = {_BY_OWNER[owner] for owner in owners if owner in _BY_OWNER}
    if len(kinds) == 1 and (owners <= _BY_OWNER.keys() or ServerKind.OLLAMA in kinds):
        return kinds.pop()
    return ServerKind.MLX if _is_mlx(answer, entries) else None


def engine_by_start(start: Answer | Failure) -> ServerKind | None:
    """Return the kind that an answer to ``/`` shows."""
    if isinstance(start, Failure):
        return None
    if start.body.startswith(b"Ollama is running"):
        return ServerKind.OLLAMA
    # LM Studio answers every unknown path with 200.
    if (text_field(start, "error") or "").startswith("Unexpected endpoint or method."):
        return ServerKind.LM_STUDIO
    return ServerKind.LLAMA_SERVER if start.headers.get("server", "") == "llama.cpp" else None


def engine_by_metrics(page: Answer | Failure) -> ServerKind | None:
    """Return the kind that a ``/metrics`` page shows; SGLang and vLLM want no key for it."""
    if isinstance(page, Failure) or page.status != 200:
        return None
    body = b"\n" + page.body
    return next((kind for prefix, kind in _BY_METRICS.items() if b"\n" + prefix in body), None)


def is_tgi(info: Answer | Failure) -> bool:
    """Return whether an answer to ``/info`` is that of TGI's router; its model list names no owner of its own."""
    return text_field(info, "router") == "text-generation-router"


def _entries(answer: Answer) -> list[dict[str, object]]:
    entries = (json_object(answer) or {}).get("data")
    return [one for one in entries[:_MOST_ENTRIES] if isinstance(one, dict)] if isinstance(entries, list) else []


def _is_mlx(answer: Answer, entries: list[dict[str, object]]) -> bool:
    """Return whether it is ``mlx_lm.server``: Python's own HTTP server, entries without an owner, models for MLX."""
    if not answer.headers.get("server", "").startswith("BaseHTTP/") or any("owned_by" in one for one in entries):
        return False
    return any("mlx" in str(one.get("id", "")).lower() for one in entries)
