"""A real vLLM on the CPU, without weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import programs
import psutil
from running import Program, start

SERVED = "Qwen3.5-27B"
QUIET = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}


@contextmanager
def launched(version: str, log: Path, port: int, length: int) -> Iterator[Program]:
    """Start a version of vLLM with a context of so many tokens; it loads for minutes, and is ended whatever happens."""
    command = [
        programs.vllm(version),
        "serve",
        programs.vllm_model(version),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    served = ["--served-model-name", SERVED, "--max-model-len", str(length), "--load-format", "dummy"]
    tools = ["--enable-auto-tool-choice", "--tool-call-parser", "hermes", "--enforce-eager"]
    program = start([*command, *served, *tools], log, port, QUIET)
    try:
        yield program
    finally:
        end(program)


def end(program: Program) -> None:
    """Stop a vLLM as Ctrl-C does, and what it has started."""
    rest = psutil.Process(program.pid).children(recursive=True) if psutil.pid_exists(program.pid) else []
    program.stop()
    for one in rest:
        with suppress(psutil.NoSuchProcess):
            one.kill()
