"""Write vLLM's own log lines: recorded from 0.32, with the places in 0.33's source."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass, field

from stormdeck.demo.vllm.engine import DEAD
from stormdeck.demo.vllm.metrics import Metrics

_SITE = "/opt/vllm/lib/python3.11/site-packages/vllm"
_DEATH_TRACE = (
    "Traceback (most recent call last):",
    f'  File "{_SITE}/v1/engine/async_llm.py", line 880, in output_handler',
    "    outputs = await engine_core.get_output_async()",
    "              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
    f'  File "{_SITE}/v1/engine/core_client.py", line 1278, in get_output_async',
    "    raise self._format_exception(outputs) from None",
    f"vllm.v1.engine.exceptions.EngineDeadError: {DEAD}",
)
_REFUSAL_TRACE = (
    "Traceback (most recent call last):",
    f'  File "{_SITE}/entrypoints/anthropic/api_router.py", line 74, in create_messages',
    "    generator = await handler.create_messages(request, raw_request)",
    "                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
    "    raise self.engine_client.dead_error",
    f"vllm.v1.engine.exceptions.EngineDeadError: {DEAD}",
)


def write(level: str, place: str, text: str) -> None:
    """Write a record to standard output, like vLLM."""
    now = time.strftime("%m-%d %H:%M:%S")
    sys.stdout.write(f"(APIServer pid={os.getpid()}) {level} {now} [{place}] {text}\n")
    sys.stdout.flush()


def started(model: str, port: int) -> None:
    """Log the model and the address at the start."""
    served_as(model)
    write("INFO", "model.py:2170", "Using max model len 131072")
    write("INFO", "parser_manager.py:36", '"auto" tool choice has been enabled.')
    write("INFO", "entry.py:139", f"Starting vLLM server on http://127.0.0.1:{port}")


def served_as(model: str) -> None:
    """Log the name under which the model is served."""
    write(
        "INFO",
        "startup.py:96",
        "non-default args: {'model_tag': 'Qwen/Qwen3.5-27B', 'enable_auto_tool_choice': True, "
        f"'tool_call_parser': 'qwen3_coder', 'max_model_len': 131072, 'served_model_name': ['{model}']}}",
    )


def engine_died() -> None:
    """Log the death of the engine, as recorded from a real one."""
    write("WARNING", "core_client.py:839", "[shutdown] MPClient: engine core exited unexpectedly; starting cleanup")
    write("INFO", "core_client.py:799", "[shutdown] MPClient: complete")
    for line in ("AsyncLLM output_handler failed.", *_DEATH_TRACE):
        write("ERROR", "async_llm.py:943", line)


def engine_back() -> None:
    """Log that a new engine is ready."""
    write("INFO", "core.py:412", "init engine (profile, create kv cache, warmup model) took 4.93 s")


def refused() -> None:
    """Log a messages request that failed because the engine is dead."""
    for line in (f"Error in create_messages: {DEAD}", *_REFUSAL_TRACE):
        write("ERROR", "api_router.py:76", line)


def unknown_model(message: str) -> None:
    """Log a request for a model that is not served."""
    write(
        "ERROR",
        "serving.py:280",
        f"Error with model error=ErrorInfo(message='{message}', type='NotFoundError', param='model', code=404)",
    )


@dataclass(slots=True)
class StatsLine:
    """Write the throughput line: once an interval while there is work, and one last line of zeros."""

    metrics: Metrics
    _before: dict[str, float] = field(default_factory=dict)
    _quiet: bool = True

    def tick(self, seconds: float, running: int, waiting: int, kv_share: float) -> None:
        """Write the line for an interval, unless the engine is idle and the last line already said so."""
        prompt, generated = self._rise("vllm:prompt_tokens_total"), self._rise("vllm:generation_tokens_total")
        idle = not (prompt or generated or running or waiting)
        if not (idle and self._quiet):
            queried = self.metrics.value("vllm:prefix_cache_queries_total")
            hit = self.metrics.value("vllm:prefix_cache_hits_total") / queried if queried else 0.0
            write(
                "INFO",
                "loggers.py:335",
                f"Engine 000: Avg prompt throughput: {prompt / seconds:.1f} tokens/s, "
                f"Avg generation throughput: {generated / seconds:.1f} tokens/s, Running: {running} reqs, "
                f"Waiting: {waiting} reqs, GPU KV cache usage: {kv_share:.1%}, Prefix cache hit rate: {hit:.1%}",
            )
        self._quiet = idle

    def _rise(self, name: str) -> float:
        now = self.metrics.value(name)
        rise = now - self._before.get(name, 0.0)
        self._before[name] = now
        return rise
