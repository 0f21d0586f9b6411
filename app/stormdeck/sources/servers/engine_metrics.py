"""Read the ``/metrics`` pages of SGLang, llama-server and TGI under vLLM's names (docs/facts/servers.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from itertools import islice

from stormdeck.model.snapshots.server import ServerKind
from stormdeck.model.snapshots.vllm_metrics import MetricsSample
from stormdeck.sources.servers.prometheus import read_page

_RUNNING, _WAITING, _KV = "vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc"
_PROMPT, _GENERATED = "vllm:prompt_tokens_total", "vllm:generation_tokens_total"
_NAMES: Mapping[ServerKind, Mapping[str, str]] = {
    ServerKind.SGLANG: {
        "sglang:num_running_reqs": _RUNNING,
        "sglang:num_queue_reqs": _WAITING,
        "sglang:token_usage": _KV,
        "sglang:prompt_tokens_total": _PROMPT,
        "sglang:generation_tokens_total": _GENERATED,
        "sglang:time_to_first_token_seconds_bucket": "vllm:time_to_first_token_seconds_bucket",
    },
    ServerKind.LLAMA_SERVER: {
        "llamacpp:requests_processing": _RUNNING,
        "llamacpp:requests_deferred": _WAITING,
        "llamacpp:kv_cache_usage_ratio": _KV,
        "llamacpp:prompt_tokens_total": _PROMPT,
        "llamacpp:tokens_predicted_total": _GENERATED,
    },
    # Its token counts rise when a request ends: no rate of the last seconds follows from them.
    ServerKind.TGI: {"tgi_batch_current_size": _RUNNING, "tgi_queue_size": _WAITING},
}
SWITCH = {ServerKind.SGLANG: "--enable-metrics", ServerKind.LLAMA_SERVER: "--metrics"}
"""The option that a server needs for its page; TGI always has one."""
_OTHER_RANK = re.compile(rb'[{,](?:tp|pp)_rank="(?!0")')
"""A series of SGLang that repeats the one of the first rank."""
_NAME = re.compile(rb"[a-z_:]{1,60}(?=[{ ])")
_MOST_LINES = 100_000
"""Most lines of a page that are looked at; an engine has a few thousand."""
_LONGEST_LINE = 2048


def has_page(kind: ServerKind) -> bool:
    """Return whether figures of this kind of server are read."""
    return kind in _NAMES


def read_engine_page(page: bytes, at: float, kind: ServerKind) -> tuple[MetricsSample | None, str]:
    """Return the metrics of a page, or why there are none; run it in a thread."""
    names = {name.encode(): vllm.encode() for name, vllm in _NAMES[kind].items()}
    lines: list[bytes] = []
    for line in islice(BytesIO(page), _MOST_LINES):
        name = _NAME.match(line)
        if name is not None and name[0] in names and len(line) <= _LONGEST_LINE and not _OTHER_RANK.search(line):
            lines.append(names[name[0]] + line[name.end() :])
    sample, why = read_page(b"".join(lines), at)
    return sample, why.replace("vLLM", kind.value)
