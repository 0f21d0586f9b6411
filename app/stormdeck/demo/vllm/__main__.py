"""``python -m stormdeck.demo.vllm --port PORT``."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

from starlette.applications import Starlette

from stormdeck.demo.serving import arguments, run
from stormdeck.demo.vllm import log
from stormdeck.demo.vllm.app import Server


def main() -> None:
    """Serve until the process is ended."""
    parser = arguments("vllm", 18000)
    parser.add_argument("serve", nargs="*", help="accepted and ignored: `serve MODEL`, like the real command")
    parser.add_argument("--served-model-name", default="Qwen3.5-27B")
    parser.add_argument("--control", type=Path, help="file with the name of the current fault")
    for name in ("--max-model-len", "--tool-call-parser"):
        parser.add_argument(name, help="accepted and ignored, so that the command line looks real")
    parser.add_argument("--enable-auto-tool-choice", action="store_true")
    parser.add_argument("--middleware", action="append", default=[], help="import path of an ASGI middleware")
    options = parser.parse_args()
    log.started(options.served_model_name, options.port)
    server = Server(options.served_model_name, options.port, options.seed, options.speed, options.control)
    app = server.app()
    _add(app, options.middleware)
    run(app, options, announce=False)


def _add(app: Starlette, paths: list[str]) -> None:
    """Load middlewares as vLLM does (read, 0.32.0 and 0.33.0: entrypoints/serve/middleware/register.py)."""
    for path in paths:
        module, name = path.rsplit(".", 1)
        imported = getattr(importlib.import_module(module), name)
        if not inspect.isclass(imported):
            raise ValueError(f"Invalid middleware {path}. Must be a function or a class.")
        app.add_middleware(imported)  # type: ignore[arg-type]  # as vLLM does


main()
